//! Was a counter reset between two histograms of one series?

use super::combine::{common_bounds, remapped};
use super::{Histogram, ResetHint, Side};
use std::borrow::Cow;

impl Histogram {
    /// True where any count went down, or the layout changed as it only can at a reset. A hint
    /// spares the comparison.
    pub fn is_reset_from(&self, previous: &Histogram) -> bool {
        match self.hint {
            ResetHint::Reset => return true,
            ResetHint::NoReset => return false,
            ResetHint::Unknown | ResetHint::Gauge => {}
        }
        if self.count < previous.count {
            return true;
        }
        if self.is_custom() {
            if !previous.is_custom() {
                return true;
            }
            if self.custom_bounds != previous.custom_bounds {
                let common = common_bounds(&self.custom_bounds, &previous.custom_bounds);
                return decreased(&remapped(self, &common), &remapped(previous, &common));
            }
            return decreased(&self.positive, &previous.positive);
        }
        if previous.is_custom() || self.schema > previous.schema {
            return true;
        }
        if self.zero_threshold < previous.zero_threshold {
            return true;
        }
        let mut previous = Cow::Borrowed(previous);
        if previous.zero_threshold != self.zero_threshold {
            previous.to_mut().widen_zero(self.zero_threshold);
        }
        if previous.zero_threshold != self.zero_threshold || self.zero_count < previous.zero_count {
            return true;
        }
        if previous.schema != self.schema {
            previous.to_mut().reduce_to(self.schema);
        }
        decreased(&self.positive, &previous.positive) || decreased(&self.negative, &previous.negative)
    }
}

/// Some bucket holds less than before.
fn decreased(current: &Side, previous: &Side) -> bool {
    if current.len() == previous.len() {
        // Mostly the buckets are the same ones, which is quickly seen.
        let pairs = current.iter().zip(previous);
        let (same, fell) = pairs.fold((true, false), |(same, fell), ((index, now), (other, before))| {
            (same & (index == other), fell | (now < before))
        });
        if same {
            return fell;
        }
    }
    let mut rest = current.iter().peekable();
    previous.iter().any(|(index, before)| {
        while rest.next_if(|(other, _)| other < index).is_some() {}
        let now = rest.next_if(|(other, _)| other == index).map_or(0.0, |(_, now)| *now);
        now < *before
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(count: f64, positive: &[(i32, f64)]) -> Histogram {
        Histogram { count, positive: positive.to_vec(), ..Histogram::default() }
    }

    #[test]
    fn a_lost_bucket_is_a_reset_even_when_the_count_grew() {
        let before = histogram(3.0, &[(1, 1.0), (2, 2.0)]);
        assert!(!histogram(4.0, &[(1, 2.0), (2, 2.0)]).is_reset_from(&before));
        assert!(histogram(4.0, &[(1, 4.0)]).is_reset_from(&before));
        assert!(histogram(2.0, &[(1, 1.0), (2, 1.0)]).is_reset_from(&before));
        assert!(histogram(4.0, &[(1, 3.0), (2, 1.0)]).is_reset_from(&before));
        assert!(histogram(9.0, &[(1, 4.0), (3, 5.0)]).is_reset_from(&before));
    }

    #[test]
    fn the_hint_decides() {
        let before = histogram(3.0, &[(1, 3.0)]);
        let mut after = histogram(1.0, &[(1, 1.0)]);
        after.hint = ResetHint::NoReset;
        assert!(!after.is_reset_from(&before));
    }
}
