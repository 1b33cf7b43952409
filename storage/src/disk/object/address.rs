//! Where segments are: the data directory, or a bucket.

use crate::error::{Error, Result};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One request, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests that the store refuses with 5xx or 429, or that do not reach it, are made again this
/// long. Who waits is a flush, which is tried again anyway, or a query, which should get an answer.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(3),
        base: 2.0,
    },
    max_retries: 8,
    retry_timeout: Duration::from_secs(10),
};

/// Shown as it was given; credentials are not in it but in the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentsAddress {
    bucket: Option<Bucket>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bucket {
    name: String,
    prefix: String,
}

impl SegmentsAddress {
    /// Takes `s3://bucket/prefix`. Credentials, region and endpoint are those of the environment:
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`, …
    pub fn parse(url: &str) -> Result<SegmentsAddress> {
        let form = "segments are in s3://bucket/prefix; without a URL they are in the data directory";
        let (name, prefix) =
            match url.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                Some((name, prefix)) if !name.is_empty() => (name, prefix.trim_end_matches('/')),
                _ => return Err(Error::invalid(form)),
            };
        if name.contains(['@', '?', '#', ':']) || prefix.contains(['?', '#']) || prefix.starts_with('/') {
            return Err(Error::invalid(format_args!("{form}; credentials and options are AWS_… variables")));
        }
        Key::parse(prefix).map_err(|error| Error::invalid(format_args!("{form}: {error}")))?;
        Ok(SegmentsAddress { bucket: Some(Bucket { name: name.to_owned(), prefix: prefix.to_owned() }) })
    }

    pub fn is_local(&self) -> bool {
        self.bucket.is_none()
    }

    /// The store and what all keys in it begin with; none for the data directory.
    pub(crate) fn store(&self) -> Result<Option<(Arc<dyn ObjectStore>, Key)>> {
        let Some(bucket) = &self.bucket else { return Ok(None) };
        let options = ClientOptions::new()
            .with_timeout(REQUEST_TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(plain_http_is_meant());
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(&bucket.name)
            .with_client_options(options)
            .with_retry(RETRIES)
            .build()
            .map_err(|error| Error::settings(format_args!("{self}: {error}")))?;
        Ok(Some((Arc::new(store), Key::from(bucket.prefix.as_str()))))
    }
}

/// An endpoint that is written with `http://` is meant so.
fn plain_http_is_meant() -> bool {
    ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|url| url.starts_with("http://")))
}

impl fmt::Display for SegmentsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bucket {
            Some(Bucket { name, prefix }) if prefix.is_empty() => write!(f, "s3://{name}"),
            Some(Bucket { name, prefix }) => write!(f, "s3://{name}/{prefix}"),
            None => f.write_str("the data directory"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_with_or_without_a_prefix() {
        for (url, shown) in [("s3://b", "s3://b"), ("s3://b/", "s3://b"), ("s3://b/p/q/", "s3://b/p/q")] {
            assert_eq!(SegmentsAddress::parse(url).unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            "s3://",
            "s3:///p",
            "gs://b",
            "/mnt",
            "s3://key:secret@b/p",
            "s3://b/p?region=x",
            "s3://b//p",
        ] {
            let why = SegmentsAddress::parse(wrong).unwrap_err().to_string();
            assert!(why.contains("s3://bucket/prefix") && !why.contains("secret"), "{wrong}: {why}");
        }
    }
}
