//! Requests of remote write with every kind of field, to be damaged.

use ocelli_signal::wire::Writer;

const TIME_MS: i64 = 1_790_000_000_000;

/// Version 1.
pub fn one() -> Vec<u8> {
    let mut body = Writer::new();
    body.put_message(1, |series| {
        for (name, value) in [("__name__", "latency"), ("job", "x")] {
            series.put_message(1, |label| {
                label.put_bytes(1, name.as_bytes());
                label.put_bytes(2, value.as_bytes());
            });
        }
        sample(series);
        series.put_message(3, |exemplar| {
            exemplar.put_message(1, |label| {
                label.put_bytes(1, b"trace_id");
                label.put_bytes(2, b"0102030405060708090a0b0c0d0e0f10");
            });
            exemplar.put_double_always(2, 0.5);
            exemplar.put_int(3, TIME_MS);
        });
        series.put_message(4, histogram);
    });
    body.put_message(3, |metadata| {
        metadata.put_varint(1, 3);
        metadata.put_bytes(2, b"latency");
        metadata.put_bytes(4, b"how long");
    });
    body.into_bytes()
}

/// Version 2.
pub fn two() -> Vec<u8> {
    let mut body = Writer::new();
    for symbol in ["", "__name__", "latency", "job", "x", "trace_id", "id"] {
        body.put_bytes_always(4, symbol.as_bytes());
    }
    body.put_message(5, |series| {
        series.put_packed_varints(1, &[1, 2, 3, 4]);
        sample(series);
        series.put_message(3, histogram);
        series.put_message(4, |exemplar| {
            exemplar.put_packed_varints(1, &[5, 6]);
            exemplar.put_int(3, TIME_MS);
        });
        series.put_message(5, |metadata| {
            metadata.put_varint(1, 3);
            metadata.put_varint(3, 2);
        });
    });
    body.into_bytes()
}

fn sample(series: &mut Writer) {
    series.put_message(2, |sample| {
        sample.put_double_always(1, 1.5);
        sample.put_int(2, TIME_MS);
    });
}

fn histogram(out: &mut Writer) {
    out.put_varint(1, 3);
    out.put_double_always(3, 4.5);
    out.put_sint32(4, 2);
    for (offset, length) in [(-3, 1), (2, 1)] {
        out.put_message(11, |span| {
            span.put_sint32(1, offset);
            span.put_varint(2, length);
        });
    }
    out.put_packed_varints(12, &[2, 2]);
    out.put_int(15, TIME_MS);
}
