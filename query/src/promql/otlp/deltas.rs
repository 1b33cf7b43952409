//! Delta points of one series in their order, while they are added up.
//!
//! The total counts from the start of the first point that is read, so it tells increases, and not
//! how much there was in all. Follows the OpenTelemetry data model, "Sums: Delta-to-Cumulative":
//! what arrived out of order is in order here, as points are read by their times.

use super::life::ms;

#[derive(Debug, Default)]
pub struct Deltas {
    began_ns: Option<i64>,
    last_ns: Option<i64>,
}

/// How a point follows the one before.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Next,
    /// Nothing is known of the time between; the total was the same until then, in milliseconds.
    AfterGap(i64),
    /// Sent again.
    Counted,
}

impl Deltas {
    pub fn step(&mut self, start_ns: i64, time_ns: i64) -> Step {
        let Some(last) = self.last_ns.replace(time_ns) else {
            self.began_ns.get_or_insert(start_ns);
            return Step::Next;
        };
        self.began_ns.get_or_insert(start_ns);
        if time_ns == last {
            return Step::Counted;
        }
        let (start, time) = (ms(start_ns), ms(time_ns));
        if start > ms(last) && start < time { Step::AfterGap(start) } else { Step::Next }
    }

    /// The next point begins a new total.
    pub fn restart(&mut self) {
        self.began_ns = None;
    }

    pub fn began_ms(&self) -> i64 {
        self.began_ns.map_or(0, ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_repeats() {
        let mut deltas = Deltas::default();
        let step =
            |deltas: &mut Deltas, start: i64, time: i64| deltas.step(start * 1_000_000, time * 1_000_000);
        assert_eq!(step(&mut deltas, 5, 10), Step::Next);
        assert_eq!(step(&mut deltas, 10, 20), Step::Next);
        assert_eq!(step(&mut deltas, 10, 20), Step::Counted);
        assert_eq!(step(&mut deltas, 50, 60), Step::AfterGap(50));
        assert_eq!(step(&mut deltas, 0, 70), Step::Next);
        assert_eq!(deltas.began_ms(), 5);
        deltas.restart();
        assert_eq!(step(&mut deltas, 70, 80), Step::Next);
        assert_eq!(deltas.began_ms(), 70);
    }
}
