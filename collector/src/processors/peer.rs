//! Whom a client span calls, by its attributes: old and new semantic conventions.

use ocelli_signal::Attributes;

/// What the attributes of a span say of the other side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peer<'a> {
    /// Name of the database, or else its system; `None` when it is no database call.
    pub database: Option<&'a str>,
    /// A name for a peer that sends no spans.
    pub name: Option<&'a str>,
}

/// The best name comes first.
const NAMES: [&str; 9] = [
    "peer.service",
    "server.address",
    "net.peer.name",
    "messaging.destination.name",
    "messaging.system",
    "rpc.service",
    "url.full",
    "http.url",
    "http.host",
];

/// Names of the database itself, then of its system.
const DATABASES: [&str; 4] = ["db.namespace", "db.name", "db.system.name", "db.system"];

impl<'a> Peer<'a> {
    /// Reads an `attributes` column's value in one pass.
    pub fn of(attributes: &'a [u8]) -> Peer<'a> {
        let (mut name, mut database) = ((NAMES.len(), ""), (DATABASES.len(), ""));
        for (key, value) in Attributes::of_column(attributes).iter() {
            let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { continue };
            if let Some(rank) = NAMES.iter().position(|known| *known == key).filter(|rank| *rank < name.0) {
                name = (rank, if key.starts_with("url") || key == "http.url" { host_of(text) } else { text });
            } else if let Some(rank) = DATABASES.iter().position(|known| *known == key)
                && rank < database.0
            {
                database = (rank, text);
            }
        }
        let found = |(_, text): (usize, &'a str)| (!text.is_empty()).then_some(text);
        Peer { database: found(database), name: found(name) }
    }
}

/// `https://user@api.example.com:8443/pay` → `api.example.com`.
fn host_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ipv6, _)) => ipv6,
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_signal::{AnyValue, attributes};

    fn check(pairs: &[(&str, &str)], name: Option<&str>, database: Option<&str>) {
        let encoded = attributes::encode(pairs.iter().map(|(key, value)| (*key, AnyValue::String(value))));
        assert_eq!(Peer::of(&encoded), Peer { name, database }, "{pairs:?}");
    }

    #[test]
    fn the_best_name_wins_wherever_it_stands() {
        check(&[], None, None);
        check(&[("http.host", "a"), ("peer.service", "b"), ("server.address", "c")], Some("b"), None);
        check(&[("db.system", "sqlite"), ("db.namespace", "orders")], None, Some("orders"));
        check(
            &[("db.system.name", "postgresql"), ("server.address", "db1")],
            Some("db1"),
            Some("postgresql"),
        );
        check(&[("url.full", "https://u:p@pay.example:8443/v1?x#y")], Some("pay.example"), None);
        check(&[("http.url", "http://[::1]:80/")], Some("::1"), None);
    }
}
