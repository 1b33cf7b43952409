//! Which addresses are not the public internet, by the registries of special-purpose addresses of IANA
//! (RFC 6890 and its successors).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// First address, bits of the prefix, what it is.
const V4: [([u8; 4], u8, &str); 17] = [
    ([0, 0, 0, 0], 8, "an address of \"this network\" (0.0.0.0/8)"),
    ([10, 0, 0, 0], 8, "a private address (10.0.0.0/8)"),
    ([100, 64, 0, 0], 10, "an address shared behind a carrier's NAT (100.64.0.0/10)"),
    ([127, 0, 0, 0], 8, "a loopback address (127.0.0.0/8)"),
    // Where clouds give their machines metadata and credentials: 169.254.169.254.
    ([169, 254, 0, 0], 16, "a link-local address (169.254.0.0/16), as cloud metadata has"),
    ([172, 16, 0, 0], 12, "a private address (172.16.0.0/12)"),
    ([192, 0, 0, 0], 24, "an address for protocols (192.0.0.0/24)"),
    ([192, 0, 2, 0], 24, "an address for documentation (192.0.2.0/24)"),
    ([192, 88, 99, 0], 24, "a relay from IPv6 to IPv4 (192.88.99.0/24)"),
    ([192, 168, 0, 0], 16, "a private address (192.168.0.0/16)"),
    ([198, 18, 0, 0], 15, "an address for measurements (198.18.0.0/15)"),
    ([198, 51, 100, 0], 24, "an address for documentation (198.51.100.0/24)"),
    ([203, 0, 113, 0], 24, "an address for documentation (203.0.113.0/24)"),
    // A public address, but Azure answers its machines there as others do at 169.254.169.254.
    ([168, 63, 129, 16], 32, "an address of cloud metadata (168.63.129.16)"),
    ([224, 0, 0, 0], 4, "a multicast address (224.0.0.0/4)"),
    ([255, 255, 255, 255], 32, "the broadcast address"),
    ([240, 0, 0, 0], 4, "a reserved address (240.0.0.0/4)"),
];

const V6: [(Ipv6Addr, u8, &str); 14] = [
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address (::)"),
    (Ipv6Addr::LOCALHOST, 128, "a loopback address (::1)"),
    (v6(0, 0), 96, "an IPv4-compatible address (::/96)"),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        "an address of a local translation to IPv4 (64:ff9b:1::/48)",
    ),
    (v6(0x100, 0), 64, "an address that discards (100::/64)"),
    (v6(0x2001, 0), 32, "a Teredo address (2001::/32)"),
    (v6(0x2001, 0xdb8), 32, "an address for documentation (2001:db8::/32)"),
    (v6(0x2001, 0), 23, "an address for protocols (2001::/23)"),
    (v6(0x3fff, 0), 20, "an address for documentation (3fff::/20)"),
    (v6(0xfc00, 0), 7, "a private address (fc00::/7)"),
    (v6(0xfe80, 0), 10, "a link-local address (fe80::/10)"),
    (v6(0xfec0, 0), 10, "a site-local address (fec0::/10)"),
    (v6(0xff00, 0), 8, "a multicast address (ff00::/8)"),
    (v6(0x5f00, 0), 16, "an address of segment routing (5f00::/16)"),
];

const fn v6(first: u16, second: u16) -> Ipv6Addr {
    Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0)
}

/// What the address is, if it is not one of the public internet.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => not_public_v4(address),
        IpAddr::V6(address) => not_public_v6(address),
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    let within = |first: &[u8; 4], prefix: u8| (bits ^ u32::from_be_bytes(*first)) >> (32 - prefix) == 0;
    V4.iter().find(|(first, prefix, _)| within(first, *prefix)).map(|(_, _, kind)| *kind)
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(embedded) = embedded(address) {
        return not_public_v4(embedded);
    }
    let bits = u128::from(address);
    let within = |first: &Ipv6Addr, prefix: u8| (bits ^ u128::from(*first)) >> (128 - prefix) == 0;
    if let Some((_, _, kind)) = V6.iter().find(|(first, prefix, _)| within(first, *prefix)) {
        return Some(kind);
    }
    // Only 2000::/3 is given out; what is outside is for no receiver.
    (bits >> 125 != 1).then_some("not an address of the public internet")
}

/// The IPv4 address that a connection to this one ends at: mapped (the system connects to it), by NAT64
/// (RFC 6052, the well-known prefix) or by 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn public(address: &str) -> bool {
        not_public(address.parse().unwrap()).is_none()
    }

    #[test]
    fn the_edges_of_ranges() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "168.63.129.16",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::10.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:a9fe:a9fe::",
            "2001::1",
            "2001:db8::1",
            "2001:10::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "4000::1",
            "1fff::1",
        ] {
            assert!(!public(address), "{address} is not public");
        }
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "168.63.129.17",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00::1",
        ] {
            assert!(public(address), "{address} is public: {:?}", not_public(address.parse().unwrap()));
        }
    }

    /// What the standard library knows to be special, by its own tables.
    fn special(address: Ipv4Addr) -> bool {
        address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_unspecified()
            || address.is_documentation()
            || address.is_broadcast()
    }

    /// Any address, and as often one of a special range.
    fn any_v4() -> impl Strategy<Value = Ipv4Addr> {
        let near = (0..V4.len(), any::<u32>()).prop_map(|(range, random)| {
            let (first, prefix, _) = V4[range];
            let host_bits = if prefix == 32 { 0 } else { u32::MAX >> prefix };
            Ipv4Addr::from(u32::from_be_bytes(first) | (random & host_bits))
        });
        prop_oneof![any::<u32>().prop_map(Ipv4Addr::from), near]
    }

    proptest! {
        #[test]
        fn what_the_standard_library_knows_is_known(address in any_v4()) {
            if special(address) {
                prop_assert!(not_public_v4(address).is_some(), "{}", address);
            }
        }

        /// However an IPv4 address is written into an IPv6 one that leads to it, the answer is the same.
        #[test]
        fn an_address_does_not_hide_in_another(address in any_v4(), rest in any::<[u16; 5]>()) {
            let [a, b, c, d] = address.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            let plain = not_public_v4(address).is_some();
            prop_assert_eq!(not_public(address.to_ipv6_mapped().into()).is_some(), plain);
            let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low);
            prop_assert_eq!(not_public(nat64.into()).is_some(), plain);
            let [r0, r1, r2, r3, r4] = rest;
            let six_to_four = Ipv6Addr::new(0x2002, high, low, r0, r1, r2, r3, r4);
            prop_assert_eq!(not_public(six_to_four.into()).is_some(), plain);
            prop_assert!(not_public(Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low).into()).is_some());
        }

        #[test]
        fn only_global_unicast_is_public(address in any::<u128>()) {
            let address = Ipv6Addr::from(address);
            let global = address.segments()[0] >> 13 == 1 || embedded(address).is_some();
            prop_assert!(global || not_public(address.into()).is_some(), "{}", address);
            if address.is_unique_local() || address.is_unicast_link_local() || address.is_multicast() {
                prop_assert!(not_public(address.into()).is_some(), "{}", address);
            }
        }
    }
}
