//! A person's or a list's address: `ops@example.com` or `The ops team <ops@example.com>`.

use crate::error::Error;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

impl Mailbox {
    pub fn parse(text: &str) -> Result<Mailbox, Error> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
            None => ("", text),
        };
        let wrong = |why| Error::Address { address: text.to_owned(), why };
        if name.chars().any(char::is_control) {
            return Err(wrong("its name has control characters"));
        }
        check(address).map_err(wrong)?;
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Mailbox { name, address: address.to_owned() })
    }

    /// Several, with commas between them. A comma in quotation marks belongs to a name.
    pub fn parse_list(text: &str) -> Result<Vec<Mailbox>, Error> {
        let mut quoted = false;
        let separator = |c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        };
        let parts = text.split(separator).filter(|part| !part.trim().is_empty());
        parts.map(Mailbox::parse).collect()
    }

    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

/// The form without quotation marks and comments of RFC 5321, which is all that is given out; ASCII, since
/// others need SMTPUTF8 of every server on the way.
fn check(address: &str) -> Result<(), &'static str> {
    let (local, domain) = address.rsplit_once('@').ok_or("it has no @")?;
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || local.len() > 64 || !local.chars().all(atom) {
        return Err("the part before the @ is empty, too long or has characters that it can't have");
    }
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=63).contains(&part.len()) && part.chars().all(plain)
    };
    if domain.len() > 253 || !domain.split('.').all(part) {
        return Err("the part after the @ is not the name of a domain");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(String, String)> {
        let mailbox = Mailbox::parse(text).ok()?;
        Some((mailbox.name.unwrap_or_default(), mailbox.address))
    }

    #[test]
    fn an_address_with_a_name_and_without() {
        let pair = |name: &str, address: &str| Some((name.to_owned(), address.to_owned()));
        assert_eq!(parse(" ops@example.com "), pair("", "ops@example.com"));
        assert_eq!(parse("<ops@example.com>"), pair("", "ops@example.com"));
        assert_eq!(parse("Die Ops <o.p+s@ex-ample.com>"), pair("Die Ops", "o.p+s@ex-ample.com"));
        assert_eq!(parse("\"Ops, all\" <ops@localhost>"), pair("Ops, all", "ops@localhost"));
    }

    #[test]
    fn what_could_be_a_command_is_no_address() {
        for text in [
            "",
            "ops",
            "ops@",
            "@example.com",
            "ops@example..com",
            "o ps@example.com",
            "ops@example.com>",
            "ops@exa mple.com",
            "ops@example.com\r\nRCPT TO:<x@y>",
            "ops>@example.com",
            "öps@example.com",
            "Ops\r\nBcc: x@y.z <ops@example.com>",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_list_is_split_at_its_commas() {
        let list = Mailbox::parse_list("a@x.example, \"B, C\" <b@x.example>,").unwrap();
        let addresses: Vec<&str> = list.iter().map(|mailbox| mailbox.address.as_str()).collect();
        assert_eq!(addresses, ["a@x.example", "b@x.example"]);
        assert!(Mailbox::parse_list("a@x.example, b").is_err());
    }
}
