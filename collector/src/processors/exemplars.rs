//! A few spans that stand for a series in one emission: the first, and the slowest.
//!
//! Failed spans need no preference here: they have series of their own.

use ocelli_signal::wire::Writer;

/// A span to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub time_ns: i64,
    pub seconds: f64,
}

/// The exemplars since the last emission.
#[derive(Clone, Debug, Default)]
pub struct Exemplars {
    picked: Vec<Exemplar>,
}

impl Exemplars {
    /// Takes a span if there is room, or if it is slower than another but the first.
    pub fn offer(&mut self, exemplar: Exemplar, limit: usize) {
        if self.picked.len() < limit {
            self.picked.push(exemplar);
            return;
        }
        let fastest = self.picked.iter_mut().skip(1).min_by(|a, b| a.seconds.total_cmp(&b.seconds));
        if let Some(fastest) = fastest.filter(|fastest| fastest.seconds < exemplar.seconds) {
            *fastest = exemplar;
        }
    }

    /// Empties into the form of an `exemplars` column.
    pub fn drain_to(&mut self, out: &mut Writer) {
        out.clear();
        for exemplar in self.picked.drain(..) {
            out.put_message(1, |message| {
                message.put_fixed64(2, exemplar.time_ns as u64);
                message.put_double_always(3, exemplar.seconds);
                message.put_bytes(4, &exemplar.span_id);
                message.put_bytes(5, &exemplar.trace_id);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_slowest_stay() {
        let mut exemplars = Exemplars::default();
        for seconds in [1.0, 5.0, 2.0, 9.0, 3.0, 7.0] {
            exemplars.offer(Exemplar { trace_id: [1; 16], span_id: [1; 8], time_ns: 0, seconds }, 3);
        }
        let mut picked: Vec<f64> = exemplars.picked.iter().map(|exemplar| exemplar.seconds).collect();
        picked.sort_by(f64::total_cmp);
        assert_eq!(picked, [1.0, 7.0, 9.0]);
    }
}
