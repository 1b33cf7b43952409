//! `ip("…")`: an address, a block of addresses, or a range.

use std::net::IpAddr;

/// The first and the last address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpTest {
    first: IpAddr,
    last: IpAddr,
}

impl IpTest {
    /// `192.168.0.1`, `192.168.0.0/16`, `192.168.0.1-192.168.0.9`, and the same in version 6.
    pub fn new(pattern: &str) -> Result<IpTest, String> {
        let wrong = || format!("ip: invalid pattern {pattern:?}: an address, a block or a range is expected");
        let address = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| wrong());
        if let Some((first, last)) = pattern.split_once('-') {
            let test = IpTest { first: address(first)?, last: address(last)? };
            let same = test.first.is_ipv4() == test.last.is_ipv4();
            return if same && test.first <= test.last { Ok(test) } else { Err(wrong()) };
        }
        let Some((base, bits)) = pattern.split_once('/') else {
            let only = address(pattern)?;
            return Ok(IpTest { first: only, last: only });
        };
        let bits: u32 = bits.trim().parse().map_err(|_| wrong())?;
        let host = |width: u32| width.checked_sub(bits).ok_or_else(wrong);
        Ok(match address(base)? {
            IpAddr::V4(base) => {
                let rest = 1u32.checked_shl(host(32)?).unwrap_or(0).wrapping_sub(1);
                let base = base.to_bits();
                IpTest { first: IpAddr::V4((base & !rest).into()), last: IpAddr::V4((base | rest).into()) }
            }
            IpAddr::V6(base) => {
                let rest = 1u128.checked_shl(host(128)?).unwrap_or(0).wrapping_sub(1);
                let base = base.to_bits();
                IpTest { first: IpAddr::V6((base & !rest).into()), last: IpAddr::V6((base | rest).into()) }
            }
        })
    }

    /// Whether a text is one of the addresses.
    pub fn is(&self, text: &str) -> bool {
        let holds = |address: IpAddr| {
            address.is_ipv4() == self.first.is_ipv4() && (self.first..=self.last).contains(&address)
        };
        text.parse().is_ok_and(holds)
    }

    /// Whether one of the addresses stands somewhere in a text.
    pub fn is_in(&self, text: &str) -> bool {
        let of_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
        text.split(|c| !of_address(c)).filter(|run| run.len() > 1).any(|run| {
            let bare = run.trim_end_matches(['.', ':']);
            // A port follows an address of version 4, and a word may end right before it.
            self.is(run) || self.is(bare) || run.split(':').any(|part| self.is(part.trim_end_matches('.')))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_blocks_and_ranges() {
        let is = |pattern: &str, text: &str| IpTest::new(pattern).unwrap().is_in(text);
        assert!(is("192.168.4.5/16", "from 192.168.9.1:80 to 10.0.0.1"));
        assert!(!is("192.168.4.5/16", "192.169.0.1"));
        assert!(is("192.168.0.1-192.168.0.9", "[192.168.0.9]"));
        assert!(!is("192.168.0.1-192.168.0.9", "192.168.0.10"));
        assert!(is("::1", "on ::1, port 5") && is("2001:db8::/32", "ip=2001:db8::5 x"));
        assert!(is("0.0.0.0/0", "8.8.8.8") && is("8.8.8.8/32", "8.8.8.8.") && !is("8.8.8.8", "x8.8.8.80"));
        assert!(
            ["", "x", "1.2.3.4/33", "1.2.3.9-1.2.3.4", "1.2.3.4-::1"].iter().all(|p| IpTest::new(p).is_err())
        );
    }
}
