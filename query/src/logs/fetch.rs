//! Whole rows by their place: the few that an answer shows.

use crate::Error;
use crate::http::run::Budget;
use arrow::array::RecordBatch;
use ocelli_storage::{Rows, Source};

/// Rows that are read at once; bounds the memory of long bodies.
const FETCH_ROWS: usize = 2_048;

/// One row that passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub time: i64,
    /// Index into the sources.
    pub source: usize,
    /// Row number in the source.
    pub row: u32,
}

/// Called with the index of a hit and its row in a batch of all columns.
pub type Each<'f> = dyn FnMut(usize, &RecordBatch, usize) -> Result<(), Error> + 'f;

/// Reads every hit once, source by source; the order of the calls is not that of the hits.
pub fn fetch(sources: &[Source], hits: &[Hit], budget: &Budget, each: &mut Each<'_>) -> Result<(), Error> {
    let mut by_place: Vec<usize> = (0..hits.len()).collect();
    by_place.sort_unstable_by_key(|hit| (hits[*hit].source, hits[*hit].row));
    for of_source in by_place.chunk_by(|a, b| hits[*a].source == hits[*b].source) {
        let source = &sources[hits[of_source[0]].source];
        for piece in of_source.chunks(FETCH_ROWS) {
            // After the deadline what was found is still read, for a partial answer.
            if let Err(Error::Cancelled) = budget.check() {
                return Err(Error::Cancelled);
            }
            let rows = Rows::from_sorted(piece.iter().map(|hit| hits[*hit].row).collect());
            let mut left = piece.iter();
            let batches = source.read(None, Some(&rows))?;
            let _held = budget.hold(&batches)?;
            for batch in batches {
                budget.scanned(0, batch.get_array_memory_size() as u64);
                for (row, hit) in (0..batch.num_rows()).zip(left.by_ref()) {
                    each(*hit, &batch, row)?;
                }
            }
        }
    }
    Ok(())
}
