//! Bodies are unpacked to a bound, so that a small one can't fill the memory.

use crate::reason::{OTLP_ENCODINGS, Refusal};
use std::io::{self, Read};

/// `Content-Encoding` of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Identity,
    Gzip,
    Zstd,
    Deflate,
    /// A block, as remote write has it; not the stream of the same name.
    Snappy,
}

impl Compression {
    /// Reads the header's value; absent means identity.
    pub fn of_header(value: Option<&http::HeaderValue>) -> Result<Compression, Refusal> {
        let Some(value) = value else { return Ok(Compression::Identity) };
        let found = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
        match found.as_str() {
            "" | "identity" | "none" => Ok(Compression::Identity),
            "gzip" | "x-gzip" => Ok(Compression::Gzip),
            "zstd" => Ok(Compression::Zstd),
            "deflate" => Ok(Compression::Deflate),
            _ => Err(Refusal::UnsupportedEncoding { found, expected: OTLP_ENCODINGS }),
        }
    }
}

/// log2 of the largest zstd window: as large as the largest body. The decoder allocates it at once.
const ZSTD_WINDOW_LOG: u32 = 26;

/// Unpacks a body of at most `limit` bytes.
pub fn decompress(compression: Compression, body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let unpacked = match compression {
        Compression::Identity => read_bounded(body, body.len(), limit),
        Compression::Gzip => read_bounded(flate2::read::MultiGzDecoder::new(body), body.len(), limit),
        // "deflate" is zlib by RFC 9110, but raw deflate is sent too; zlib starts with 0x?8.
        Compression::Deflate if body.first().is_some_and(|byte| byte & 0x0f == 8) => {
            read_bounded(flate2::read::ZlibDecoder::new(body), body.len(), limit)
        }
        Compression::Deflate => read_bounded(flate2::read::DeflateDecoder::new(body), body.len(), limit),
        Compression::Snappy => return unpack_snappy(body, limit),
        Compression::Zstd => zstd::stream::read::Decoder::with_buffer(body).and_then(|mut decoder| {
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            read_bounded(decoder, body.len(), limit)
        }),
    };
    match unpacked {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Refusal::DecompressedTooLarge { limit }),
        Err(error) => Err(Refusal::BadCompression { detail: error.to_string() }),
    }
}

/// The block says first how long it is; a wrong length is an error of the decoder.
fn unpack_snappy(body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let bad = |error: snap::Error| Refusal::BadCompression { detail: error.to_string() };
    if snap::raw::decompress_len(body).map_err(bad)? > limit {
        return Err(Refusal::DecompressedTooLarge { limit });
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(bad)
}

/// `None` when there is more than `limit`.
fn read_bounded(reader: impl Read, packed_len: usize, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(packed_len.saturating_mul(4).min(limit));
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn pack(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Identity => bytes.to_vec(),
            Compression::Zstd => zstd::encode_all(bytes, 1).unwrap(),
            Compression::Snappy => snap::raw::Encoder::new().compress_vec(bytes).unwrap(),
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Deflate => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 1 << 20];
        for compression in [
            Compression::Identity,
            Compression::Gzip,
            Compression::Zstd,
            Compression::Deflate,
            Compression::Snappy,
        ] {
            let packed = pack(compression, &zeros);
            assert_eq!(decompress(compression, &packed, 1 << 20).as_ref(), Ok(&zeros));
            let refusal = decompress(compression, &packed, (1 << 20) - 1).unwrap_err();
            assert_eq!(refusal, Refusal::DecompressedTooLarge { limit: (1 << 20) - 1 });
        }
    }

    #[test]
    fn what_is_not_packed_or_cut_off_is_bad() {
        for compression in [Compression::Gzip, Compression::Zstd, Compression::Deflate, Compression::Snappy] {
            let packed = pack(compression, b"telemetry, telemetry");
            for bad in [&b"xelemetry"[..], &packed[..packed.len() - 3]] {
                let refusal = decompress(compression, bad, 1_000).unwrap_err();
                assert!(matches!(refusal, Refusal::BadCompression { .. }), "{compression:?} {refusal}");
            }
        }
    }

    #[test]
    fn raw_deflate_is_taken_too() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"telemetry").unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(decompress(Compression::Deflate, &packed, 100).unwrap(), b"telemetry");
    }
}
