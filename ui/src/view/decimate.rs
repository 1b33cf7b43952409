//! Fewer points than a chart has pixels show the same picture: lowest and highest of each pixel column.

/// A run of points without a gap; each is (index, value), indexes rising.
pub type Run = Vec<(f64, f64)>;

/// Cuts at gaps, and where there are more than two values a pixel keeps lowest and highest of each column
/// in their order of time.
pub fn runs(values: &[Option<f64>], columns: usize) -> Vec<Run> {
    let wide = values.len() > columns.max(1) * 2;
    let bucket = if wide { values.len().div_ceil(columns.max(1)) } else { 1 };
    let mut runs = Vec::new();
    let mut run: Run = Vec::new();
    for (column, chunk) in values.chunks(bucket.max(1)).enumerate() {
        let first = column * bucket;
        let mut last_gap = false;
        let mut part: Run = Vec::new();
        for (index, value) in chunk.iter().enumerate() {
            match value.filter(|value| value.is_finite()) {
                Some(value) => {
                    if last_gap {
                        close(&mut run, &mut part, &mut runs);
                    }
                    part.push(((first + index) as f64, value));
                    last_gap = false;
                }
                None => last_gap = true,
            }
        }
        run.extend(extremes(&part));
        if last_gap && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

/// Ends the run at a gap inside a column.
fn close(run: &mut Run, part: &mut Run, runs: &mut Vec<Run>) {
    run.extend(extremes(part));
    part.clear();
    if !run.is_empty() {
        runs.push(std::mem::take(run));
    }
}

fn extremes(part: &[(f64, f64)]) -> Run {
    let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
    let (Some(low), Some(high)) = (part.iter().min_by(by_value), part.iter().max_by(by_value)) else {
        return Run::new();
    };
    match low.0.total_cmp(&high.0) {
        std::cmp::Ordering::Equal => vec![*low],
        std::cmp::Ordering::Less => vec![*low, *high],
        std::cmp::Ordering::Greater => vec![*high, *low],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_stay_as_they_are() {
        let values = [Some(1.0), Some(2.0), None, Some(4.0), Some(f64::NAN), Some(5.0)];
        assert_eq!(runs(&values, 100), [vec![(0.0, 1.0), (1.0, 2.0)], vec![(3.0, 4.0)], vec![(5.0, 5.0)]]);
    }

    #[test]
    fn many_points_keep_their_peaks() {
        let mut values: Vec<Option<f64>> = (0..10_000).map(|n| Some(f64::from(n % 7))).collect();
        values[5_432] = Some(99.0);
        let runs = runs(&values, 200);
        assert_eq!(runs.len(), 1);
        assert!(runs[0].len() <= 400);
        assert!(runs[0].contains(&(5_432.0, 99.0)));
        assert!(runs[0].windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_gap_inside_a_column_stays_a_gap() {
        let mut values = vec![Some(1.0); 1_000];
        values[501] = None;
        assert_eq!(runs(&values, 10).len(), 2);
    }
}
