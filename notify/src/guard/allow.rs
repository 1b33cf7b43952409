//! One entry of the allow-list.

use crate::error::Error;
use ipnet::IpNet;
use std::net::IpAddr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Allow {
    /// Any port of these addresses.
    Network(IpNet),
    /// One port of one address, under whatever name.
    Address(IpAddr, u16),
    /// One port of whatever the name resolves to.
    Name(String, u16),
}

impl Allow {
    pub fn parse(entry: &str) -> Result<Allow, Error> {
        let entry = entry.trim();
        let wrong = |why| Error::Allow { entry: entry.to_owned(), why };
        if entry.contains('/') {
            let network = entry.parse::<IpNet>();
            return network.map(Allow::Network).map_err(|_| wrong("it is not a network such as 10.1.0.0/16"));
        }
        if let Ok(address) = without_brackets(entry).parse::<IpAddr>() {
            return Ok(Allow::Network(IpNet::from(address)));
        }
        let Some((host, port)) = entry.rsplit_once(':') else {
            return Err(wrong("a name needs its port, as in alertmanager.internal:9093"));
        };
        let port = port.parse().map_err(|_| wrong("what follows the colon is not a port"))?;
        if let Ok(address) = without_brackets(host).parse::<IpAddr>() {
            return Ok(Allow::Address(address, port));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(wrong("it is not a network, an address or a name with a port"));
        }
        Ok(Allow::Name(same_name(host), port))
    }

    /// Whether it allows this address, as one that the host has.
    pub fn covers(&self, host: &str, port: u16, address: IpAddr) -> bool {
        match self {
            // A mapped address is the other one in the end.
            Allow::Network(network) => {
                network.contains(&address) || network.contains(&address.to_canonical())
            }
            Allow::Address(allowed, its_port) => {
                *its_port == port && allowed.to_canonical() == address.to_canonical()
            }
            Allow::Name(name, its_port) => *its_port == port && *name == same_name(host),
        }
    }

    /// Whether it names this host and port.
    pub fn names(&self, host: &str, port: u16) -> bool {
        match self {
            Allow::Network(_) => false,
            Allow::Address(address, its_port) => *its_port == port && host.parse() == Ok(*address),
            Allow::Name(name, its_port) => *its_port == port && *name == same_name(host),
        }
    }
}

/// As it is written in the list and in an address.
pub(super) fn with_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn same_name(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_networks_addresses_and_names() {
        let network = |text: &str| Allow::Network(text.parse().unwrap());
        assert_eq!(Allow::parse("10.1.0.0/16"), Ok(network("10.1.0.0/16")));
        assert_eq!(Allow::parse(" fd00::/8 "), Ok(network("fd00::/8")));
        assert_eq!(Allow::parse("127.0.0.1"), Ok(network("127.0.0.1/32")));
        assert_eq!(Allow::parse("::1"), Ok(network("::1/128")));
        assert_eq!(Allow::parse("[::1]"), Ok(network("::1/128")));
        assert_eq!(Allow::parse("[::1]:9093"), Ok(Allow::Address("::1".parse().unwrap(), 9093)));
        assert_eq!(Allow::parse("127.0.0.1:80"), Ok(Allow::Address("127.0.0.1".parse().unwrap(), 80)));
        assert_eq!(Allow::parse("Alert-1.internal.:9093"), Ok(Allow::Name("alert-1.internal".into(), 9093)));
    }

    #[test]
    fn other_entries_are_refused_with_the_reason() {
        for (entry, why) in [
            ("10.1.0.0/99", "not a network"),
            ("alertmanager", "needs its port"),
            ("alertmanager:http", "not a port"),
            ("alertmanager:99999", "not a port"),
            (":80", "not a network, an address or a name"),
            ("http://a:80", "not a network"),
            ("*.internal:80", "not a network, an address or a name"),
            ("", "needs its port"),
        ] {
            let error = Allow::parse(entry).unwrap_err().to_string();
            assert!(error.contains(why), "{entry}: {error}");
            assert!(error.contains("`alerting.allow_targets`"), "{error}");
        }
    }
}
