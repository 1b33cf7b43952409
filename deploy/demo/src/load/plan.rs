//! What the shoppers do and when: an endless plan that follows from a seed alone, so that two runs of the
//! demo send the same requests.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    catalogue::{CUSTOMER_COUNT, DECLINED_CARD, PRODUCTS},
    contracts::Line,
};

/// One request of the plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// How long after the one before.
    pub(crate) after: Duration,
    pub(crate) action: Action,
}

/// What a shopper does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    List,
    View { sku: &'static str },
    LogIn { customer: i64, wrong_passphrase: bool },
    Order { customer: i64, lines: Vec<Line>, card: String },
}

/// The mix in percent: what is left of a hundred is orders.
const LIST_PERCENT: u32 = 25;
const VIEW_PERCENT: u32 = 35;
const LOG_IN_PERCENT: u32 = 15;

/// How many log-ins have a typo, and how many cards are declined.
const WRONG_PASSPHRASE: f64 = 0.06;
const DECLINED: f64 = 0.04;
/// How many views are of a product that was taken out of the catalogue.
const GONE: f64 = 0.02;

/// The endless plan.
pub(crate) struct Plan {
    random: StdRng,
    rate: f64,
}

impl Plan {
    /// `rate` is in requests a second and above zero.
    pub(crate) fn new(seed: u64, rate: f64) -> Self {
        Plan { random: StdRng::seed_from_u64(seed), rate }
    }

    /// Independent shoppers come in by a Poisson process: exponential gaps.
    fn gap(&mut self) -> Duration {
        let uniform: f64 = self.random.random();
        Duration::from_secs_f64(-(1.0 - uniform).ln() / self.rate)
    }

    fn action(&mut self) -> Action {
        let roll = self.random.random_range(0..100);
        if roll < LIST_PERCENT {
            Action::List
        } else if roll < LIST_PERCENT + VIEW_PERCENT {
            let gone = self.random.random_bool(GONE);
            Action::View { sku: if gone { "darkroom" } else { self.product() } }
        } else if roll < LIST_PERCENT + VIEW_PERCENT + LOG_IN_PERCENT {
            Action::LogIn {
                customer: self.customer(),
                wrong_passphrase: self.random.random_bool(WRONG_PASSPHRASE),
            }
        } else {
            self.order()
        }
    }

    fn order(&mut self) -> Action {
        let customer = self.customer();
        let mut lines: Vec<Line> = Vec::new();
        for _ in 0..self.random.random_range(1..=4) {
            let sku = self.product();
            if lines.iter().all(|line| line.sku != sku) {
                lines.push(Line { sku: sku.to_owned(), quantity: self.random.random_range(1..=3) });
            }
        }
        let declined = self.random.random_bool(DECLINED);
        let card =
            if declined { DECLINED_CARD.to_owned() } else { format!("40000000{:08}", 10_000_000 + customer) };
        Action::Order { customer, lines, card }
    }

    /// Popular products come first in the catalogue: the smaller of two draws.
    fn product(&mut self) -> &'static str {
        let first = self.random.random_range(0..PRODUCTS.len());
        let second = self.random.random_range(0..PRODUCTS.len());
        PRODUCTS[first.min(second)].0
    }

    fn customer(&mut self) -> i64 {
        self.random.random_range(1..=CUSTOMER_COUNT)
    }
}

impl Iterator for Plan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        Some(Step { after: self.gap(), action: self.action() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan() {
        let steps = |seed| Plan::new(seed, 10.0).take(200).collect::<Vec<_>>();
        assert_eq!(steps(7), steps(7));
        assert_ne!(steps(7), steps(8));
    }

    #[test]
    fn the_rate_is_kept_on_average() {
        let total: Duration = Plan::new(1, 20.0).take(10_000).map(|step| step.after).sum();
        let seconds = total.as_secs_f64();
        // 10,000 exponential gaps of 50 ms: standard deviation of the sum is 5 s.
        assert!((480.0..520.0).contains(&seconds), "{seconds} s for 10,000 requests at 20 a second");
    }

    #[test]
    fn the_mix_is_that_of_a_shop() {
        let steps: Vec<Step> = Plan::new(1, 10.0).take(10_000).collect();
        let share = |wanted: fn(&Action) -> bool| steps.iter().filter(|step| wanted(&step.action)).count();
        assert!((2_300..2_700).contains(&share(|action| *action == Action::List)));
        assert!((3_300..3_700).contains(&share(|action| matches!(action, Action::View { .. }))));
        assert!((1_300..1_700).contains(&share(|action| matches!(action, Action::LogIn { .. }))));
        assert!((2_300..2_700).contains(&share(|action| matches!(action, Action::Order { .. }))));
        let declined = share(|action| matches!(action, Action::Order { card, .. } if card == DECLINED_CARD));
        assert!((50..160).contains(&declined), "{declined} declined cards");
    }
}
