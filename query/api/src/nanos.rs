//! A point in time that survives JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Nanoseconds since the Unix epoch; a decimal string in JSON (a number is read too).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNano(pub i64);

impl UnixNano {
    /// RFC 3339 in UTC, with what there is of nanoseconds.
    pub fn to_rfc3339(self) -> String {
        crate::rfc3339::format(self)
    }
}

impl Serialize for UnixNano {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UnixNano {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = UnixNano;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("nanoseconds since the epoch, as a string or a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<UnixNano, E> {
                text.parse().map(UnixNano).map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<UnixNano, E> {
                Ok(UnixNano(n))
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<UnixNano, E> {
                i64::try_from(n).map(UnixNano).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

    impl utoipa::PartialSchema for super::UnixNano {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some("nanoseconds since the Unix epoch, as a decimal string"))
                .into()
        }
    }

    impl utoipa::ToSchema for super::UnixNano {}
}
