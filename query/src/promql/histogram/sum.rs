//! Sums and means of many histograms, compensated for what rounding loses, number by number.

use super::{Histogram, Incompatible, ResetHint, Side};
use crate::promql::value::kahan_add;

/// The sum of histograms, or their mean, while it is added up.
pub struct Total {
    mean: bool,
    /// The sum so far, or the mean so far once the sum would overflow.
    sum: Histogram,
    /// What rounding took off the sum so far.
    lost: Option<Histogram>,
    count: f64,
    running: bool,
    /// Custom bounds differed and only the common ones were kept.
    pub bounds_reconciled: bool,
    reset_seen: bool,
    no_reset_seen: bool,
}

impl Total {
    pub fn of_sum(first: &Histogram) -> Total {
        let mut total = Total {
            mean: false,
            sum: first.clone(),
            lost: None,
            count: 1.0,
            running: false,
            bounds_reconciled: false,
            reset_seen: false,
            no_reset_seen: false,
        };
        total.see_hint(first);
        total
    }

    pub fn of_mean(first: &Histogram) -> Total {
        Total { mean: true, ..Total::of_sum(first) }
    }

    /// Some histogram says that its counter was reset and another one that it was not.
    pub fn hints_collide(&self) -> bool {
        self.reset_seen && self.no_reset_seen
    }

    fn see_hint(&mut self, histogram: &Histogram) {
        self.reset_seen |= histogram.hint == ResetHint::Reset;
        self.no_reset_seen |= histogram.hint == ResetHint::NoReset;
    }

    /// An error where exponential and custom buckets meet.
    pub fn add(&mut self, other: &Histogram) -> Result<(), Incompatible> {
        self.see_hint(other);
        if self.mean {
            return self.add_for_mean(other);
        }
        self.bounds_reconciled |= add_compensated(&mut self.sum, &mut self.lost, other)?;
        Ok(())
    }

    fn add_for_mean(&mut self, other: &Histogram) -> Result<(), Incompatible> {
        self.count += 1.0;
        if !self.running {
            let (mut sum, mut lost) = (self.sum.clone(), self.lost.clone());
            self.bounds_reconciled |= add_compensated(&mut sum, &mut lost, other)?;
            if !sum.has_overflow() {
                (self.sum, self.lost) = (sum, lost);
                return Ok(());
            }
            self.running = true;
            self.sum.divide(self.count - 1.0);
            self.lost.iter_mut().for_each(|lost| lost.divide(self.count - 1.0));
        }
        let share = (self.count - 1.0) / self.count;
        self.sum.scale(share);
        self.lost.iter_mut().for_each(|lost| lost.scale(share));
        let mut part = other.clone();
        part.divide(self.count);
        self.bounds_reconciled |= add_compensated(&mut self.sum, &mut self.lost, &part)?;
        Ok(())
    }

    pub fn finish(mut self) -> Histogram {
        if self.mean && !self.running {
            self.sum.divide(self.count);
            self.lost.iter_mut().for_each(|lost| lost.divide(self.count));
        }
        if let Some(mut lost) = self.lost {
            lost.hint = self.sum.hint;
            // Both have the same layout.
            let _ = self.sum.add(&lost);
        }
        self.sum
    }
}

/// True where custom bounds had to be reconciled.
fn add_compensated(
    sum: &mut Histogram,
    lost: &mut Option<Histogram>,
    other: &Histogram,
) -> Result<bool, Incompatible> {
    let (other, reconciled) = sum.reconcile(other)?;
    let lost = lost.get_or_insert_with(|| Histogram { schema: sum.schema, ..Histogram::default() });
    lost.follow_layout(sum);
    sum.combine_hint(other.hint);
    kahan_add(other.zero_count, &mut sum.zero_count, &mut lost.zero_count);
    kahan_add(other.count, &mut sum.count, &mut lost.count);
    kahan_add(other.sum, &mut sum.sum, &mut lost.sum);
    add_sides(&mut sum.positive, &mut lost.positive, &other.positive);
    add_sides(&mut sum.negative, &mut lost.negative, &other.negative);
    Ok(reconciled)
}

fn add_sides(sum: &mut Side, lost: &mut Side, other: &Side) {
    let (mut at, mut lost_at) = (0, 0);
    for (index, count) in other {
        at = place(sum, *index, at);
        lost_at = place(lost, *index, lost_at);
        kahan_add(*count, &mut sum[at].1, &mut lost[lost_at].1);
        (at, lost_at) = (at + 1, lost_at + 1);
    }
}

/// Where the bucket of an index is, perhaps at the place that is likely; an empty one is put there if need be.
fn place(side: &mut Side, index: i32, likely: usize) -> usize {
    if side.get(likely).is_some_and(|(there, _)| *there == index) {
        return likely;
    }
    side.binary_search_by_key(&index, |(index, _)| *index).unwrap_or_else(|at| {
        side.insert(at, (index, 0.0));
        at
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(count: f64, sum: f64) -> Histogram {
        Histogram { count, sum, positive: vec![(1, count)], ..Histogram::default() }
    }

    fn check(mut total: Total, more: &[Histogram], expect: impl Fn(&Histogram) -> f64) {
        more.iter().for_each(|histogram| total.add(histogram).unwrap());
        let total = total.finish();
        assert!((expect(&total) - 1.0).abs() < 1e-12, "{total:?}");
    }

    #[test]
    fn nothing_is_lost_beside_a_large_number() {
        let more = [histogram(1.0, 1.0), histogram(1.0, -1e16)];
        check(Total::of_sum(&histogram(1.0, 1e16)), &more, |total| total.sum);
        check(Total::of_mean(&histogram(1.0, 1e16)), &more, |total| total.count);
    }

    #[test]
    fn a_mean_does_not_overflow() {
        let more = [histogram(1e308, 0.0), histogram(1e308, 0.0)];
        check(Total::of_mean(&histogram(1e308, 0.0)), &more, |total| total.count / 1e308);
    }
}
