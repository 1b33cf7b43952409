//! What the shop sells and who buys: known to the services that store it and to the generator that
//! shops with it.

/// A product: `(sku, name, price in cents, stock after a delivery)`. The typewriter is scarce on
/// purpose, so that some orders are refused.
pub(crate) const PRODUCTS: [(&str, &str, i64, i64); 12] = [
    ("lens-35", "Lens, 35 mm", 42_900, 400),
    ("lens-85", "Lens, 85 mm", 61_500, 400),
    ("tripod", "Tripod", 12_900, 400),
    ("strap", "Shoulder strap", 3_450, 900),
    ("film-400", "Film, ISO 400", 1_190, 900),
    ("film-100", "Film, ISO 100", 1_090, 900),
    ("loupe", "Loupe", 2_600, 400),
    ("bag", "Camera bag", 8_900, 400),
    ("cable", "Release cable", 1_500, 900),
    ("lamp", "Darkroom lamp", 5_200, 400),
    ("tank", "Developing tank", 3_900, 400),
    ("typewriter", "Typewriter", 24_000, 3),
];

/// How many customers there are; the first is number 1.
pub(crate) const CUSTOMER_COUNT: i64 = 48;

const FIRST_NAMES: [&str; 8] = ["Ada", "Barbara", "Edsger", "Frances", "Grace", "Leslie", "Radia", "Tony"];
const LAST_NAMES: [&str; 6] = ["Adler", "Bauer", "Costa", "Duarte", "Ekström", "Fontaine"];

/// A made-up customer.
#[derive(Debug, PartialEq)]
pub(crate) struct Profile {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Kept as it is: nobody's password is in a demo.
    pub(crate) passphrase: String,
    pub(crate) tier: &'static str,
}

/// Customer number `id`, from 1 to [`CUSTOMER_COUNT`]; every fourth is of the tier `gold`.
pub(crate) fn customer(id: i64) -> Profile {
    let index = usize::try_from(id - 1).unwrap_or_default();
    let first = FIRST_NAMES[index % FIRST_NAMES.len()];
    let last = LAST_NAMES[index / FIRST_NAMES.len() % LAST_NAMES.len()];
    Profile {
        id,
        name: format!("{first} {last}"),
        email: format!("customer{id}@shop.example"),
        passphrase: format!("{} likes film {id}", first.to_lowercase()),
        tier: if id % 4 == 0 { "gold" } else { "standard" },
    }
}

/// A card that the third party always declines.
pub(crate) const DECLINED_CARD: &str = "4000000000000002";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn customers_differ_and_a_quarter_is_gold() {
        let all: Vec<Profile> = (1..=CUSTOMER_COUNT).map(customer).collect();
        let names: HashSet<&str> = all.iter().map(|profile| profile.name.as_str()).collect();
        assert_eq!(names.len(), all.len(), "two customers share a name");
        let gold = all.iter().filter(|profile| profile.tier == "gold").count();
        assert_eq!(gold * 4, all.len());
    }
}
