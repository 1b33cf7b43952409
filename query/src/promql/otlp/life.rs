//! When a counter began: its start time tells of resets that its values hide.

/// The life of a counter: from its start to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    start_ns: i64,
    last_ns: i64,
}

impl Life {
    /// When a new life began that a sample of 0 must tell of, in milliseconds.
    pub fn begins(&self, start_ns: i64, time_ns: i64, after_ms: i64, first: bool) -> Option<i64> {
        let known = start_ns > 0 && start_ns < time_ns;
        let restarted = start_ns != self.start_ns && start_ns >= self.last_ns;
        let start = ms(start_ns);
        if !(known && restarted && start > after_ms) {
            return None;
        }
        let at = if first { start } else { start.max(ms(self.last_ns) + 1) };
        (at < ms(time_ns)).then_some(at)
    }

    pub fn seen(&mut self, start_ns: i64, time_ns: i64) {
        (self.start_ns, self.last_ns) = (start_ns, time_ns);
    }
}

pub fn ms(ns: i64) -> i64 {
    ns.div_euclid(1_000_000)
}
