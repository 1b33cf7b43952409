//! Series that are Prometheus' own: their name and labels are taken as they are.
//!
//! OTLP's names become Prometheus' by rules that do not lead back (`a.b` and `a__b` are both `a_b`). What
//! has a Prometheus name from the start, as the result of a recording rule, is marked by its scope: the
//! metric's name is `__name__`, the attributes are the other labels, and there is no resource that could
//! add any. Counts of its histograms are the bits of doubles, as a rate has fractions of them.

use crate::wire::Writer;
use crate::{AnyValue, Kind, Series, attributes, origin};
use std::sync::{Arc, LazyLock};

/// The name of the scope.
pub const SCOPE: &str = "ocelli.prometheus";

/// A flag of a point beside OTLP's own: the histogram is a gauge, so that it knows no counter reset.
pub const FLAG_GAUGE: u32 = 1 << 16;

/// Marks the end of a series: this NaN and no other (Prometheus' `value.StaleNaN`). It is kept as a point
/// without a value.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The schema of histograms with custom buckets.
pub const CUSTOM_SCHEMA: i32 = -53;

/// Buckets between the lowest and the highest of a histogram, on either side; Prometheus' own limit at
/// ingest is far below.
pub const MAX_BUCKETS: i64 = 65_536;

/// Keys of a series' metadata (`Metric.metadata`): its type and unit as its sender tells them. The first
/// is OpenTelemetry's own name for it.
pub const METADATA_TYPE: &str = "prometheus.type";
pub const METADATA_UNIT: &str = "prometheus.unit";

static SCOPE_VALUE: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
    let mut scope = Writer::new();
    scope.put_bytes(1, SCOPE.as_bytes());
    origin::encode(scope.as_bytes(), "").into()
});

/// The scope of such series, in the form of its column.
pub fn scope() -> &'static [u8] {
    &SCOPE_VALUE
}

/// The series of a name and its other labels, which must be sorted by name.
pub fn series<'a>(name: &str, kind: Kind, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Series {
    let pairs = labels.into_iter().map(|(name, value)| (name, AnyValue::String(value)));
    Series {
        name: name.into(),
        kind,
        attributes: attributes::encode(pairs).into(),
        scope: SCOPE_VALUE.clone(),
        ..Series::default()
    }
}

/// Whether a series is one.
pub fn is_native(series: &Series) -> bool {
    is_native_scope(&series.scope)
}

/// Whether the series of a scope are.
pub fn is_native_scope(scope: &[u8]) -> bool {
    *scope == **SCOPE_VALUE
}

/// The scope of those that are, in the form of its column.
pub fn native_scope() -> Arc<[u8]> {
    SCOPE_VALUE.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Scope;

    #[test]
    fn the_scope_marks_a_series() {
        let series = series("job:a__b", Kind::Gauge, [("job", "x")]);
        assert!(is_native(&series) && !is_native(&Series::default()));
        assert_eq!(Scope::parse(&series.scope).unwrap().name, SCOPE);
    }
}
