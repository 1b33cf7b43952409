//! Which colour a service has. One function for lists, maps, legends and waterfalls, so that a service
//! looks the same everywhere and for everybody.

use super::order::order;

/// Colour slots `--c1` to `--c8` of the style sheet.
pub const SLOTS: usize = 8;

/// A service's look: slot 0 to 7; `striped` where more services than slots share the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub slot: usize,
    pub striped: bool,
}

impl Look {
    /// The custom property that holds the colour.
    pub fn variable(self) -> &'static str {
        ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"][self.slot % SLOTS]
    }
}

/// 32-bit FNV-1a.
pub fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The look of each name, in the order given. The name's hash picks a slot; within a view, names
/// sorted alphabetically move on to the next free slot; above eight they share a slot, striped.
pub fn looks(names: &[String]) -> Vec<Look> {
    let mut order = order(names.len(), &|a, b| names[a].cmp(&names[b]));
    order.dedup_by(|a, b| names[*a] == names[*b]);
    let mut taken = [false; SLOTS];
    let mut looks = vec![Look { slot: 0, striped: false }; names.len()];
    for place in order {
        let home = fnv1a(&names[place]) as usize % SLOTS;
        let free = (0..SLOTS).map(|step| (home + step) % SLOTS).find(|&slot| !taken[slot]);
        let slot = free.unwrap_or(home);
        taken[slot] = true;
        for (index, name) in names.iter().enumerate() {
            if *name == names[place] {
                looks[index] = Look { slot, striped: free.is_none() };
            }
        }
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn fnv1a_of_the_reference_vectors() {
        // http://www.isthe.com/chongo/src/fnv/test_fnv.c
        assert_eq!(fnv1a(""), 0x811c_9dc5);
        assert_eq!(fnv1a("a"), 0xe40c_292c);
        assert_eq!(fnv1a("foobar"), 0xbf9c_f968);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let here = names(&["gateway", "auth", "order", "payment"]);
        let there = names(&["payment", "order", "auth", "gateway"]);
        let mut mirrored = looks(&there);
        mirrored.reverse();
        assert_eq!(looks(&here), mirrored);
    }

    #[test]
    fn eight_are_distinct_and_the_ninth_is_striped() {
        let all: Vec<String> = (0..9).map(|n| format!("s{n}")).collect();
        let looks = looks(&all);
        let mut slots: Vec<usize> = looks[..8].iter().map(|look| look.slot).collect();
        slots.sort_unstable();
        assert_eq!(slots, (0..8).collect::<Vec<_>>());
        assert!(looks[8].striped && looks[..8].iter().all(|look| !look.striped));
    }

    #[test]
    fn the_same_name_twice_has_one_look() {
        let looks = looks(&names(&["a", "b", "a"]));
        assert_eq!(looks[0], looks[2]);
        assert_ne!(looks[0], looks[1]);
    }
}
