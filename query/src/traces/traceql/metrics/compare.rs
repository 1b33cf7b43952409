//! `compare()`: which values the attributes of some spans have, beside those of all others.

use super::{MAX_SERIES, Series, Steps};
use crate::Error;
use crate::http::run::Budget;
use crate::traces::traceql::Value;
use crate::traces::traceql::ast::{Constant, Expr};
use crate::traces::traceql::eval::SpanRef;
use ocelli_signal::Attributes;
use ocelli_signal::origin::Resource;
use ocelli_signal::value_text::display;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The columns that have what is compared.
pub const COMPARED: [&str; 6] = ["name", "kind", "status_code", "attributes", "resource", "service"];
/// Values of one attribute that are told apart; the rest is counted in the totals only.
const MAX_VALUES: usize = 1_000;
/// Longer values are cut.
const MAX_VALUE_BYTES: usize = 256;

pub struct Comparison<'q> {
    selection: &'q Expr,
    top: usize,
    between: Option<(i64, i64)>,
    steps: Steps,
    attributes: BTreeMap<String, Counts>,
}

#[derive(Default)]
struct Counts {
    /// Baseline and selection of every value, step by step.
    values: BTreeMap<String, [Vec<u64>; 2]>,
    totals: [Vec<u64>; 2],
}

impl<'q> Comparison<'q> {
    pub fn new(selection: &'q Expr, top: usize, between: Option<(i64, i64)>, steps: Steps) -> Comparison<'q> {
        Comparison { selection, top, between, steps, attributes: BTreeMap::new() }
    }

    /// One like this that has seen nothing.
    pub fn fork(&self) -> Comparison<'q> {
        Comparison { attributes: BTreeMap::new(), ..*self }
    }

    /// Takes in what another one has seen, up to the same limits.
    pub fn merge(&mut self, other: Comparison<'q>) -> Result<(), Error> {
        for (name, more) in other.attributes {
            if !self.attributes.contains_key(&name) {
                check_attributes(self.attributes.len())?;
                self.attributes.insert(name, more);
                continue;
            }
            let Some(own) = self.attributes.get_mut(&name) else { continue };
            add(&mut own.totals, &more.totals);
            for (value, cells) in more.values {
                if let Some(known) = own.values.get_mut(&value) {
                    add(known, &cells);
                } else if own.values.len() < MAX_VALUES {
                    own.values.insert(value, cells);
                }
            }
        }
        Ok(())
    }

    pub fn add<'a>(&mut self, span: &SpanRef<'_, 'a>, budget: &Budget) -> Result<(), Error>
    where
        'q: 'a,
    {
        let time = span.view.start(span.row);
        let Some(step) = self.steps.of(time) else { return Ok(()) };
        let in_time = self.between.is_none_or(|(from, to)| (from..to).contains(&time));
        let side = usize::from(in_time && span.passes(self.selection));
        let (view, row) = (span.view, span.row);
        self.count("name", view.name(row), side, step, budget)?;
        self.count(
            "kind",
            &Value::constant(&Constant::Kind(view.kind(row))).to_string(),
            side,
            step,
            budget,
        )?;
        let status = Value::constant(&Constant::Status(view.status(row))).to_string();
        self.count("status", &status, side, step, budget)?;
        for (key, value) in Attributes::of_column(view.attributes(row)).iter() {
            self.count(&format!("span.{key}"), &display(&value), side, step, budget)?;
        }
        let resource = Resource::parse(view.resource(row)).unwrap_or_default();
        for (key, value) in resource.attributes().iter() {
            self.count(&format!("resource.{key}"), &display(&value), side, step, budget)?;
        }
        Ok(())
    }

    fn count(
        &mut self,
        name: &str,
        value: &str,
        side: usize,
        step: usize,
        budget: &Budget,
    ) -> Result<(), Error> {
        let steps = self.steps.count;
        let empty = || [vec![0; steps], vec![0; steps]];
        if !self.attributes.contains_key(name) {
            budget.keep(2 * 8 * steps + name.len() + 200)?;
            check_attributes(self.attributes.len())?;
            self.attributes.insert(name.to_owned(), Counts { totals: empty(), ..Counts::default() });
        }
        let Some(counts) = self.attributes.get_mut(name) else { return Ok(()) };
        counts.totals[side][step] += 1;
        let value = &value[..value.floor_char_boundary(MAX_VALUE_BYTES)];
        if let Some(cells) = counts.values.get_mut(value) {
            cells[side][step] += 1;
        } else if counts.values.len() < MAX_VALUES {
            budget.keep(2 * 8 * steps + value.len() + 100)?;
            let cells = counts.values.entry(value.to_owned()).or_insert_with(empty);
            cells[side][step] += 1;
        }
        Ok(())
    }

    /// Per attribute the values that are most frequent on either side, and the totals.
    pub fn finish(self) -> Vec<Series> {
        let series = |side: &str, name: &str, value: Value<'static>, cells: &[u64]| Series {
            labels: vec![
                ("__meta_type".to_owned(), Value::text(side).into_owned()),
                (name.to_owned(), value),
            ],
            values: cells.iter().map(|count| Some(*count as f64)).collect(),
            exemplars: Vec::new(),
        };
        let mut all = Vec::new();
        for (name, counts) in &self.attributes {
            for (side, label) in ["baseline", "selection"].into_iter().enumerate() {
                let mut values: Vec<(&String, &Vec<u64>)> =
                    counts.values.iter().map(|(value, cells)| (value, &cells[side])).collect();
                values.sort_by_key(|(value, cells)| (Reverse(cells.iter().sum::<u64>()), *value));
                values.retain(|(_, cells)| cells.iter().any(|count| *count > 0));
                values.truncate(self.top);
                for (value, cells) in values {
                    all.push(series(label, name, Value::text(value).into_owned(), cells));
                }
                all.push(series(&format!("{label}_total"), name, Value::Nil, &counts.totals[side]));
            }
        }
        all
    }
}

/// Refuses one more attribute than there may be.
fn check_attributes(count: usize) -> Result<(), Error> {
    if count < MAX_SERIES {
        return Ok(());
    }
    Err(Error::LimitExceeded(format!("the spans have more than {MAX_SERIES} different attributes")))
}

/// Baseline and selection, step by step.
fn add(own: &mut [Vec<u64>; 2], more: &[Vec<u64>; 2]) {
    let cells = own.iter_mut().flatten().zip(more.iter().flatten());
    cells.for_each(|(own, more)| *own += more);
}
