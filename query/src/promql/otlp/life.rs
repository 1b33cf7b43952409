//! Times of points.

/// A time of OTLP in Prometheus' milliseconds.
pub fn ms(ns: i64) -> i64 {
    ns.div_euclid(1_000_000)
}
