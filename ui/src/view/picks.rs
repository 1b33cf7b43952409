//! The traces that are picked for a comparison, as the page's address has them: `pick=ID,ID`.

/// So many can be compared.
const MOST: usize = 2;

pub fn ids(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|id| !id.is_empty()).take(MOST).collect()
}

/// Picks one more, or lets it go; the first gives way to a third.
pub fn toggle(text: &str, id: &str) -> String {
    let mut picked = ids(text);
    let before = picked.len();
    picked.retain(|other| *other != id);
    if picked.len() == before {
        if picked.len() == MOST {
            picked.remove(0);
        }
        picked.push(id);
    }
    picked.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_most() {
        assert_eq!(toggle("", "a"), "a");
        assert_eq!(toggle("a", "b"), "a,b");
        assert_eq!(toggle("a,b", "c"), "b,c");
        assert_eq!(toggle("a,b", "a"), "b");
        assert_eq!(ids(" a,,b ,c"), ["a", "b"]);
        assert_eq!(ids(""), [""; 0]);
    }
}
