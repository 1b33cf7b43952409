//! Points of a batch grouped by their series.

use super::series_cache::SeriesCache;
use arrow::array::Array;
use ocelli_signal::Series;
use ocelli_signal::points::Points;
use std::collections::HashMap;
use std::sync::Arc;

/// A series of a batch, with its rows by time.
#[derive(Clone, Debug)]
pub struct GroupedSeries {
    pub id: u128,
    pub series: Arc<Series>,
    pub rows: Vec<u32>,
}

/// The series of a batch by metric name and id. Of a description that changed the last is kept.
pub fn group(points: &Points<'_>, cache: &SeriesCache) -> Vec<GroupedSeries> {
    let mut groups: Vec<GroupedSeries> = Vec::new();
    let mut place_of_id: HashMap<u128, usize> = HashMap::new();
    // Series are looked up once a dictionary value, not once a row.
    let mut of_key: Vec<Option<(usize, Arc<Series>)>> = vec![None; points.series.values.len()];
    for row in 0..points.len() {
        let key = points.series.key(row);
        let (place, series) = of_key[key].get_or_insert_with(|| {
            let (id, series) = cache.get(points.series.values.value(key));
            let place = *place_of_id.entry(id).or_insert_with(|| {
                groups.push(GroupedSeries { id, series: series.clone(), rows: Vec::new() });
                groups.len() - 1
            });
            (place, series)
        });
        let group = &mut groups[*place];
        group.rows.push(row as u32);
        if !Arc::ptr_eq(&group.series, series) {
            group.series = series.clone();
        }
    }
    groups.sort_unstable_by(|a, b| (&a.series.name, a.id).cmp(&(&b.series.name, b.id)));
    for group in &mut groups {
        let time = |row: &u32| points.time.value(*row as usize);
        if !group.rows.is_sorted_by_key(time) {
            // Stable: of equal times the earlier arrival comes first.
            group.rows.sort_by_key(time);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use ocelli_signal::Signal;
    use ocelli_signal::series::series_id;

    #[test]
    fn every_row_is_in_the_group_of_its_series_by_time() {
        let rows = test_rows::batch(Signal::Points, 0, 100);
        let points = Points::new(&rows).unwrap();
        let groups = group(&points, &SeriesCache::default());
        assert_eq!(groups.iter().map(|group| group.rows.len()).sum::<usize>(), points.time.len());
        for group in &groups {
            assert!(group.rows.iter().all(|row| series_id(points.series(*row as usize)) == group.id));
            assert!(group.rows.is_sorted());
        }
        assert!(groups.iter().map(|group| (&group.series.name, group.id)).is_sorted());
    }
}
