//! Attributes, resources and scopes from their stored bytes to the types of the API.

use ocelli_api::traces::{Resource, Scope};
use ocelli_api::{AnyValue, KeyValue};
use ocelli_signal::value_text::to_otlp_json;
use ocelli_signal::{Attributes, origin};

pub fn key_values(attributes: Attributes<'_>) -> Vec<KeyValue> {
    let pair = |(key, value): (&str, ocelli_signal::AnyValue<'_>)| KeyValue {
        key: key.to_owned(),
        value: AnyValue(to_otlp_json(&value)),
    };
    attributes.iter().map(pair).collect()
}

/// Of a `resource` column's value; bytes were validated at ingest.
pub fn resource(bytes: &[u8]) -> Resource {
    let resource = origin::Resource::parse(bytes).unwrap_or_default();
    Resource {
        attributes: key_values(resource.attributes()),
        dropped_attributes_count: resource.dropped_attributes_count,
        schema_url: resource.schema_url.to_owned(),
    }
}

/// Of a `scope` column's value; bytes were validated at ingest.
pub fn scope(bytes: &[u8]) -> Scope {
    let scope = origin::Scope::parse(bytes).unwrap_or_default();
    Scope {
        name: scope.name.to_owned(),
        version: scope.version.to_owned(),
        attributes: key_values(scope.attributes()),
        dropped_attributes_count: scope.dropped_attributes_count,
        schema_url: scope.schema_url.to_owned(),
    }
}
