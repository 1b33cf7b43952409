//! Whole rows by their place: the few that an answer shows.

use crate::Error;
use crate::cores;
use crate::http::run::Budget;
use arrow::array::RecordBatch;
use ocelli_storage::{Rows, Source};

/// Rows that are read at once; bounds the memory of long bodies.
const FETCH_ROWS: usize = 2_048;
/// So many hits, each in a page of its own, are worth a thread.
const WORTH_HITS: usize = 8;

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

/// Reads every hit once, source by source, on all cores; the order of the calls is not that of the hits.
pub fn fetch(sources: &[Source], hits: &[Hit], budget: &Budget, each: &mut Each<'_>) -> Result<(), Error> {
    let mut by_place: Vec<usize> = (0..hits.len()).collect();
    by_place.sort_unstable_by_key(|hit| (hits[*hit].source, hits[*hit].row));
    let read = |piece: &[usize]| {
        // After the deadline what was found is still read, for a partial answer.
        budget.check_late()?;
        let rows = Rows::from_sorted(piece.iter().map(|hit| hits[*hit].row).collect());
        let batches = sources[hits[piece[0]].source].read(None, Some(&rows))?;
        let held = budget.hold(&batches)?;
        Ok((batches, held))
    };
    let piece_rows = FETCH_ROWS.min(hits.len().div_ceil(cores::parts(hits.len(), WORTH_HITS))).max(1);
    let of_source = by_place.chunk_by(|a, b| hits[*a].source == hits[*b].source);
    let pieces: Vec<&[usize]> = of_source.flat_map(|of_source| of_source.chunks(piece_rows)).collect();
    let at_once = cores::parts(hits.len(), WORTH_HITS);
    for pieces in pieces.chunks(at_once) {
        // The memory is given back when the rows were looked at.
        for (piece, (batches, _held)) in pieces.iter().zip(cores::each(pieces.to_vec(), read)?) {
            let mut left = piece.iter();
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
