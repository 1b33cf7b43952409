//! Names that were probably meant.

/// How many names are told.
const MOST: usize = 3;
/// Longer names are not compared: the cost grows with the product of the lengths.
const LONGEST: usize = 128;

/// Those of some names that a wrong one is nearest to, the nearest first; none that is far off.
pub fn near<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wrong = wrong.to_lowercase();
    let far = (wrong.chars().count() / 3).max(1);
    let distance = |name: &'n str| {
        let lower = name.to_lowercase();
        // The last part of a long name, and its begin, are what people remember of it.
        let by_part = lower.rsplit('.').next().is_some_and(|part| part == wrong) || lower.starts_with(&wrong);
        (if by_part && wrong.len() > 2 { 1 } else { distance(&wrong, &lower) }, name)
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

/// Letters to add, leave out, replace or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
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
    fn near_names_are_told_and_far_ones_not() {
        assert_eq!(distance("cuont", "count"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(near("cuont", ["sum", "count", "max"]), ["count"]);
        assert_eq!(near("order_ids", ["order.id", "order_id", "user"]), ["order_id", "order.id"]);
        assert_eq!(near("method", ["http.request.method", "http.route"]), ["http.request.method"]);
        assert_eq!(near("took", ["took_ms", "look"]), ["look", "took_ms"]);
        assert!(near("zzz", ["count", "sum"]).is_empty());
        assert_eq!(did_you_mean("servce", &["service"]), ", did you mean service?");
        assert_eq!(did_you_mean(&"x".repeat(500), &["service"]), "");
    }
}
