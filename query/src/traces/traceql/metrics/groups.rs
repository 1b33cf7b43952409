//! Series by the values of their labels.

use super::cells::{Cells, power_of_two};
use super::{Exemplar, MAX_SERIES, MetricsSearch, Series, Steps, number};
use crate::Error;
use crate::byte_hash::ByteHash;
use crate::http::run::Budget;
use crate::traces::traceql::Value;
use crate::traces::traceql::ast::{Attribute, Expr, Function, Metrics};
use crate::traces::traceql::eval::SpanRef;
use std::collections::HashMap;

/// Every series so far.
pub struct Groups<'q> {
    metrics: &'q Metrics,
    names: Vec<String>,
    pub steps: Steps,
    exemplars: usize,
    of_key: HashMap<Vec<u8>, usize, ByteHash>,
    groups: Vec<Group>,
    key: Vec<u8>,
    /// Bytes that series grew by, and that are not taken yet.
    grown: usize,
}

/// Memory is taken in such steps.
const GROWN_BYTES: usize = 64 << 10;

struct Group {
    labels: Vec<Value<'static>>,
    /// Of histograms.
    bucket: Option<f64>,
    cells: Cells,
    exemplars: Vec<Exemplar>,
    /// Spans so far, by which exemplars are chosen.
    seen: u64,
}

impl<'q> Groups<'q> {
    pub fn new(search: &MetricsSearch<'q>, metrics: &'q Metrics, steps: Steps) -> Groups<'q> {
        let names = metrics.by.iter().map(Attribute::to_string).collect();
        let exemplars = search.exemplars.min(super::MAX_EXEMPLARS);
        let (of_key, groups) = (HashMap::default(), Vec::new());
        Groups { metrics, names, steps, exemplars, of_key, groups, key: Vec::new(), grown: 0 }
    }

    /// One like this that has seen nothing.
    pub fn fork(&self) -> Groups<'q> {
        let (names, of_key) = (self.names.clone(), HashMap::default());
        Groups { names, of_key, groups: Vec::new(), key: Vec::new(), grown: 0, ..*self }
    }

    /// Takes in what another one has seen, up to the same limit.
    pub fn merge(&mut self, other: Groups<'q>) -> Result<(), Error> {
        // In the order in which they came, so that sums come out the same each time.
        let mut keys: Vec<(usize, Vec<u8>)> = other.of_key.into_iter().map(|(key, at)| (at, key)).collect();
        keys.sort_unstable();
        for (more, (_, key)) in other.groups.into_iter().zip(keys) {
            match self.of_key.get(&key) {
                Some(at) => self.groups[*at].merge(more, self.exemplars),
                None => {
                    self.check_series()?;
                    self.of_key.insert(key, self.groups.len());
                    self.groups.push(more);
                }
            }
        }
        Ok(())
    }

    /// Refuses one more series than there may be.
    fn check_series(&self) -> Result<(), Error> {
        if self.groups.len() < MAX_SERIES {
            return Ok(());
        }
        let message =
            format!("the query makes more than {MAX_SERIES} series; group by attributes with fewer values");
        Err(Error::LimitExceeded(message))
    }

    /// What a function looks at; `None` where it only counts.
    fn of(function: &Function) -> Option<&Expr> {
        match function {
            Function::Over(_, expr) | Function::Quantile(expr, _) | Function::Histogram(expr) => Some(expr),
            Function::Rate | Function::CountOverTime | Function::Compare { .. } => None,
        }
    }

    /// Enters a span; one without a number is passed over where a number is asked for.
    pub fn add<'a>(&mut self, span: &SpanRef<'_, 'a>, budget: &Budget) -> Result<(), Error>
    where
        'q: 'a,
    {
        let time = span.view.start(span.row);
        let Some(step) = self.steps.of(time) else { return Ok(()) };
        let (mut value, mut bucket) = (span.view.duration(span.row) as f64 / 1e9, None);
        let function: &'q Function = &self.metrics.function;
        if let Some(expr) = Groups::of(function) {
            let found = span.value(expr);
            match number(&found) {
                Some(number) => value = number,
                None => return Ok(()),
            }
            if let Function::Histogram(_) = self.metrics.function {
                bucket = Some(power_of_two(value, matches!(found, Value::Duration(_))));
            }
        }
        let group = self.group(span, bucket, budget)?;
        let wanted = self.exemplars;
        let group = &mut self.groups[group];
        self.grown += group.cells.add(step, value);
        group.seen += 1;
        if wanted > 0 {
            self.grown += group.offer(span, time, value, wanted);
        }
        if self.grown >= GROWN_BYTES {
            budget.keep(std::mem::take(&mut self.grown))?;
        }
        Ok(())
    }

    fn group<'a>(
        &mut self,
        span: &SpanRef<'_, 'a>,
        bucket: Option<f64>,
        budget: &Budget,
    ) -> Result<usize, Error>
    where
        'q: 'a,
    {
        let metrics: &'q Metrics = self.metrics;
        self.key.clear();
        metrics.by.iter().for_each(|by| put(&span.attribute(by), &mut self.key));
        if let Some(bound) = bucket {
            self.key.extend_from_slice(&bound.to_le_bytes());
        }
        if let Some(at) = self.of_key.get(&self.key) {
            return Ok(*at);
        }
        self.check_series()?;
        let cells = Cells::new(&metrics.function, self.steps.count);
        budget.keep(cells.bytes() + self.key.len() + 200)?;
        let labels = metrics.by.iter().map(|by| span.attribute(by).into_owned()).collect();
        self.groups.push(Group { labels, bucket, cells, exemplars: Vec::new(), seen: 0 });
        self.of_key.insert(self.key.clone(), self.groups.len() - 1);
        Ok(self.groups.len() - 1)
    }

    pub fn finish(self, search: &MetricsSearch<'_>, budget: &Budget) -> Result<Vec<Series>, Error> {
        let mut all = Vec::new();
        let each = match &self.metrics.function {
            Function::Quantile(_, quantiles) => quantiles.len(),
            _ => 1,
        };
        budget.keep(self.groups.len() * each * self.steps.count * size_of::<Option<f64>>())?;
        let rate = matches!(self.metrics.function, Function::Rate).then_some((&self.steps, search.range));
        for group in self.groups {
            let mut labels: Vec<_> = self.names.iter().cloned().zip(group.labels).collect();
            let exemplars = group.exemplars;
            match &self.metrics.function {
                Function::Quantile(_, quantiles) => {
                    for (at, quantile) in quantiles.iter().enumerate() {
                        let mut labels = labels.clone();
                        labels.push(("p".to_owned(), Value::Float(*quantile)));
                        let exemplars = if at == 0 { exemplars.clone() } else { Vec::new() };
                        all.push(Series { labels, values: group.cells.quantile(*quantile), exemplars });
                    }
                }
                _ => {
                    labels.extend(group.bucket.map(|bound| ("__bucket".to_owned(), Value::Float(bound))));
                    all.push(Series { labels, values: group.cells.values(rate), exemplars });
                }
            }
        }
        Ok(all)
    }
}

/// A label as bytes by which it is told from all others; values of different kinds may read alike.
fn put(label: &Value<'_>, key: &mut Vec<u8>) {
    let mut put_text = |kind: u8, text: &str| {
        key.push(kind);
        key.extend_from_slice(&text.len().to_le_bytes());
        key.extend_from_slice(text.as_bytes());
    };
    match label {
        Value::Text(text) => put_text(b't', text),
        other => put_text(b'o', &format!("{:?} {other}", std::mem::discriminant(other))),
    }
}

impl Group {
    /// Takes in the spans of the same series that another one has seen, and keeps a spread of both.
    fn merge(&mut self, other: Group, wanted: usize) {
        self.cells.merge(other.cells);
        self.seen += other.seen;
        self.exemplars.extend(other.exemplars);
        let (count, mut at) = (self.exemplars.len(), 0);
        if count > wanted {
            self.exemplars.retain(|_| {
                at += 1;
                (at - 1) * wanted / count < at * wanted / count
            });
        }
    }

    /// Keeps a spread of the spans: when there are too many, every other one goes and from then on
    /// only every second, fourth … span is taken. Gives by how many bytes it grew.
    fn offer(&mut self, span: &SpanRef<'_, '_>, time: i64, value: f64, wanted: usize) -> usize {
        let before = self.exemplars.capacity();
        let stride = (self.seen / wanted as u64).max(1).next_power_of_two();
        if !self.seen.is_multiple_of(stride) {
            return 0;
        }
        if self.exemplars.len() == wanted {
            let mut at = 0;
            self.exemplars.retain(|_| {
                at += 1;
                at % 2 == 0
            });
        }
        if let Ok(trace_id) = span.view.trace_id(span.row).try_into() {
            let span_id = span.view.span_id(span.row);
            self.exemplars.push(Exemplar { time, value, trace_id, span_id });
        }
        (self.exemplars.capacity() - before) * size_of::<Exemplar>()
    }
}
