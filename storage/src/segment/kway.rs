//! Merges rows that are sorted in several places into one order, holding a batch of each.

use super::sort::{self, SortKey};
use crate::error::Result;
use arrow::array::RecordBatch;
use arrow::compute::{concat_batches, interleave_record_batch};
use ocelli_signal::Signal;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Runs that are shorter on average are put together row by row, longer ones as slices.
const LONG_RUN: usize = 32;

/// The merged rows of some inputs, each of which gives batches in the order of `sort`. All batches
/// have one schema, be it the signal's or a file's.
pub struct Merged<I> {
    signal: Signal,
    inputs: Vec<Input<I>>,
    /// The next row of each input that has one: its key, the input's rank, its place.
    heads: BinaryHeap<Reverse<(SortKey, usize, usize)>>,
}

/// An input with the batch that it has got to.
struct Input<I> {
    batches: I,
    /// Which input's row comes first when keys are equal.
    rank: usize,
    batch: RecordBatch,
    keys: Vec<SortKey>,
    at: usize,
}

/// Neighbouring rows of one batch.
#[derive(Clone, Copy, Debug)]
struct Run {
    batch: usize,
    first: usize,
    count: usize,
}

impl<I: Iterator<Item = Result<RecordBatch>>> Merged<I> {
    /// The inputs come in the order of their arrival, oldest first.
    pub fn new(signal: Signal, inputs: Vec<I>) -> Result<Merged<I>> {
        let count = inputs.len();
        let empty = || RecordBatch::new_empty(signal.schema());
        let ranked = inputs.into_iter().enumerate().map(|(at, batches)| {
            // Of logs with equal times the later arrival is first, of spans the earlier one.
            let rank = if signal == Signal::Logs { count - 1 - at } else { at };
            Input { batches, rank, batch: empty(), keys: Vec::new(), at: 0 }
        });
        let mut merged = Merged { signal, inputs: ranked.collect(), heads: BinaryHeap::new() };
        for place in 0..count {
            merged.load(place)?;
        }
        Ok(merged)
    }

    /// Goes on to the next batch of an input that has rows.
    fn load(&mut self, place: usize) -> Result<()> {
        let input = &mut self.inputs[place];
        for batch in input.batches.by_ref() {
            let batch = batch?;
            if batch.num_rows() > 0 {
                input.keys = sort::keys(self.signal, &batch)?;
                (input.batch, input.at) = (batch, 0);
                self.heads.push(Reverse((input.keys[0], input.rank, place)));
                return Ok(());
            }
        }
        // What it holds is not asked for again.
        (input.keys, input.batch) = (Vec::new(), RecordBatch::new_empty(input.batch.schema()));
        Ok(())
    }

    /// The next rows, up to a number of them; `None` at the end.
    pub fn next_rows(&mut self, rows: usize) -> Result<Option<RecordBatch>> {
        let (mut batches, mut runs, mut total) = (Vec::new(), Vec::new(), 0);
        // Where in `batches` the batch of an input is, if it is.
        let mut places: Vec<Option<usize>> = vec![None; self.inputs.len()];
        while total < rows {
            let Some(Reverse((_, rank, place))) = self.heads.pop() else { break };
            let bound = self.heads.peek().map(|Reverse((key, other, _))| (*key, *other));
            let input = &mut self.inputs[place];
            let count = match bound {
                Some(bound) => run_length(&input.keys[input.at..], |key| (key, rank) < bound),
                None => input.keys.len() - input.at,
            };
            let count = count.min(rows - total);
            let batch = *places[place].get_or_insert_with(|| {
                batches.push(input.batch.clone());
                batches.len() - 1
            });
            runs.push(Run { batch, first: input.at, count });
            total += count;
            input.at += count;
            if let Some(key) = input.keys.get(input.at) {
                self.heads.push(Reverse((*key, rank, place)));
            } else {
                places[place] = None;
                self.load(place)?;
            }
        }
        if runs.is_empty() { Ok(None) } else { join(&batches, &runs, total).map(Some) }
    }
}

/// How many rows, at least the first, come before a bound: steps that double, then halves, so that
/// a long run costs little and so does a short one.
fn run_length(keys: &[SortKey], before: impl Fn(SortKey) -> bool) -> usize {
    let (mut low, mut step) = (1, 1);
    while low + step < keys.len() && before(keys[low + step]) {
        low += step + 1;
        step *= 2;
    }
    let end = keys.len().min(low + step);
    let low = low.min(end);
    low + keys[low..end].partition_point(|key| before(*key))
}

fn join(batches: &[RecordBatch], runs: &[Run], total: usize) -> Result<RecordBatch> {
    if let [run] = runs {
        return Ok(batches[run.batch].slice(run.first, run.count));
    }
    if total / runs.len() >= LONG_RUN {
        let slices: Vec<RecordBatch> =
            runs.iter().map(|run| batches[run.batch].slice(run.first, run.count)).collect();
        return Ok(concat_batches(slices[0].schema_ref(), &slices)?);
    }
    let rows = runs.iter().flat_map(|run| (run.first..run.first + run.count).map(|row| (run.batch, row)));
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    Ok(interleave_record_batch(&batches, &rows.collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_compare::assert_same_rows;
    use crate::test_rows;
    use arrow::array::UInt32Array;
    use arrow::compute::take_record_batch;
    use proptest::prelude::*;

    fn sorted(signal: Signal, rows: &RecordBatch) -> RecordBatch {
        let order = UInt32Array::from(sort::order(signal, rows).unwrap());
        take_record_batch(rows, &order).unwrap()
    }

    /// Cuts a batch into batches of these lengths; what is left makes one more.
    fn cut(rows: &RecordBatch, lengths: &[usize]) -> Vec<Result<RecordBatch>> {
        let mut at = 0;
        let mut pieces: Vec<Result<RecordBatch>> = Vec::new();
        for length in lengths.iter().copied().chain([usize::MAX]) {
            let length = length.min(rows.num_rows() - at);
            pieces.push(Ok(rows.slice(at, length)));
            at += length;
        }
        pieces
    }

    /// Rows of some numbers, of which many have the same key.
    fn rows(signal: Signal, numbers: &[usize]) -> RecordBatch {
        let one = |n: usize| {
            let (row, other) = (test_rows::batch(signal, n, 1), test_rows::batch(signal, n % 7 * 60, 1));
            let is_key = |name: &str| ["trace_id", "start_time", "time"].contains(&name);
            let schema = signal.schema();
            let columns = schema.fields().iter().enumerate();
            let columns =
                columns.map(|(at, field)| if is_key(field.name()) { &other } else { &row }.column(at));
            RecordBatch::try_new(schema.clone(), columns.cloned().collect()).unwrap()
        };
        let batches: Vec<_> = numbers.iter().map(|n| one(*n)).collect();
        concat_batches(&signal.schema(), &batches).unwrap()
    }

    #[test]
    fn a_run_ends_at_its_bound() {
        let keys = sort::keys(Signal::Logs, &sorted(Signal::Logs, &test_rows::batch(Signal::Logs, 0, 100)));
        let keys = keys.unwrap();
        for end in 1..=100 {
            let bound = keys.get(end).copied();
            assert_eq!(run_length(&keys, |key| bound.is_none_or(|bound| key < bound)), end);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn merged_inputs_are_all_rows_sorted_stably(
            signal in prop::sample::select(vec![Signal::Spans, Signal::Logs]),
            numbers in prop::collection::vec(prop::collection::vec(0usize..400, 0..60), 0..6),
            lengths in prop::collection::vec(0usize..20, 0..8),
            chunk in 1usize..70,
        ) {
            let parts: Vec<RecordBatch> = numbers.iter().map(|numbers| rows(signal, numbers)).collect();
            let all = concat_batches(&signal.schema(), &parts).unwrap();
            let inputs = parts.iter().map(|part| cut(&sorted(signal, part), &lengths).into_iter()).collect();
            let mut merged = Merged::new(signal, inputs).unwrap();
            let mut chunks = Vec::new();
            while let Some(rows) = merged.next_rows(chunk).unwrap() {
                prop_assert!(rows.num_rows() <= chunk);
                chunks.push(rows);
            }
            let merged = concat_batches(&signal.schema(), &chunks).unwrap();
            assert_same_rows(&merged, &sorted(signal, &all));
        }
    }
}
