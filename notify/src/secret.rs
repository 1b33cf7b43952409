//! Texts that no error, log line or page may show.

use serde::Deserialize;
use std::fmt;

const HIDDEN: &str = "***";
/// A shorter secret is not looked for in what a receiver says: it would stand there by chance.
const SHORTEST: usize = 6;

/// A password, token or key. It shows itself to nobody by accident.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// What a receiver says, made fit to be shown: without the secrets that it repeats, on one line, and short.
pub(crate) fn shown<'a>(said: &str, secrets: impl IntoIterator<Item = &'a str>, most_chars: usize) -> String {
    let mut secrets: Vec<&str> = secrets.into_iter().filter(|secret| secret.len() >= SHORTEST).collect();
    // The longest first: one may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut text = said.to_owned();
    for secret in secrets {
        text = text.replace(secret, HIDDEN);
    }
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = one_line.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(most_chars) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret:?}"), "***");
        let said = "no such path /services/T0/hunter2\r\n\tsorry, hunter2!";
        assert_eq!(
            shown(said, ["hunter2", "/services/T0/hunter2", "T0"], 300),
            "no such path *** sorry, ***!"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shown(&"ü".repeat(500), [], 3), "üüü…");
        assert_eq!(shown("üüü", [], 3), "üüü");
    }
}
