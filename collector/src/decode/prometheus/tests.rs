use super::*;
use crate::reason::Rejection;
use ocelli_signal::attributes::Attributes;
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, PointRow, Points};
use ocelli_signal::prometheus::{FLAG_GAUGE, METADATA_TYPE, STALE_NAN_BITS, is_native};
use ocelli_signal::span_parts::{Number, iter_exemplars};
use ocelli_signal::wire::Writer;
use ocelli_signal::{Kind, point};

const TIME_MS: i64 = 1_790_000_000_000;
const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

/// A request of either version, from the same description.
struct Sent {
    version: Version,
    body: Writer,
    symbols: Vec<String>,
}

impl Sent {
    fn new(version: Version) -> Sent {
        Sent { version, body: Writer::new(), symbols: vec![String::new()] }
    }

    fn symbol(&mut self, text: &str) -> u64 {
        if let Some(at) = self.symbols.iter().position(|known| known == text) {
            return at as u64;
        }
        self.symbols.push(text.to_owned());
        self.symbols.len() as u64 - 1
    }

    fn labels(&mut self, labels: &[(&str, &str)]) -> Writer {
        let mut out = Writer::new();
        match self.version {
            Version::One => {
                for (name, value) in labels {
                    out.put_message(1, |label| {
                        label.put_bytes(1, name.as_bytes());
                        label.put_bytes(2, value.as_bytes());
                    });
                }
            }
            Version::Two => {
                let pairs = labels.iter().flat_map(|(name, value)| [*name, *value]);
                let references: Vec<u64> = pairs.map(|text| self.symbol(text)).collect();
                out.put_packed_varints(1, &references);
            }
        }
        out
    }

    /// `fill` adds what comes behind the labels; the field numbers of histograms and exemplars go with it.
    fn series(&mut self, labels: &[(&str, &str)], fill: impl FnOnce(&mut Writer, u32, u32)) {
        let mut series = self.labels(labels);
        let (number, histograms, exemplars) =
            if self.version == Version::One { (1, 4, 3) } else { (5, 3, 4) };
        fill(&mut series, histograms, exemplars);
        self.body.put_bytes_always(number, series.as_bytes());
    }

    fn bytes(self) -> Vec<u8> {
        let mut body = self.body;
        if self.version == Version::Two {
            self.symbols.iter().for_each(|symbol| body.put_bytes_always(4, symbol.as_bytes()));
        }
        body.into_bytes()
    }

    fn decoded(self) -> Result<Decoded, DecodeError> {
        let version = self.version;
        decode(version, &self.bytes(), &DecodeLimits::default(), &Families::default())
    }
}

fn sample(series: &mut Writer, time_ms: i64, value: f64) {
    series.put_message(2, |sample| {
        sample.put_double_always(1, value);
        sample.put_int(2, time_ms);
    });
}

/// Buckets at 3 and 4, and 7; counts 1, 3, 2.
fn histogram(out: &mut Writer) {
    out.put_varint(1, 7);
    out.put_double_always(3, -2.5);
    out.put_sint32(4, 1);
    out.put_double_always(5, 0.001);
    out.put_varint(6, 1);
    for (offset, length) in [(3, 2), (2, 1)] {
        out.put_message(11, |span| {
            span.put_sint32(1, offset);
            span.put_varint(2, length);
        });
    }
    out.put_packed_varints(12, &[1, 2, -1].map(|delta: i64| ((delta << 1) ^ (delta >> 63)) as u64));
    out.put_varint(14, 3);
    out.put_int(15, TIME_MS);
}

fn kinds(version: Version) -> Sent {
    let mut sent = Sent::new(version);
    let labels = [("__name__", "job:a:rate5m"), ("a.b", "ü"), ("empty", ""), ("job", "x")];
    sent.series(&labels, |series, _, _| {
        sample(series, TIME_MS, f64::from_bits(0x7ff8_0000_dead_beef));
        sample(series, TIME_MS - 5, f64::from_bits(STALE_NAN_BITS));
    });
    sent.series(&[("__name__", "h")], |series, histograms, _| series.put_message(histograms, histogram));
    let mut exemplar = sent.labels(&[("trace_id", TRACE), ("user", "u1")]);
    exemplar.put_double_always(2, 0.5);
    exemplar.put_int(3, TIME_MS - 9);
    sent.series(&labels, |series, _, exemplars| series.put_bytes_always(exemplars, exemplar.as_bytes()));
    sent.series(&[("__name__", "alone")], |series, _, exemplars| {
        series.put_bytes_always(exemplars, exemplar.as_bytes());
    });
    sent
}

#[test]
fn both_versions_become_the_same_rows() {
    for version in [Version::One, Version::Two] {
        let decoded = kinds(version).decoded().unwrap();
        let tally = &decoded.tally;
        assert_eq!((tally.received(), tally.total_rejected()), (4, 0));
        let written = tally.written;
        assert_eq!((written.samples, written.histograms, written.exemplars), (2, 1, 2));
        let points = Points::new(&decoded.batch.rows).unwrap();
        let series: Vec<_> = (0..points.len()).map(|row| points.series(row).to_series()).collect();
        assert!(series.iter().all(is_native));
        let names: Vec<_> = series.iter().map(|series| (&*series.name, series.kind)).collect();
        let expect = [
            ("job:a:rate5m", Kind::Gauge),
            ("job:a:rate5m", Kind::Gauge),
            ("h", Kind::ExponentialHistogram),
            ("alone", Kind::Gauge),
        ];
        assert_eq!(names, expect);
        let labels: Vec<_> = Attributes::of_column(&series[0].attributes)
            .iter()
            .map(|(name, value)| (name, value.as_str().unwrap()))
            .collect();
        assert_eq!(labels, [("a.b", "ü"), ("job", "x")]);

        let row = points.row(0);
        let PointBody::Number(Number::Double(value)) = row.body else { panic!("{row:?}") };
        assert_eq!((value.to_bits(), row.time), (0x7ff8_0000_dead_beef, TIME_MS * 1_000_000));
        exemplars_of(&row);
        exemplars_of(&points.row(3));
        let stale = points.row(1);
        assert_eq!((stale.flags, stale.body), (FLAG_NO_RECORDED_VALUE, PointBody::Empty));
        let row = points.row(2);
        let PointBody::Other(bytes) = row.body else { panic!("{row:?}") };
        let read = point::ExponentialHistogram::parse(bytes).unwrap();
        assert_eq!((row.flags, read.scale, read.sum), (FLAG_GAUGE, 1, Some(-2.5)));
        let counts = [1.0, 3.0, 0.0, 0.0, 2.0].map(f64::to_bits).to_vec();
        assert_eq!(read.positive, Some(point::Buckets { offset: 2, counts }));
    }
}

fn exemplars_of(row: &PointRow<'_>) {
    let all: Vec<_> = iter_exemplars(row.exemplars).collect();
    let [exemplar] = &all[..] else { panic!("{all:?}") };
    assert_eq!(exemplar.time_ns as i64, (TIME_MS - 9) * 1_000_000);
    assert_eq!(exemplar.trace_id, (1..=16).collect::<Vec<u8>>());
    let rest: Vec<_> = exemplar.filtered_attributes.iter().map(|(name, _)| name).collect();
    assert_eq!((rest, exemplar.value), (vec!["user"], Some(Number::Double(0.5))));
}

#[test]
fn what_is_wrong_is_rejected_and_the_rest_is_kept() {
    let bad_spans = |out: &mut Writer| {
        out.put_message(11, |span| span.put_varint(2, 3));
        out.put_packed_varints(12, &[2]);
        out.put_int(15, TIME_MS);
    };
    for version in [Version::One, Version::Two] {
        let mut sent = Sent::new(version);
        let one = |series: &mut Writer| sample(series, TIME_MS, 1.0);
        sent.series(&[("a", "no name")], |series, _, _| one(series));
        sent.series(&[("__name__", "twice"), ("a", "1"), ("a", "2")], |series, _, _| one(series));
        sent.series(&[("", "x"), ("__name__", "no label")], |series, _, _| one(series));
        sent.series(&[("__name__", "late")], |series, _, _| sample(series, i64::MAX, 1.0));
        sent.series(&[("__name__", "early")], |series, _, _| sample(series, -1, 1.0));
        sent.series(&[("__name__", "h")], |series, histograms, _| series.put_message(histograms, bad_spans));
        sent.series(&[("z", "unsorted"), ("__name__", "good")], |series, _, _| one(series));
        let decoded = sent.decoded().unwrap();
        let rejected: Vec<_> = decoded.tally.rejected().collect();
        let expect = [
            (Rejection::InvalidTime, 2),
            (Rejection::MissingName, 1),
            (Rejection::InvalidBuckets, 1),
            (Rejection::InvalidLabels, 2),
        ];
        assert_eq!((decoded.tally.received(), rejected), (7, expect.to_vec()));
        let points = Points::new(&decoded.batch.rows).unwrap();
        assert_eq!((points.len(), points.series(0).name), (1, "good"));
    }
}

#[test]
fn a_wide_histogram_does_not_fill_the_memory() {
    let mut sent = Sent::new(Version::One);
    sent.series(&[("__name__", "h")], |series, histograms, _| {
        series.put_message(histograms, |out| {
            for offset in [0, i32::MAX - 2] {
                out.put_message(11, |span| {
                    span.put_sint32(1, offset);
                    span.put_varint(2, 1);
                });
            }
            out.put_packed_varints(12, &[2, 2]);
            out.put_int(15, TIME_MS);
        });
    });
    let tally = sent.decoded().unwrap().tally;
    assert_eq!(tally.rejected().collect::<Vec<_>>(), [(Rejection::InvalidBuckets, 1)]);
}

#[test]
fn what_is_small_on_the_wire_and_large_in_memory_is_bounded() {
    let limits = DecodeLimits { all_series_bytes: 100_000, ..DecodeLimits::default() };
    let long = "x".repeat(5_000);
    let many: Vec<(&str, &str)> = vec![("", ""); limits.attributes + 1];
    for version in [Version::One, Version::Two] {
        let mut sent = Sent::new(version);
        let exemplar = {
            let mut exemplar = sent.labels(&[("why", &long)]);
            exemplar.put_int(3, TIME_MS);
            exemplar
        };
        for name in 0..50 {
            sent.series(&[("__name__", &format!("m{name}"))], |series, _, exemplars| {
                series.put_bytes_always(exemplars, exemplar.as_bytes());
            });
        }
        let outcome = decode(version, &sent.bytes(), &limits, &Families::default());
        assert!(matches!(outcome, Err(DecodeError::TooMany { limit: 100_000, .. })), "{outcome:?}");

        let mut sent = Sent::new(version);
        sent.series(&many, |series, _, _| sample(series, TIME_MS, 1.0));
        sent.series(&[("__name__", "h")], |series, histograms, _| {
            series.put_message(histograms, |out| {
                out.put_packed_varints(12, &vec![0; 70_000]);
                out.put_int(15, TIME_MS);
            });
        });
        let rejected: Vec<_> = sent.decoded().unwrap().tally.rejected().collect();
        assert_eq!(rejected, [(Rejection::TooManyAttributes, 1), (Rejection::InvalidBuckets, 1)]);
    }
}

#[test]
fn references_to_nothing_make_the_request_malformed() {
    for symbols in [vec!["x"], vec![""]] {
        let mut body = Writer::new();
        symbols.iter().for_each(|symbol| body.put_bytes_always(4, symbol.as_bytes()));
        body.put_message(5, |series| {
            series.put_packed_varints(1, &[0, 9]);
            sample(series, TIME_MS, 1.0);
        });
        let outcome = decode(Version::Two, body.as_bytes(), &DecodeLimits::default(), &Families::default());
        assert!(matches!(outcome, Err(DecodeError::Prometheus(_))), "{outcome:?}");
    }
}

#[test]
fn metadata_of_version_1_goes_with_later_samples() {
    let families = Families::default();
    let mut body = Writer::new();
    body.put_message(3, |metadata| {
        metadata.put_varint(1, 3);
        metadata.put_bytes(2, b"latency");
        metadata.put_bytes(4, b"how long");
    });
    let limits = DecodeLimits::default();
    let told = decode(Version::One, body.as_bytes(), &limits, &families).unwrap();
    assert_eq!((told.tally.received(), told.batch.rows.num_rows()), (0, 0));
    let mut sent = Sent::new(Version::One);
    sent.series(&[("__name__", "latency_bucket"), ("le", "1")], |series, _, _| sample(series, TIME_MS, 1.0));
    let decoded = decode(Version::One, &sent.bytes(), &limits, &families).unwrap();
    let series = Points::new(&decoded.batch.rows).unwrap().series(0).to_series();
    assert_eq!(&*series.description, "how long");
    let kind = Attributes::of_column(&series.metadata).get(METADATA_TYPE);
    assert_eq!(kind.and_then(|kind| kind.as_str().map(str::to_owned)).as_deref(), Some("histogram"));
}
