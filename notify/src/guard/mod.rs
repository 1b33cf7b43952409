//! Where nothing is sent: addresses inside the operator's own network, which a target or its name server
//! could otherwise make this process talk to (server-side request forgery). `allow_targets` opens some.

mod allow;
mod ranges;

use crate::error::Error;
use allow::Allow;
use std::net::IpAddr;

/// The setting that a refusal names.
pub const SETTING: &str = "alerting.allow_targets";

/// Ports of other protocols that HTTP is not sent to, as browsers don't: what takes part of a request for
/// a command of its own lives there (the Fetch standard, 2.9 "Port blocking").
const OTHER_PROTOCOLS: &[u16] = &[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
    526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
    3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
];

/// What may be sent to.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow: Vec<Allow>,
}

impl Guard {
    /// Entries are networks (`10.1.0.0/16`), addresses (`127.0.0.1`, with a port or without), or a name
    /// with its port (`alertmanager.internal:9093`), which is then trusted to resolve to anything.
    pub fn new<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Guard, Error> {
        let allow =
            entries.into_iter().map(|entry| Allow::parse(entry.as_ref())).collect::<Result<_, _>>()?;
        Ok(Guard { allow })
    }

    /// One bad address refuses the target: which one a connection took would be chance. The error is a
    /// sentence that names the host, the address, and what would allow it.
    pub fn check(&self, host: &str, port: u16, addresses: &[IpAddr]) -> Result<(), String> {
        for &address in addresses {
            let Some(kind) = ranges::not_public(address) else { continue };
            if !self.allow.iter().any(|allow| allow.covers(host, port, address)) {
                return Err(forbidden(host, port, address, kind));
            }
        }
        Ok(())
    }

    /// A port that belongs to another protocol needs an entry `host:port`.
    pub fn check_http_port(&self, host: &str, port: u16) -> Result<(), String> {
        let known = OTHER_PROTOCOLS.contains(&port) || port == 0;
        if !known || self.allow.iter().any(|allow| allow.names(host, port)) {
            return Ok(());
        }
        let entry = allow::with_port(host, port);
        Err(format!("port {port} is not for HTTP; `{SETTING}: [\"{entry}\"]` allows it"))
    }
}

fn forbidden(host: &str, port: u16, address: IpAddr, kind: &str) -> String {
    let named = allow::with_port(host, port);
    if host.parse() == Ok(address) {
        return format!("{address} is {kind}; `{SETTING}: [\"{named}\"]` allows it");
    }
    format!(
        "{host} resolves to {address}, which is {kind}; `{SETTING}: [\"{address}\"]` or `[\"{named}\"]` allows it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow: &[&str], host: &str, port: u16, addresses: &[&str]) -> Result<(), String> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Guard::new(allow).unwrap().check(host, port, &addresses)
    }

    #[test]
    fn one_private_address_refuses_a_name() {
        assert_eq!(check(&[], "hooks.example", 443, &["1.1.1.1", "2606:4700::1111"]), Ok(()));
        let error = check(&[], "hooks.example", 443, &["1.1.1.1", "10.0.0.7"]).unwrap_err();
        assert_eq!(
            error,
            "hooks.example resolves to 10.0.0.7, which is a private address (10.0.0.0/8); \
             `alerting.allow_targets: [\"10.0.0.7\"]` or `[\"hooks.example:443\"]` allows it"
        );
        let error = check(&[], "::1", 9093, &["::1"]).unwrap_err();
        assert_eq!(
            error,
            "::1 is a loopback address (::1); `alerting.allow_targets: [\"[::1]:9093\"]` allows it"
        );
    }

    #[test]
    fn what_is_allowed_is_allowed_and_no_more() {
        assert_eq!(check(&["10.0.0.0/8"], "a.example", 80, &["10.200.0.1"]), Ok(()));
        assert!(check(&["10.0.0.0/8"], "a.example", 80, &["10.200.0.1", "192.168.0.1"]).is_err());
        assert_eq!(check(&["10.0.0.0/8"], "a.example", 80, &["::ffff:10.0.0.1"]), Ok(()));
        assert_eq!(check(&["127.0.0.1"], "127.0.0.1", 9, &["127.0.0.1"]), Ok(()));
        assert!(check(&["127.0.0.1"], "127.0.0.2", 9, &["127.0.0.2"]).is_err());
        assert_eq!(check(&["127.0.0.1:80"], "localhost", 80, &["127.0.0.1"]), Ok(()));
        assert!(check(&["127.0.0.1:80"], "localhost", 81, &["127.0.0.1"]).is_err());
        assert_eq!(check(&["AM.internal:9093"], "am.internal", 9093, &["fd00::1", "10.0.0.1"]), Ok(()));
        assert!(check(&["am.internal:9093"], "am.internal", 9094, &["10.0.0.1"]).is_err());
        assert!(check(&["am.internal:9093"], "xam.internal", 9093, &["10.0.0.1"]).is_err());
    }

    #[test]
    fn ports_of_other_protocols_need_an_entry() {
        let guard = Guard::new(["mail.example:25"]).unwrap();
        assert_eq!(guard.check_http_port("mail.example", 25), Ok(()));
        assert_eq!(guard.check_http_port("hooks.example", 8443), Ok(()));
        assert_eq!(
            guard.check_http_port("hooks.example", 25).unwrap_err(),
            "port 25 is not for HTTP; `alerting.allow_targets: [\"hooks.example:25\"]` allows it"
        );
    }
}
