//! Whole rows by their place: the few that an answer shows.

use crate::Error;
use crate::cores;
use crate::http::run::Budget;
use arrow::array::RecordBatch;
use ocelli_storage::limits::LOOKUP_PAGE_ROWS;
use ocelli_storage::{Rows, Source};

/// Rows that are read at once; bounds the memory of long bodies.
const FETCH_ROWS: usize = 2_048;
/// Rows of a page of a file, which is unpacked whole.
const PAGE_ROWS: u32 = LOOKUP_PAGE_ROWS as u32;
/// So many pages are worth a thread: all columns of each are opened.
const WORTH_PAGES: usize = 2;

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
        Ok::<_, Error>((batches, held))
    };
    let pages = by_place.chunk_by(|a, b| page(&hits[*a]) == page(&hits[*b])).count();
    let at_once = cores::parts(pages, WORTH_PAGES);
    let pieces = pieces(&by_place, hits, pages.div_ceil(at_once));
    let mut left = &pieces[..];
    while !left.is_empty() {
        let (round, others) = left.split_at(round(left, at_once));
        left = others;
        let dealt = (0..at_once).map(|part| round.iter().skip(part).step_by(at_once));
        let read: Vec<Vec<_>> =
            cores::each(dealt.collect(), |part| part.map(|piece| Ok((*piece, read(piece)?))).collect())?;
        // The memory is given back when the rows were looked at.
        for (piece, (batches, _held)) in read.into_iter().flatten() {
            let mut hits = piece.iter();
            for batch in batches {
                budget.scanned(0, batch.get_array_memory_size() as u64);
                for (row, hit) in (0..batch.num_rows()).zip(hits.by_ref()) {
                    each(*hit, &batch, row)?;
                }
            }
        }
    }
    Ok(())
}

fn page(hit: &Hit) -> (usize, u32) {
    (hit.source, hit.row / PAGE_ROWS)
}

/// Hits by their place, cut into neighbours of one source, of so many pages at most.
fn pieces<'p>(by_place: &'p [usize], hits: &[Hit], most_pages: usize) -> Vec<&'p [usize]> {
    let (mut pieces, mut left) = (Vec::new(), by_place);
    while !left.is_empty() {
        let mut pages = 1;
        let goes_on = |pair: &&[usize]| {
            let (a, b) = (&hits[pair[0]], &hits[pair[1]]);
            pages += usize::from(page(a) != page(b));
            a.source == b.source && pages <= most_pages
        };
        let length = 1 + left.windows(2).take_while(goes_on).count();
        let (piece, others) = left.split_at(length.min(FETCH_ROWS));
        pieces.push(piece);
        left = others;
    }
    pieces
}

/// How many pieces are read before any is looked at: one a thread, or more where these have few rows.
fn round(pieces: &[&[usize]], at_once: usize) -> usize {
    let mut rows = 0;
    let few = pieces.iter().take_while(|piece| {
        rows += piece.len();
        rows <= FETCH_ROWS
    });
    few.count().max(at_once).min(pieces.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: usize, row: u32) -> Hit {
        Hit { time: 0, source, row }
    }

    #[test]
    fn a_page_is_read_by_one_thread() {
        let hits = [at(0, 0), at(0, 4_095), at(0, 4_096), at(0, 9_000), at(1, 0)];
        let by_place = [0, 1, 2, 3, 4];
        assert_eq!(pieces(&by_place, &hits, 1), [&[0, 1][..], &[2], &[3], &[4]]);
        assert_eq!(pieces(&by_place, &hits, 2), [&[0, 1, 2][..], &[3], &[4]]);
        assert_eq!(pieces(&by_place, &hits, 9), [&[0, 1, 2, 3][..], &[4]]);
    }

    #[test]
    fn pieces_and_rounds_do_not_take_much_memory() {
        let hits: Vec<Hit> = (0..3 * FETCH_ROWS as u32).map(|row| at(0, row)).collect();
        let by_place: Vec<usize> = (0..hits.len()).collect();
        let pieces = pieces(&by_place, &hits, 100);
        assert_eq!(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [FETCH_ROWS; 3]);
        assert_eq!(round(&pieces, 1), 1);
        assert_eq!(round(&pieces, 2), 2);
        assert_eq!(round(&[&by_place[..1]; 5], 2), 5);
    }
}
