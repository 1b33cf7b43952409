//! Series that came to the same labels become one, as long as they never have a sample at once.

use super::labels::Labels;
use super::value::Series;
use crate::Error;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Joins series of equal labels. Two samples at one step are an error.
pub fn merge_equal(vector: Vec<Series>) -> Result<Vec<Series>, Error> {
    let mut known: HashMap<Labels, usize> = HashMap::with_capacity(vector.len());
    let mut merged: Vec<Series> = Vec::with_capacity(vector.len());
    for series in vector {
        match known.entry(series.labels.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(merged.len());
                merged.push(series);
            }
            Entry::Occupied(entry) => {
                let into = &mut merged[*entry.get()];
                // Whether the name goes is decided by the earliest sample, also with Prometheus.
                let first = |values: &[Option<_>]| values.iter().position(Option::is_some);
                if first(&series.values).is_some_and(|at| first(&into.values).is_none_or(|known| at < known))
                {
                    into.drop_name = series.drop_name;
                }
                for (cell, other) in into.values.iter_mut().zip(series.values) {
                    match (&cell, other) {
                        (Some(_), Some(_)) => {
                            return Err(Error::Execution(
                                "vector cannot contain metrics with the same labelset".to_owned(),
                            ));
                        }
                        (None, Some(sample)) => *cell = Some(sample),
                        _ => {}
                    }
                }
            }
        }
    }
    Ok(merged)
}

/// Takes the names off that were to be dropped, and joins what is equal then.
pub fn drop_names(mut vector: Vec<Series>) -> Result<Vec<Series>, Error> {
    if !vector.iter().any(|series| series.drop_name) {
        return merge_equal(vector);
    }
    for series in vector.iter_mut().filter(|series| series.drop_name) {
        series.labels = series.labels.without_name();
        series.drop_name = false;
    }
    merge_equal(vector)
}
