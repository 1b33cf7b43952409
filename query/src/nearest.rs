//! What was probably meant by a name that does not exist.

use crate::edit_distance::edit_distance;

/// Further apart, two names have nothing to do with each other.
const MOST_EDITS: usize = 3;

/// The known name that is the fewest edits away, if it is near at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = MOST_EDITS.min(name.chars().count().div_ceil(2));
    let lower = name.to_lowercase();
    let near = known.into_iter().map(|other| (edit_distance(&lower, &other.to_lowercase()), other));
    near.filter(|(edits, _)| *edits <= bound).min_by_key(|(edits, _)| *edits).map(|(_, other)| other)
}

/// How a message goes on with it; empty where nothing is near.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|other| format!("; did you mean {other}?")).unwrap_or_default()
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
    }
}
