//! Who sent a row: its resource and its instrumentation scope.
//!
//! Both columns hold what OTLP wraps around the rows, without the rows: field 1 is the `Resource`
//! or `InstrumentationScope` message, field 3 the `schema_url` (the numbers are the same in
//! `ResourceSpans`, `ResourceMetrics` and `ResourceLogs`, and in their scopes).

use crate::attributes::Attributes;
use crate::error::WireError;
use crate::wire::{Reader, Writer};

/// What `service.name` is when a resource does not say; the word of the OpenTelemetry SDKs.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

/// A view of a `resource` value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resource<'a> {
    /// The bytes of the inner `Resource` message.
    message: &'a [u8],
    pub dropped_attributes_count: u32,
    pub schema_url: &'a str,
}

impl<'a> Resource<'a> {
    pub fn parse(wrapper: &'a [u8]) -> Result<Resource<'a>, WireError> {
        let (message, schema_url) = parse_wrapper(wrapper)?;
        let mut resource = Resource { message, dropped_attributes_count: 0, schema_url };
        for field in Reader::new(message) {
            if let (2, field) = field? {
                resource.dropped_attributes_count = field.u32();
            }
        }
        Ok(resource)
    }

    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.message, 1)
    }

    /// The bytes of the inner `Resource` message, entity references included.
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// `service.name`, never empty.
    pub fn service_name(&self) -> &'a str {
        self.attributes().get_str("service.name").filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_SERVICE)
    }
}

/// A view of a `scope` value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    message: &'a [u8],
    pub name: &'a str,
    pub version: &'a str,
    pub dropped_attributes_count: u32,
    pub schema_url: &'a str,
}

impl<'a> Scope<'a> {
    pub fn parse(wrapper: &'a [u8]) -> Result<Scope<'a>, WireError> {
        let (message, schema_url) = parse_wrapper(wrapper)?;
        let mut scope = Scope { message, schema_url, ..Scope::default() };
        for field in Reader::new(message) {
            match field? {
                (1, field) => scope.name = field.str()?,
                (2, field) => scope.version = field.str()?,
                (4, field) => scope.dropped_attributes_count = field.u32(),
                _ => {}
            }
        }
        Ok(scope)
    }

    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.message, 3)
    }

    /// The bytes of the inner `InstrumentationScope` message.
    pub fn message(&self) -> &'a [u8] {
        self.message
    }
}

/// The inner message and the schema URL.
fn parse_wrapper(wrapper: &[u8]) -> Result<(&[u8], &str), WireError> {
    let (mut message, mut schema_url) = (&[][..], "");
    for field in Reader::new(wrapper) {
        match field? {
            (1, field) => message = field.bytes(),
            (3, field) => schema_url = field.str()?,
            _ => {}
        }
    }
    Ok((message, schema_url))
}

/// A `resource` or `scope` value from the bytes of its inner message.
pub fn encode(message: &[u8], schema_url: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.put_bytes(1, message);
    writer.put_bytes(3, schema_url.as_bytes());
    writer.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnyValue, attributes};

    #[test]
    fn an_absent_service_is_named() {
        let named = attributes::encode([("service.name", AnyValue::String("cart"))]);
        let value = encode(&named, "https://schema");
        let resource = Resource::parse(&value).unwrap();
        assert_eq!((resource.service_name(), resource.schema_url), ("cart", "https://schema"));
        assert_eq!(Resource::parse(&[]).unwrap().service_name(), UNKNOWN_SERVICE);
    }
}
