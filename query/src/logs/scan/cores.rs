//! The walk where all rows are wanted and their order does not matter, on all cores.

use super::reader::Reader;
use super::{Collector, Scan, pieces, stopped};
use crate::Error;
use crate::cores;
use crate::http::run::Budget;
use ocelli_storage::Source;
use std::ops::Range;

/// So many rows are worth a thread of their own.
const WORTH_ROWS: usize = if cfg!(test) { 100 } else { 1 << 16 };

/// So are so many pieces, however short they are: each opens columns.
const WORTH_PIECES: usize = 4;

/// One row in so many is few.
const FEW: u64 = 4;

/// So many rows that the index finds are soon read, also if fewer are wanted.
const FEW_HITS: u64 = 256;
/// And so many rows without an index, where a word may have become frequent.
const FEW_ROWS: u64 = 1 << 16;

/// Rows of one source, by its index.
pub type Piece = (usize, Range<u32>);

/// Keeps what a search is for, part by part.
pub trait Mergeable: Collector + Send {
    /// One like this that has seen nothing.
    fn fork(&self) -> Self;

    /// Takes in what another one has seen.
    fn merge(&mut self, other: Self) -> Result<(), Error>;
}

impl Scan<'_> {
    /// The same as [`Scan::run`], for collectors that look at passing rows only, in any order.
    pub fn run_on_cores<C: Mergeable>(
        &self,
        sources: &[Source],
        budget: &Budget,
        collector: &mut C,
    ) -> Result<Option<String>, Error> {
        let work = self.pieces_of(sources)?;
        self.run_pieces(&work, sources, budget, collector)
    }

    /// The same as [`Scan::run`], for the newest of what passes: a value that bloom filters find in few places
    /// is looked for in all of them at once; else the walk goes from the newest on and ends early.
    pub fn run_nearest<C: Mergeable>(
        &self,
        sources: &[Source],
        budget: &Budget,
        collector: &mut C,
    ) -> Result<Option<String>, Error> {
        if self.filter.names_a_value() {
            let scan = Scan { newest_first: false, ..*self };
            let pieces = scan.pieces_of(sources)?;
            let all: u64 = sources.iter().map(Source::rows).sum();
            if pieces.iter().map(|(_, piece)| piece.len() as u64).sum::<u64>() * FEW <= all {
                return scan.run_pieces(&pieces, sources, budget, collector);
            }
        }
        match self.few_hits(sources)? {
            Some(work) => Scan { newest_first: false, ..*self }.run_pieces(&work, sources, budget, collector),
            None => self.run(sources, budget, collector),
        }
    }

    /// Where the rows lie, if the index finds few, and few have none: what is rare elsewhere is so in these.
    fn few_hits(&self, sources: &[Source]) -> Result<Option<Vec<Piece>>, Error> {
        let Some(query) = self.filter.candidates() else { return Ok(None) };
        let (mut hits, mut indexed, mut others) = (0, 0, 0);
        for source in sources {
            match source.candidates(&query)? {
                Some(candidates) => {
                    hits += candidates.at_most();
                    indexed += source.rows();
                }
                None => others += source.rows(),
            }
            if hits > FEW_HITS {
                return Ok(None);
            }
        }
        if others * FEW > indexed || others > FEW_ROWS {
            return Ok(None);
        }
        let scan = Scan { newest_first: false, ..*self };
        let mut work = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            work.extend(scan.runs(source, false)?.into_iter().map(|run| (at, run)));
        }
        Ok(Some(work))
    }

    /// Where rows lie that may pass, source by source, as far as footers and bloom filters tell.
    pub fn pieces_of(&self, sources: &[Source]) -> Result<Vec<Piece>, Error> {
        let mut work = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            work.extend(pieces(&self.runs(source, false)?).map(|piece| (at, piece)));
        }
        Ok(work)
    }

    /// Walks these alone.
    pub fn run_pieces<C: Mergeable>(
        &self,
        work: &[Piece],
        sources: &[Source],
        budget: &Budget,
        collector: &mut C,
    ) -> Result<Option<String>, Error> {
        let rows = work.iter().map(|(_, piece)| piece.len()).sum();
        let parts =
            cores::parts(rows, WORTH_ROWS).max(cores::parts(work.len(), WORTH_PIECES)).min(work.len().max(1));
        // Which part does what is fixed, so that sums of doubles come out the same each time.
        let parts: Vec<(usize, C)> = (0..parts).map(|part| (part, collector.fork())).collect();
        let count = parts.len();
        let done = cores::each(parts, |(part, mut collector)| {
            let own = work.iter().skip(part).step_by(count);
            match self.pieces(own, sources, budget, &mut collector) {
                Err(Error::Timeout(after)) => Ok((collector, Some(after))),
                outcome => outcome.map(|()| (collector, None)),
            }
        })?;
        let mut ended = None;
        for (part, after) in done {
            collector.merge(part)?;
            ended = ended.or(after);
        }
        Ok(ended.map(|after| stopped(after, budget, sources)))
    }

    fn pieces<'w>(
        &self,
        work: impl Iterator<Item = &'w Piece>,
        sources: &[Source],
        budget: &Budget,
        collector: &mut dyn Collector,
    ) -> Result<(), Error> {
        for (at, piece) in work {
            budget.check()?;
            let (at, source) = (*at, &sources[*at]);
            let mut reader = Reader::new(self, at, source, budget, collector);
            let mut candidates = reader.candidates()?;
            reader.read_piece(piece.clone(), &mut candidates)?;
        }
        Ok(())
    }
}
