//! Rows in memory as batches of a points file.

use super::distributions::Distributions;
use super::schema::{EXEMPLARS, Present};
use super::sorted::{Place, Sorted, SortedSeries};
use crate::error::Result;
use crate::segment::columns::exemplars::ExemplarsBuilder;
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayRef, DictionaryArray, Int32Array, PrimitiveArray, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt32Array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowPrimitiveType, SchemaRef};
use ocelli_signal::points::Samples;
use std::ops::Range;
use std::sync::Arc;

/// Makes batches of the file from rows in memory.
pub struct Writing<'a> {
    sorted: &'a Sorted<'a>,
    present: Present,
    schema: SchemaRef,
}

impl<'a> Writing<'a> {
    pub fn new(sorted: &'a Sorted<'a>) -> Writing<'a> {
        let present = Present::of(&sorted.batches);
        Writing { sorted, present, schema: present.schema() }
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of `Sorted::order` in a range.
    pub fn batch(&self, rows: Range<usize>) -> Result<RecordBatch> {
        let (batches, places) = (&self.sorted.batches, &self.sorted.order[rows.clone()]);
        let times = |of: &dyn Fn(&Samples<'a>) -> &'a TimestampNanosecondArray| -> ArrayRef {
            let columns: Vec<&[i64]> = batches.iter().map(|samples| &of(samples).values()[..]).collect();
            Arc::new(TimestampNanosecondArray::from(gather(&columns, places)).with_timezone("UTC"))
        };
        let runs = self.runs(rows);
        let mut columns: Vec<ArrayRef> = series_columns(
            runs.iter()
                .map(|(series, rows)| (&*self.sorted.series[*series].known.series.name, *series, *rows)),
        )?;
        columns.push(times(&|samples| samples.time));
        columns.push(times(&|samples| samples.start_time));
        let flags: Vec<&[u32]> = batches.iter().map(|samples| &samples.flags.values()[..]).collect();
        columns.push(Arc::new(UInt32Array::from(gather(&flags, places))));
        let values: Vec<_> = batches.iter().map(|samples| samples.value).collect();
        columns.push(gather_optional(&values, places));
        let values: Vec<_> = batches.iter().map(|samples| samples.value_int).collect();
        columns.push(gather_optional(&values, places));
        if self.present.distributions {
            columns.extend(self.distributions(&runs, places)?);
        }
        if self.present.exemplars {
            let mut exemplars = ExemplarsBuilder::new(EXEMPLARS);
            places.iter().for_each(|(batch, row)| {
                exemplars.push(batches[*batch as usize].exemplars.value(*row as usize))
            });
            columns.push(exemplars.finish()?);
        }
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    /// The series that have rows in a range, and how many.
    fn runs(&self, rows: Range<usize>) -> Vec<(usize, usize)> {
        let series = &self.sorted.series;
        let first = series.partition_point(|series| series.rows.end <= rows.start);
        let of = |(at, series): (usize, &SortedSeries)| {
            (at, series.rows.end.min(rows.end) - series.rows.start.max(rows.start))
        };
        let inside =
            series.iter().enumerate().skip(first).take_while(|(_, series)| series.rows.start < rows.end);
        inside.map(of).collect()
    }

    fn distributions(&self, runs: &[(usize, usize)], places: &[Place]) -> Result<Vec<ArrayRef>> {
        let mut values = Distributions::default();
        let mut rest = places;
        for (series, rows) in runs {
            let (of_series, later) = rest.split_at(*rows);
            rest = later;
            let kind = self.sorted.series[*series].known.series.kind;
            for (batch, row) in of_series {
                let point = self.sorted.batches[*batch as usize].point;
                values.push(kind, point.is_valid(*row as usize).then(|| point.value(*row as usize)));
            }
        }
        values.finish()
    }
}

/// The columns `metric` and `series`, from the metric, place and number of rows of each series.
pub fn series_columns<'a>(runs: impl Iterator<Item = (&'a str, usize, usize)>) -> Result<Vec<ArrayRef>> {
    let (mut names, mut keys, mut places): (Vec<&str>, Vec<i32>, Vec<u32>) = Default::default();
    for (name, place, rows) in runs {
        if names.last() != Some(&name) {
            names.push(name);
        }
        keys.extend(std::iter::repeat_n(names.len() as i32 - 1, rows));
        places.extend(std::iter::repeat_n(place as u32, rows));
    }
    let names = Arc::new(StringArray::from_iter_values(names));
    let metric = DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), names)?;
    Ok(vec![Arc::new(metric), Arc::new(UInt32Array::from(places))])
}

fn gather<T: Copy>(columns: &[&[T]], places: &[Place]) -> Vec<T> {
    places.iter().map(|(batch, row)| columns[*batch as usize][*row as usize]).collect()
}

fn gather_optional<T: ArrowPrimitiveType>(columns: &[&PrimitiveArray<T>], places: &[Place]) -> ArrayRef {
    if columns.iter().all(|column| column.null_count() == column.len()) {
        return new_null_array(&T::DATA_TYPE, places.len());
    }
    let values: Vec<&[T::Native]> = columns.iter().map(|column| &column.values()[..]).collect();
    let valid = |(batch, row): &Place| columns[*batch as usize].is_valid(*row as usize);
    let nulls = columns.iter().any(|column| column.null_count() > 0);
    let nulls = nulls.then(|| places.iter().map(valid).collect::<NullBuffer>());
    Arc::new(PrimitiveArray::<T>::new(gather(&values, places).into(), nulls))
}
