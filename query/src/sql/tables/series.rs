//! The table of series: one row each, without its points.

use super::metrics::{Piece, pieces, series_id};
use super::nested::{map_of, map_type};
use super::samples::{resource_attributes, service};
use super::{Batches, Reading, Table};
use crate::Error;
use crate::promql::otlp::names::metric_name;
use crate::sql::errors::Failures;
use crate::sql::run::Data;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use ocelli_signal::origin::Scope;
use ocelli_signal::series::{TEMPORALITY_CUMULATIVE, TEMPORALITY_DELTA};
use ocelli_signal::{Attributes, Series};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Of a series that is told of: its entry in a map, beside what it shares with others.
const SERIES_BYTES: usize = 512;

pub struct SeriesTable {
    schema: SchemaRef,
    data: Arc<Data>,
    failures: Arc<Failures>,
}

impl SeriesTable {
    pub fn new(data: &Arc<Data>, failures: &Arc<Failures>) -> SeriesTable {
        let text = |name: &str| Field::new(name, DataType::Utf8, false);
        let schema = Arc::new(Schema::new(vec![
            text("series_id"),
            text("metric"),
            text("prometheus_name"),
            text("kind"),
            text("unit"),
            text("description"),
            text("temporality"),
            Field::new("is_monotonic", DataType::Boolean, false),
            text("service"),
            Field::new("attributes", map_type(), false),
            Field::new("resource", map_type(), false),
            text("scope"),
        ]));
        SeriesTable { schema, data: data.clone(), failures: failures.clone() }
    }
}

impl fmt::Debug for SeriesTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeriesTable").finish_non_exhaustive()
    }
}

impl Table for SeriesTable {
    fn name(&self) -> &'static str {
        "series"
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn time(&self) -> Option<&'static str> {
        None
    }

    fn rows(&self) -> Option<usize> {
        None
    }

    fn read(self: Arc<Self>, reading: Reading) -> Result<Batches> {
        let schema = Arc::new(self.schema.project(&reading.columns)?);
        let pieces = pieces(&self.data, &reading);
        let pieces = pieces.map_err(|why| self.failures.reading(why))?;
        Ok(Box::new(pieces.into_iter().map(move |piece| {
            let batch = self.batch(&piece, &schema);
            batch.map_err(|why| self.failures.reading(why))
        })))
    }
}

impl SeriesTable {
    fn batch(&self, piece: &Piece, schema: &SchemaRef) -> Result<RecordBatch, Error> {
        let found = self.found(piece)?;
        let arrays = schema.fields().iter().map(|field| array(&found, field.name()));
        let options = RecordBatchOptions::new().with_row_count(Some(found.len()));
        let batch = RecordBatch::try_new_with_options(schema.clone(), arrays.collect(), &options);
        self.data.budget.give_back(found.len() * SERIES_BYTES);
        batch.map_err(Error::internal)
    }

    /// The series of a piece, by id. One that lies in several files is told once.
    fn found(&self, piece: &Piece) -> Result<BTreeMap<u128, Series>, Error> {
        let mut all = BTreeMap::new();
        let budget = &self.data.budget;
        self.data.snapshot.chunks(&mut &*piece, i64::MIN, i64::MAX, |piece, found| {
            budget.check()?;
            let before = all.len();
            for row in found.rows.iter() {
                let id = found.chunk.id(row);
                if piece.has(id) {
                    all.insert(id, found.chunk.series(row));
                }
            }
            budget.scanned(found.rows.len() as u64, 0);
            budget.keep((all.len() - before) * SERIES_BYTES)
        })?;
        Ok(all)
    }
}

fn array(all: &BTreeMap<u128, Series>, column: &str) -> ArrayRef {
    let texts = |of: &dyn Fn(&Series) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(all.values().map(of)))
    };
    match column {
        "series_id" => Arc::new(StringArray::from_iter_values(all.keys().map(|id| series_id(*id)))),
        "metric" => texts(&|series| series.name.to_string()),
        "prometheus_name" => texts(&metric_name),
        "kind" => texts(&|series| series.kind.as_str().to_owned()),
        "unit" => texts(&|series| series.unit.to_string()),
        "description" => texts(&|series| series.description.to_string()),
        "temporality" => texts(&|series| temporality(series).to_owned()),
        "is_monotonic" => {
            Arc::new(all.values().map(|series| Some(series.is_monotonic)).collect::<BooleanArray>())
        }
        "service" => texts(&|series| service(series).to_owned()),
        "attributes" => {
            Arc::new(map_of(all.values().map(|series| Attributes::of_column(&series.attributes)), None))
        }
        "resource" => Arc::new(map_of(all.values().map(resource_attributes), None)),
        _ => texts(&|series| Scope::parse(&series.scope).unwrap_or_default().name.to_owned()),
    }
}

fn temporality(series: &Series) -> &'static str {
    match series.temporality {
        TEMPORALITY_DELTA => "delta",
        TEMPORALITY_CUMULATIVE => "cumulative",
        _ => "unspecified",
    }
}
