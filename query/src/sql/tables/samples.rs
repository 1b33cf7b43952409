//! The table of metric samples: one row a data point.

use super::columns::{internal, time_type};
use super::metrics::{Piece, pieces, series_id};
use super::nested::{map_of, map_type};
use super::{Batches, Reading, Table};
use crate::Error;
use crate::sql::errors::Failures;
use crate::sql::run::Data;
use crate::sql::session::BATCH_ROWS;
use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use ocelli_signal::Attributes;
use ocelli_signal::origin::Resource;
use ocelli_signal::point::{Histogram, Summary};
use ocelli_signal::{Kind, Series};
use ocelli_storage::{Point, PointValue, SeriesPoints};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

pub struct SamplesTable {
    schema: SchemaRef,
    data: Arc<Data>,
    failures: Arc<Failures>,
}

impl SamplesTable {
    pub fn new(data: &Arc<Data>, failures: &Arc<Failures>) -> SamplesTable {
        let required = |name: &str, data_type: DataType| Field::new(name, data_type, false);
        let optional = |name: &str, data_type: DataType| Field::new(name, data_type, true);
        let schema = Arc::new(Schema::new(vec![
            required("time", time_type()),
            required("metric", DataType::Utf8),
            optional("value", DataType::Float64),
            optional("count", DataType::Int64),
            optional("sum", DataType::Float64),
            required("service", DataType::Utf8),
            required("attributes", map_type()),
            required("series_id", DataType::Utf8),
            optional("start_time", time_type()),
            required("resource", map_type()),
        ]));
        SamplesTable { schema, data: data.clone(), failures: failures.clone() }
    }
}

impl fmt::Debug for SamplesTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SamplesTable").finish_non_exhaustive()
    }
}

impl Table for SamplesTable {
    fn name(&self) -> &'static str {
        "samples"
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn time(&self) -> Option<&'static str> {
        Some("time")
    }

    fn rows(&self) -> Option<usize> {
        usize::try_from(self.data.snapshot.rows(ocelli_signal::Signal::Points)).ok()
    }

    fn read(self: Arc<Self>, reading: Reading) -> Result<Batches> {
        let schema = Arc::new(self.schema.project(&reading.columns)?);
        let pieces = pieces(&self.data, &(reading.conditions)(), &reading);
        let left = pieces.map_err(|why| self.failures.reading(why))?.into();
        Ok(Box::new(Reader { table: self, schema, reading, left, ready: VecDeque::new() }))
    }
}

struct Reader {
    table: Arc<SamplesTable>,
    schema: SchemaRef,
    reading: Reading,
    left: VecDeque<Piece>,
    /// Made, and not given yet.
    ready: VecDeque<RecordBatch>,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            let piece = self.left.pop_front()?;
            if let Err(why) = self.read(&piece) {
                self.left.clear();
                return Some(Err(self.table.failures.reading(why)));
            }
        }
    }
}

impl Reader {
    fn read(&mut self, piece: &Piece) -> Result<(), Error> {
        let data = &self.table.data;
        data.budget.check()?;
        let conditions = (self.reading.conditions)();
        // The memory of the points is given back with this, when their batches are made.
        let snapshot = (data.apart)();
        let found = snapshot.series(&mut &*piece, conditions.from_ns, conditions.to_ns)?;
        let mut rows = Rows::default();
        for series in &found {
            rows.begin(series);
            for point in series.points.iter() {
                if rows.len() == BATCH_ROWS {
                    self.ready.push_back(self.batch(&rows)?);
                    rows.clear();
                    rows.begin(series);
                }
                rows.push(&point, series.series.kind)?;
            }
        }
        if rows.len() > 0 {
            self.ready.push_back(self.batch(&rows)?);
        }
        data.budget.scanned(found.iter().map(|series| series.points.len() as u64).sum(), 0);
        Ok(())
    }

    fn batch(&self, rows: &Rows) -> Result<RecordBatch, Error> {
        let columns = self.reading.columns.iter();
        let arrays =
            columns.map(|at| rows.array(self.schema_name(*at))).collect::<Result<Vec<_>, Error>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options).map_err(internal)
    }

    fn schema_name(&self, at: usize) -> &str {
        self.table.schema.field(at).name()
    }
}

/// Points of some series, column by column.
#[derive(Default)]
struct Rows {
    series: Vec<(u128, Arc<Series>)>,
    /// Which of the series each row is of.
    of: Vec<u32>,
    time: Vec<i64>,
    start: Vec<Option<i64>>,
    value: Vec<Option<f64>>,
    count: Vec<Option<i64>>,
    sum: Vec<Option<f64>>,
}

impl Rows {
    fn len(&self) -> usize {
        self.of.len()
    }

    fn clear(&mut self) {
        *self = Rows::default();
    }

    /// The points to come are of this series.
    fn begin(&mut self, series: &SeriesPoints) {
        self.series.push((series.id, series.series.clone()));
    }

    fn push(&mut self, point: &Point, kind: Kind) -> Result<(), Error> {
        let (value, count, sum) = figures(&point.value, kind)?;
        self.of.push(self.series.len() as u32 - 1);
        self.time.push(point.time);
        self.start.push(Some(point.start).filter(|start| *start != 0));
        self.value.push(value);
        self.count.push(count);
        self.sum.push(sum);
        Ok(())
    }

    fn array(&self, column: &str) -> Result<ArrayRef, Error> {
        let utc = |times: TimestampNanosecondArray| Arc::new(times.with_timezone("UTC"));
        Ok(match column {
            "time" => utc(self.time.clone().into()),
            "start_time" => utc(self.start.clone().into()),
            "value" => Arc::new(Float64Array::from(self.value.clone())),
            "count" => Arc::new(Int64Array::from(self.count.clone())),
            "sum" => Arc::new(Float64Array::from(self.sum.clone())),
            of_series => {
                let once = self.of_series(of_series);
                take(&once, &UInt32Array::from(self.of.clone()), None).map_err(internal)?
            }
        })
    }

    /// A column that is the same for all rows of a series, once for each.
    fn of_series(&self, column: &str) -> ArrayRef {
        let series = || self.series.iter().map(|(_, series)| &**series);
        match column {
            "metric" => Arc::new(StringArray::from_iter_values(series().map(|series| &*series.name))),
            "service" => Arc::new(StringArray::from_iter_values(series().map(service))),
            "attributes" => {
                Arc::new(map_of(series().map(|series| Attributes::of_column(&series.attributes)), None))
            }
            "resource" => Arc::new(map_of(series().map(resource_attributes), None)),
            _ => Arc::new(StringArray::from_iter_values(self.series.iter().map(|(id, _)| series_id(*id)))),
        }
    }
}

/// The service that a series is from.
pub fn service(series: &Series) -> &str {
    Resource::parse(&series.resource).unwrap_or_default().service_name()
}

pub fn resource_attributes(series: &Series) -> Attributes<'_> {
    Resource::parse(&series.resource).unwrap_or_default().attributes()
}

type Figures = (Option<f64>, Option<i64>, Option<f64>);

/// The value of a number; count and sum of what has these.
fn figures(value: &PointValue, kind: Kind) -> Result<Figures, Error> {
    let corrupt = |error: ocelli_signal::WireError| Error::Corrupt(error.to_string());
    let count = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    Ok(match value {
        PointValue::None => (None, None, None),
        PointValue::Double(value) => (Some(*value), None, None),
        PointValue::Int(value) => (Some(*value as f64), None, None),
        PointValue::Exponential(point) => (None, count(point.count), point.sum),
        PointValue::Other(bytes) if kind == Kind::Summary => {
            let point = Summary::parse(bytes).map_err(corrupt)?;
            (None, count(point.count), Some(point.sum))
        }
        // Count and sum have the same field numbers in both kinds of histograms.
        PointValue::Other(bytes) => {
            let point = Histogram::parse(bytes).map_err(corrupt)?;
            (None, count(point.count), point.sum)
        }
    })
}
