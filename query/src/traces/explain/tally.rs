//! Which values the attributes of the two sides have.

use super::sample::Sample;
use super::score;
use crate::Error;
use crate::http::run::Budget;
use crate::traces::traceql::ast::Constant;
use crate::traces::traceql::eval::View;
use crate::traces::traceql::{Value, metrics};
use ocelli_api::TimeRange;
use ocelli_api::explain::{ExplainedAttribute, ExplainedNumbers, ExplainedValue};
use ocelli_signal::Attributes;
use ocelli_signal::origin::Resource;
use ocelli_signal::value_text::display;
use ocelli_signal::{AnyValue, Signal};
use ocelli_storage::{Rows, Snapshot};
use std::collections::BTreeMap;

/// Attributes, and values of each, that are told apart. More values than that set nothing apart.
const MAX_ATTRIBUTES: usize = 5_000;
const MAX_VALUES: usize = 2_000;
const MAX_VALUE_BYTES: usize = 256;
/// An attribute with more different numbers than that is compared as a distribution.
const FEW_NUMBERS: usize = 12;
/// What does not set apart one span in twenty is not shown.
const LEAST_SCORE: f64 = 0.05;
/// Values that an answer shows of an attribute.
const SHOWN_VALUES: usize = 8;

#[derive(Default)]
pub struct Tally {
    spans: [u64; 2],
    attributes: BTreeMap<String, Counts>,
}

#[derive(Default)]
struct Counts {
    with: [u64; 2],
    values: BTreeMap<String, [u64; 2]>,
    numbers: [Vec<f64>; 2],
    /// Some value was no number.
    words: bool,
}

impl Tally {
    /// Counts the spans of a sample.
    pub fn take(
        &mut self,
        snapshot: &Snapshot,
        range: TimeRange,
        side: usize,
        sample: &Sample,
        budget: &Budget,
    ) -> Result<(), Error> {
        self.spans[side] = sample.spans.len() as u64;
        let sources = snapshot.sources(Signal::Spans, range.from.0, range.to.0);
        let mut places: Vec<(usize, u32)> = sample.spans.iter().map(|span| (span.source, span.row)).collect();
        places.sort_unstable();
        let mut columns: Vec<&str> = metrics::COMPARED.to_vec();
        columns.push("start_time");
        for of_source in places.chunk_by(|a, b| a.0 == b.0) {
            // Piece by piece, so that long values are not all held at once.
            for piece in of_source.chunks(4_096) {
                budget.check()?;
                let rows = Rows::from_sorted(piece.iter().map(|(_, row)| *row).collect());
                let batches = sources[piece[0].0].read(Some(&columns), Some(&rows))?;
                let _held = budget.hold(&batches)?;
                crate::traces::count(&batches, budget);
                for batch in &batches {
                    let view = View::new(batch)?;
                    (0..view.len()).try_for_each(|row| self.span(&view, row, side, budget))?;
                }
            }
        }
        Ok(())
    }

    fn span(&mut self, view: &View<'_>, row: usize, side: usize, budget: &Budget) -> Result<(), Error> {
        let kind = Value::constant(&Constant::Kind(view.kind(row))).to_string();
        let status = Value::constant(&Constant::Status(view.status(row))).to_string();
        for (name, text) in [("name", view.name(row)), ("kind", &kind), ("status", &status)] {
            self.value(name, &AnyValue::String(text), side, budget)?;
        }
        for (key, value) in Attributes::of_column(view.attributes(row)).iter() {
            self.value(&format!("span.{key}"), &value, side, budget)?;
        }
        let resource = Resource::parse(view.resource(row)).unwrap_or_default();
        for (key, value) in resource.attributes().iter() {
            self.value(&format!("resource.{key}"), &value, side, budget)?;
        }
        Ok(())
    }

    fn value(&mut self, name: &str, value: &AnyValue<'_>, side: usize, budget: &Budget) -> Result<(), Error> {
        if !self.attributes.contains_key(name) {
            if self.attributes.len() == MAX_ATTRIBUTES {
                return Ok(());
            }
            budget.keep(name.len() + 300)?;
            self.attributes.insert(name.to_owned(), Counts::default());
        }
        let Some(counts) = self.attributes.get_mut(name) else { return Ok(()) };
        counts.with[side] += 1;
        match value {
            AnyValue::Int(n) => counts.numbers[side].push(*n as f64),
            AnyValue::Double(n) if n.is_finite() => counts.numbers[side].push(*n),
            _ => counts.words = true,
        }
        let text = display(value);
        let text = &text[..text.floor_char_boundary(MAX_VALUE_BYTES)];
        if let Some(count) = counts.values.get_mut(text) {
            count[side] += 1;
        } else if counts.values.len() < MAX_VALUES {
            budget.keep(text.len() + 100)?;
            counts.values.entry(text.to_owned()).or_default()[side] += 1;
        }
        Ok(())
    }

    /// What separates the sides most first; attributes that do not are left out.
    pub fn finish(self, limit: usize) -> Vec<ExplainedAttribute> {
        let spans = self.spans;
        let mut all: Vec<ExplainedAttribute> =
            self.attributes.into_iter().map(|(name, counts)| counts.explained(name, spans)).collect();
        all.retain(|attribute| attribute.score >= LEAST_SCORE);
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
        all.truncate(limit);
        all
    }
}

impl Counts {
    fn explained(mut self, name: String, spans: [u64; 2]) -> ExplainedAttribute {
        let share = |count: u64, side: usize| count as f64 / (spans[side] as f64).max(1.0);
        let having = score::shares(self.with[0], spans[0], self.with[1], spans[1]);
        let mut explained = ExplainedAttribute {
            name,
            score: having,
            selection_share: share(self.with[0], 0),
            baseline_share: share(self.with[1], 1),
            ..ExplainedAttribute::default()
        };
        if !self.words && self.values.len() > FEW_NUMBERS {
            let numbers = &mut self.numbers;
            numbers.iter_mut().for_each(|side| side.sort_by(f64::total_cmp));
            explained.score = having.max(score::distributions(&numbers[0], &numbers[1]));
            let quantiles = |side: &[f64]| {
                [0.1, 0.5, 0.9].map(|share: f64| {
                    let rank = (share * side.len() as f64).ceil() as usize;
                    side.get(rank.max(1) - 1).copied()
                })
            };
            let (selection, baseline) = (quantiles(&numbers[0]), quantiles(&numbers[1]));
            explained.numbers = Some(ExplainedNumbers { selection, baseline });
            return explained;
        }
        let value = |(value, count): (String, [u64; 2])| ExplainedValue {
            value,
            score: score::shares(count[0], spans[0], count[1], spans[1]),
            selection_share: share(count[0], 0),
            baseline_share: share(count[1], 1),
        };
        let mut values: Vec<ExplainedValue> = self.values.into_iter().map(value).collect();
        let difference = |value: &ExplainedValue| (value.selection_share - value.baseline_share).abs();
        values.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| difference(b).total_cmp(&difference(a)))
        });
        values.truncate(SHOWN_VALUES);
        explained.score = values.first().map_or(having, |first| first.score.max(having));
        explained.values = values;
        explained
    }
}
