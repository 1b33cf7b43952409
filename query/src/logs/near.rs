//! Names that were probably meant.

use crate::edit_distance::edit_distance;

/// How many names are told.
const MOST: usize = 3;

/// Those of some names that a wrong one is nearest to, the nearest first; none that is far off.
pub fn near<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wrong = wrong.to_lowercase();
    let far = (wrong.chars().count() / 3).max(1);
    let distance = |name: &'n str| {
        let lower = name.to_lowercase();
        // The last part of a long name, and its begin, are what people remember of it.
        let by_part = lower.rsplit('.').next().is_some_and(|part| part == wrong) || lower.starts_with(&wrong);
        (if by_part && wrong.len() > 2 { 1 } else { edit_distance(&wrong, &lower) }, name)
    };
    let mut found: Vec<(usize, &str)> = names.into_iter().map(distance).collect();
    found.retain(|(distance, _)| *distance <= far);
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// ", did you mean a or b?", or nothing.
pub fn did_you_mean(wrong: &str, names: &[&str]) -> String {
    match near(wrong, names.iter().copied())[..] {
        [] => String::new(),
        ref near => format!(", did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_told_and_far_ones_not() {
        assert_eq!(near("cuont", ["sum", "count", "max"]), ["count"]);
        assert_eq!(near("order_ids", ["order.id", "order_id", "user"]), ["order_id", "order.id"]);
        assert_eq!(near("method", ["http.request.method", "http.route"]), ["http.request.method"]);
        assert_eq!(near("took", ["took_ms", "look"]), ["look", "took_ms"]);
        assert!(near("zzz", ["count", "sum"]).is_empty());
        assert_eq!(did_you_mean("servce", &["service"]), ", did you mean service?");
        assert_eq!(did_you_mean(&"x".repeat(500), &["service"]), "");
    }
}
