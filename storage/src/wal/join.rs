//! Joins what waited into few records: columns, encoding and checksums cost per record.

use super::queue::Append;
use crate::error::Result;
use crate::limits;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use ocelli_signal::Signal;
use std::sync::Arc;
use tokio::sync::oneshot;

type Answer = oneshot::Sender<Result<u64>>;

/// The rows of one record, and who waits for it.
#[derive(Debug)]
pub struct Joined {
    pub tenant: Arc<str>,
    pub signal: Signal,
    pub covers: u64,
    pub rows: RecordBatch,
    pub answers: Vec<Answer>,
}

struct Pending {
    tenant: Arc<str>,
    signal: Signal,
    covers: u64,
    batches: Vec<RecordBatch>,
    rows: usize,
    answers: Vec<Answer>,
}

/// Joins neighbours of one tenant and signal, in the order of their arrival. An emission about
/// spans stays a record of its own, because what it covers is said once a record.
pub fn join(appends: Vec<Append>) -> Vec<Result<Joined, Refused>> {
    let mut pending: Vec<Pending> = Vec::new();
    for append in appends {
        let rows = append.batch.rows.num_rows();
        let fits = |p: &&mut Pending| {
            p.tenant == append.tenant
                && p.signal == append.batch.signal
                && p.covers == 0
                && append.covers == 0
                && p.rows + rows <= limits::JOIN_ROWS
        };
        match pending.iter_mut().rev().find(fits) {
            Some(open) => {
                open.batches.push(append.batch.rows);
                open.rows += rows;
                open.answers.push(append.answer);
            }
            None => pending.push(Pending {
                tenant: append.tenant,
                signal: append.batch.signal,
                covers: append.covers,
                batches: vec![append.batch.rows],
                rows,
                answers: vec![append.answer],
            }),
        }
    }
    pending.into_iter().map(Pending::finish).collect()
}

/// Rows that can't be joined, and who waits for them.
#[derive(Debug)]
pub struct Refused {
    pub reason: String,
    pub answers: Vec<Answer>,
}

impl Pending {
    fn finish(mut self) -> Result<Joined, Refused> {
        let rows = match self.batches.len() {
            1 => Ok(self.batches.swap_remove(0)),
            _ => concat_batches(&self.signal.schema(), &self.batches),
        };
        match rows {
            Ok(rows) => Ok(Joined {
                tenant: self.tenant,
                signal: self.signal,
                covers: self.covers,
                rows,
                answers: self.answers,
            }),
            Err(error) => Err(Refused { reason: error.to_string(), answers: self.answers }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use ocelli_signal::Batch;

    fn append(signal: Signal, rows: usize, covers: u64) -> Append {
        let batch = Batch { signal, rows: test_rows::batch(signal, 0, rows) };
        Append { tenant: "default".into(), batch, covers, bytes: 1, answer: oneshot::channel().0 }
    }

    #[test]
    fn neighbours_join_but_an_emission_stays_alone() {
        let joined = join(vec![
            append(Signal::Points, 2, 0),
            append(Signal::Spans, 3, 0),
            append(Signal::Points, 4, 9),
            append(Signal::Points, 5, 0),
            append(Signal::Spans, 1, 0),
            append(Signal::Spans, limits::JOIN_ROWS, 0),
        ]);
        let shape: Vec<_> = joined
            .into_iter()
            .map(|j| j.unwrap())
            .map(|j| (j.signal, j.rows.num_rows(), j.covers, j.answers.len()))
            .collect();
        assert_eq!(
            shape,
            [
                (Signal::Points, 7, 0, 2),
                (Signal::Spans, 4, 0, 2),
                (Signal::Points, 4, 9, 1),
                (Signal::Spans, limits::JOIN_ROWS, 0, 1),
            ]
        );
    }
}
