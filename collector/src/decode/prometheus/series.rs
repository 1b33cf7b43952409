//! `TimeSeries` messages → rows.

use super::exemplars::{Exemplars, Pending};
use super::families::{self, Families, Family};
use super::histogram::Histogram;
use super::labels::{self, Label, METRIC_NAME};
use super::request::{Request, SAMPLES, messages};
use crate::decode::otlp::check::ItemError;
use crate::decode::otlp::walk::settle;
use crate::decode::{DecodeError, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use arrow::array::RecordBatch;
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, PointRow, PointsBuilder};
use ocelli_signal::prometheus::{STALE_NAN_BITS, scope};
use ocelli_signal::series::SeriesView;
use ocelli_signal::span_parts::Number;
use ocelli_signal::wire::{Field, Reader, Writer};
use ocelli_signal::{AnyValue, Kind, WireError, attributes};

pub struct SeriesItems<'a, 'm> {
    request: &'a Request<'m>,
    exemplars: Exemplars,
    limits: &'a DecodeLimits,
    families: &'a Families,
    builder: PointsBuilder,
    tally: Tally,
    /// What the series of the request take, each with all of its labels.
    all_series_bytes: usize,
    labels: Vec<Label<'m>>,
    attributes: Writer,
}

/// What the rows of one message share.
struct Told<'m> {
    name: &'m str,
    family: Family,
    start_ms: i64,
    pending: Option<Pending>,
    /// Of the rows to come; a float and a histogram of one name are two series here.
    kind: Option<Kind>,
}

impl<'a, 'm> SeriesItems<'a, 'm> {
    pub fn new(
        request: &'a Request<'m>,
        exemplars: Exemplars,
        limits: &'a DecodeLimits,
        families: &'a Families,
    ) -> SeriesItems<'a, 'm> {
        let mut builder = PointsBuilder::new();
        builder.set_resource(&[]);
        builder.set_scope(scope());
        SeriesItems {
            request,
            exemplars,
            limits,
            families,
            builder,
            tally: Tally::default(),
            all_series_bytes: 0,
            labels: Vec::new(),
            attributes: Writer::new(),
        }
    }

    /// Takes in one message.
    pub fn push(&mut self, message: &'m [u8]) -> Result<(), DecodeError> {
        let histograms = self.request.numbers().histograms;
        let count = count(message, histograms)?;
        self.tally.receive(count);
        if self.tally.received() > self.limits.items {
            return Err(DecodeError::TooMany { limit: self.limits.items, what: "samples" });
        }
        if count == 0 {
            return Ok(());
        }
        let mut told = match self.series(message) {
            Ok(told) => told,
            Err(ItemError::Fatal(error)) => return Err(error),
            Err(ItemError::Rejected(reason)) => {
                self.tally.reject(reason, count);
                return Ok(());
            }
        };
        for sample in messages(message, SAMPLES) {
            let outcome = self.sample(sample?, &mut told);
            settle(outcome, &mut self.tally)?;
        }
        for histogram in messages(message, histograms) {
            let outcome = self.histogram(histogram?, &mut told);
            settle(outcome, &mut self.tally)?;
        }
        // All samples were rejected.
        if let Some(pending) = told.pending.take() {
            self.alone(told.name, &told.family, &pending);
        }
        Ok(())
    }

    /// Reads what its samples share: name, labels, metadata.
    fn series(&mut self, message: &'m [u8]) -> Result<Told<'m>, ItemError> {
        let mut labels = std::mem::take(&mut self.labels);
        let read = labels::read(self.request, message, self.limits, &mut labels);
        self.labels = labels;
        read?;
        let name = self.labels.iter().find(|(name, _)| *name == METRIC_NAME).map(|(_, value)| *value);
        let name = name.ok_or(Rejection::MissingName)?;
        self.attributes.clear();
        let others = self.labels.iter().filter(|(name, _)| *name != METRIC_NAME);
        for (name, value) in others {
            attributes::put_pair(&mut self.attributes, 1, name, &AnyValue::String(value));
        }
        let numbers = self.request.numbers();
        let (mut family, mut start_ms) = (None, 0);
        for field in Reader::new(message) {
            match field? {
                (number, Field::Bytes(metadata)) if number == numbers.metadata => {
                    family = Some(families::of_series(self.request, metadata)?);
                }
                (number, field) if number == numbers.start => start_ms = field.i64(),
                _ => {}
            }
        }
        let family = family.unwrap_or_else(|| self.families.of(name));
        self.check_size(name, &family)?;
        let pending = self.exemplars.take(&self.labels);
        Ok(Told { name, family, start_ms, pending, kind: None })
    }

    fn check_size(&mut self, name: &str, family: &Family) -> Result<(), ItemError> {
        let bytes = name.len() + self.attributes.as_bytes().len() + scope().len();
        if bytes > self.limits.series_bytes {
            return Err(Rejection::SeriesTooLarge.into());
        }
        self.all_series_bytes += bytes + family.help.len() + family.metadata.len();
        let limit = self.limits.all_series_bytes;
        if self.all_series_bytes > limit {
            let what = "bytes of series with their labels";
            return Err(ItemError::Fatal(DecodeError::TooMany { limit: limit as u64, what }));
        }
        Ok(())
    }

    fn sample(&mut self, message: &[u8], told: &mut Told<'m>) -> Result<(), ItemError> {
        let (mut value, mut time_ms, mut start_ms) = (0.0_f64, 0, told.start_ms);
        for field in Reader::new(message) {
            match field? {
                (1, field) => value = field.f64(),
                (2, field) => time_ms = field.i64(),
                (3, field) => start_ms = field.i64(),
                _ => {}
            }
        }
        let stale = value.to_bits() == STALE_NAN_BITS;
        let body = if stale { PointBody::Empty } else { PointBody::Number(Number::Double(value)) };
        let row = PointRow { body, flags: stale_flag(stale), ..times(time_ms, start_ms)? };
        self.row(told, Kind::Gauge, row);
        self.tally.written.samples += 1;
        Ok(())
    }

    fn histogram(&mut self, message: &[u8], told: &mut Told<'m>) -> Result<(), ItemError> {
        let histogram = Histogram::parse(message)?;
        let start_ms = if histogram.start_ms == 0 { told.start_ms } else { histogram.start_ms };
        let row = times(histogram.time_ms, start_ms)?;
        if histogram.is_stale() {
            self.row(told, Kind::Gauge, PointRow { flags: stale_flag(true), ..row });
        } else {
            let (kind, point) = histogram.point()?;
            let body = PointBody::Other(&point);
            self.row(told, kind, PointRow { body, flags: histogram.flags(), ..row });
        }
        self.tally.written.histograms += 1;
        Ok(())
    }

    /// Appends a row; the first takes the exemplars.
    fn row(&mut self, told: &mut Told<'m>, kind: Kind, row: PointRow<'_>) {
        if told.kind.replace(kind) != Some(kind) {
            self.set_series(told.name, kind, &told.family);
        }
        match told.pending.take() {
            Some(pending) => {
                self.tally.written.exemplars += pending.count;
                self.builder.push(&PointRow { exemplars: pending.list.as_bytes(), ..row });
            }
            None => self.builder.push(&row),
        }
    }

    fn set_series(&mut self, name: &str, kind: Kind, family: &Family) {
        let (description, metadata) = (&*family.help, &*family.metadata);
        let mut metric = Writer::new();
        SeriesView { name, kind, description, metadata, ..SeriesView::default() }.encode(&mut metric);
        self.builder.set_metric(metric.as_bytes());
        self.builder.set_attributes(self.attributes.as_bytes());
    }

    /// A point without a value carries exemplars that no sample came with.
    fn alone(&mut self, name: &str, family: &Family, pending: &Pending) {
        self.set_series(name, Kind::Gauge, family);
        self.tally.receive(1);
        self.tally.written.exemplars += pending.count;
        let (time, exemplars) = (pending.time_ns, pending.list.as_bytes());
        self.builder.push(&PointRow { time, exemplars, ..PointRow::default() });
    }

    pub fn finish(mut self) -> Result<(RecordBatch, Tally), DecodeError> {
        for (labels, pending) in std::mem::take(&mut self.exemplars).into_rest() {
            self.attributes.clear();
            let mut own = "";
            for (name, value) in &labels {
                match &**name {
                    METRIC_NAME => own = value,
                    name => {
                        attributes::put_pair(&mut self.attributes, 1, name, &AnyValue::String(value));
                    }
                }
            }
            let family = self.families.of(own);
            let checked = self.check_size(own, &family);
            match checked {
                Ok(()) if !own.is_empty() => self.alone(own, &family, &pending),
                Err(ItemError::Fatal(error)) => return Err(error),
                _ => {}
            }
        }
        Ok((self.builder.finish(), self.tally))
    }
}

/// Samples and histograms of a message.
fn count(message: &[u8], histograms: u32) -> Result<u64, WireError> {
    let mut count = 0;
    for field in Reader::new(message) {
        let (number, field) = field?;
        count += u64::from(matches!(field, Field::Bytes(_)) && [SAMPLES, histograms].contains(&number));
    }
    Ok(count)
}

fn stale_flag(stale: bool) -> u32 {
    if stale { FLAG_NO_RECORDED_VALUE } else { 0 }
}

/// A row with its times; one that does not know when it started says so by 0.
fn times(time_ms: i64, start_ms: i64) -> Result<PointRow<'static>, Rejection> {
    let ns = |ms: i64| ms.checked_mul(1_000_000).filter(|ns| *ns >= 0);
    let time = ns(time_ms).ok_or(Rejection::InvalidTime)?;
    Ok(PointRow { time, start_time: ns(start_ms).unwrap_or_default(), ..PointRow::default() })
}
