//! The table of metric samples: one row a data point.

use super::columns::time_type;
use super::metrics::{Piece, pieces, series_id};
use super::nested::{map_of, map_type};
use super::{Batches, Reading, Table};
use crate::Error;
use crate::sql::errors::Failures;
use crate::sql::run::Data;
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
use ocelli_storage::{Point, PointValue, SeriesPoints, Snapshot};
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
        let pieces = pieces(&self.data, &reading);
        let left = pieces.map_err(|why| self.failures.reading(why))?.into();
        Ok(Box::new(Reader { table: self, schema, reading, left, read: None }))
    }
}

struct Reader {
    table: Arc<SamplesTable>,
    schema: SchemaRef,
    reading: Reading,
    left: VecDeque<Piece>,
    read: Option<Read>,
}

/// The points of a piece, of which some are given already. Their memory is given back with it.
struct Read {
    found: Vec<SeriesPoints>,
    series: usize,
    point: usize,
    _memory: Snapshot,
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch();
        if next.is_err() {
            (self.read, self.left) = (None, VecDeque::new());
        }
        next.map_err(|why| self.table.failures.reading(why)).transpose()
    }
}

impl Reader {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            if let Some(read) = &mut self.read {
                let rows = read.rows(self.reading.batch_rows.max(1))?;
                if rows.len() > 0 {
                    return self.batch(&rows).map(Some);
                }
                self.read = None;
            }
            match self.left.pop_front() {
                Some(piece) => self.read = Some(self.read(&piece)?),
                None => return Ok(None),
            }
        }
    }

    fn read(&self, piece: &Piece) -> Result<Read, Error> {
        let data = &self.table.data;
        data.budget.check()?;
        let conditions = (self.reading.conditions)();
        let snapshot = (data.apart)();
        let found = snapshot.series(&mut &*piece, conditions.from_ns, conditions.to_ns)?;
        data.budget.scanned(found.iter().map(|series| series.points.len() as u64).sum(), 0);
        Ok(Read { found, series: 0, point: 0, _memory: snapshot })
    }

    fn batch(&self, rows: &Rows) -> Result<RecordBatch, Error> {
        let columns = self.reading.columns.iter();
        let arrays =
            columns.map(|at| rows.array(self.schema_name(*at))).collect::<Result<Vec<_>, Error>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options).map_err(Error::internal)
    }

    fn schema_name(&self, at: usize) -> &str {
        self.table.schema.field(at).name()
    }
}

impl Read {
    /// The next points.
    fn rows(&mut self, most: usize) -> Result<Rows, Error> {
        let mut rows = Rows::default();
        while let Some(series) = self.found.get(self.series).filter(|_| rows.len() < most) {
            rows.begin(series);
            let end = series.points.len().min(self.point + most - rows.len());
            for at in self.point..end {
                if let Some(point) = series.points.get(at) {
                    rows.push(&point, series.series.kind)?;
                }
            }
            (self.series, self.point) =
                if end == series.points.len() { (self.series + 1, 0) } else { (self.series, end) };
        }
        Ok(rows)
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
                take(&once, &UInt32Array::from(self.of.clone()), None).map_err(Error::internal)?
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
