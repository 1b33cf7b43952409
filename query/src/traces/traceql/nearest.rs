//! What was probably meant by a name that does not exist.

/// Further apart, two names have nothing to do with each other.
const MOST_EDITS: usize = 3;

/// The known name that is the fewest edits away, if it is near at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = MOST_EDITS.min(name.chars().count().div_ceil(2));
    let lower = name.to_lowercase();
    let near = known.into_iter().map(|other| (edits(&lower, &other.to_lowercase()), other));
    near.filter(|(edits, _)| *edits <= bound).min_by_key(|(edits, _)| *edits).map(|(_, other)| other)
}

/// How a message goes on with it; empty where nothing is near.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|other| format!("; did you mean {other}?")).unwrap_or_default()
}

/// Letters inserted, removed, replaced, or swapped with the next (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["duration", "name", "status", "kind"];
        assert_eq!(nearest("duratoin", known), Some("duration"));
        assert_eq!(nearest("Stat", known), Some("status"));
        assert_eq!(nearest("nmae", known), Some("name"));
        assert_eq!(nearest("http", known), None);
        assert_eq!(nearest("x", known), None);
        assert_eq!((edits("", "ab"), edits("ca", "ac"), edits("kitten", "sitting")), (2, 1, 3));
    }
}
