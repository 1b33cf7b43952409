//! The columns of a points file, and which of them a file has.

use crate::segment::columns::exemplars::exemplars_type;
use crate::segment::columns::{dictionary_text, element, field, timestamp};
use arrow::array::Array;
use arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use ocelli_signal::points::Samples;
use std::sync::{Arc, LazyLock};

pub const BUCKET_COUNTS: i32 = 12;
pub const BOUNDS: i32 = 14;
pub const POSITIVE: i32 = 19;
pub const NEGATIVE: i32 = 23;
pub const QUANTILES: i32 = 27;
pub const EXEMPLARS: i32 = 110;
/// The place of a series in the series file, in both files.
pub const SERIES: i32 = 31;

fn list_type(id: i32, data_type: DataType) -> DataType {
    DataType::List(element(id + 1, data_type))
}

pub fn bucket_fields(id: i32) -> Fields {
    Fields::from(vec![
        field(id + 1, "offset", DataType::Int32, false),
        field(id + 2, "counts", list_type(id + 2, DataType::UInt64), false),
    ])
}

pub fn quantile_fields() -> Fields {
    Fields::from(vec![
        field(QUANTILES + 2, "quantile", DataType::Float64, false),
        field(QUANTILES + 3, "value", DataType::Float64, false),
    ])
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let quantile = DataType::Struct(quantile_fields());
    Arc::new(Schema::new(vec![
        field(1, "metric", dictionary_text(), false),
        field(SERIES, "series", DataType::UInt32, false),
        field(3, "time", timestamp(), false),
        field(4, "start_time", timestamp(), false),
        field(5, "flags", DataType::UInt32, false),
        field(6, "value", DataType::Float64, true),
        field(7, "value_int", DataType::Int64, true),
        field(8, "count", DataType::UInt64, true),
        field(9, "sum", DataType::Float64, true),
        field(10, "min", DataType::Float64, true),
        field(11, "max", DataType::Float64, true),
        field(BUCKET_COUNTS, "bucket_counts", list_type(BUCKET_COUNTS, DataType::UInt64), true),
        field(BOUNDS, "explicit_bounds", list_type(BOUNDS, DataType::Float64), true),
        field(16, "scale", DataType::Int32, true),
        field(17, "zero_count", DataType::UInt64, true),
        field(18, "zero_threshold", DataType::Float64, true),
        field(POSITIVE, "positive", DataType::Struct(bucket_fields(POSITIVE)), true),
        field(NEGATIVE, "negative", DataType::Struct(bucket_fields(NEGATIVE)), true),
        field(QUANTILES, "quantiles", list_type(QUANTILES, quantile), true),
        field(EXEMPLARS, "exemplars", exemplars_type(EXEMPLARS), false),
    ]))
});

/// The columns of a points file.
pub fn schema() -> &'static SchemaRef {
    &SCHEMA
}

/// Which columns a file has besides those that all have: many columns without a value in them would
/// cost more than numbers do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// Histograms of both kinds and summaries.
    pub distributions: bool,
    pub exemplars: bool,
}

impl Present {
    /// What some batches have.
    pub fn of(batches: &[Samples<'_>]) -> Present {
        let has_exemplars = |samples: &Samples<'_>| {
            let offsets = samples.exemplars.value_offsets();
            offsets.first() != offsets.last()
        };
        Present {
            distributions: batches.iter().any(|samples| samples.point.null_count() < samples.len()),
            exemplars: batches.iter().any(has_exemplars),
        }
    }

    /// What a file with these columns has.
    pub fn in_file(has: impl Fn(&str) -> bool) -> Present {
        Present { distributions: has("count"), exemplars: has("exemplars") }
    }

    pub fn or(self, other: Present) -> Present {
        Present {
            distributions: self.distributions | other.distributions,
            exemplars: self.exemplars | other.exemplars,
        }
    }

    /// The columns of such a file.
    pub fn schema(&self) -> SchemaRef {
        let fields = schema().fields().iter().filter(|field| match field.name().as_str() {
            "metric" | "series" | "time" | "start_time" | "flags" | "value" | "value_int" => true,
            "exemplars" => self.exemplars,
            _ => self.distributions,
        });
        Arc::new(Schema::new(fields.cloned().collect::<Fields>()))
    }
}
