//! Dashboards: whether one can be used ([`check`]), and what Grafana's become ([`grafana`]). Nothing here keeps them.

pub mod check;
pub mod grafana;
#[cfg(test)]
mod interpolation_tests;

use ocelli_api::dashboards::limits::MAX_ID_BYTES;

/// An id made of a title: its letters and digits, with dashes between the words.
pub fn id_of(title: &str) -> String {
    let mut id = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            id.push(c.to_ascii_lowercase());
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    // With room for what tells two of one title apart.
    id.truncate(MAX_ID_BYTES - 20);
    let id = id.trim_matches('-');
    if id.is_empty() { "dashboard".to_owned() } else { id.to_owned() }
}

/// Whether a text can be an id.
pub fn is_id(text: &str) -> bool {
    let is_sign = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !text.is_empty() && text.len() <= MAX_ID_BYTES && text.bytes().all(is_sign) && !text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_titles() {
        assert_eq!(id_of("Node Exporter / Full"), "node-exporter-full");
        assert_eq!(id_of("  (1) Ünïcode!! "), "1-n-code");
        assert_eq!(id_of("日本"), "dashboard");
        for title in ["../../etc", "<script>", "a\0b\n", &"long ".repeat(100), "-"] {
            assert!(is_id(&id_of(title)), "{title}");
        }
        for wrong in ["", "A", "a/b", "..", "a b", "-a", &"a".repeat(81)] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }
}
