//! Values of a dashboard as the texts of its form.

use crate::view::text::{number, shortest};
use ocelli_api::dashboards::{Level, Threshold};

/// `ok, 0.01 warn, 0.05 error`: from which value on it is how.
pub fn thresholds(all: &[Threshold]) -> String {
    let one = |threshold: &Threshold| {
        let level = LEVELS.iter().find(|level| level.1 == threshold.level).map_or("", |level| level.0);
        threshold.value.map_or_else(|| level.to_owned(), |value| format!("{} {level}", shortest(value)))
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

const LEVELS: [(&str, Level); 4] =
    [("ok", Level::Ok), ("info", Level::Info), ("warn", Level::Warn), ("error", Level::Error)];

/// The other way. What cannot be read is left out.
pub fn read_thresholds(text: &str) -> Vec<Threshold> {
    let one = |text: &str| {
        let mut words = text.split_whitespace().rev();
        let word = words.next()?;
        let level = LEVELS.iter().find(|level| level.0 == word)?.1;
        match words.next() {
            None => Some(Threshold { value: None, level }),
            Some(value) => Some(Threshold { value: Some(number(value)?), level }),
        }
    };
    text.split(',').filter_map(one).collect()
}

pub fn read_number(text: &str) -> Option<f64> {
    number(text.trim())
}

/// Words with commas between.
pub fn list(all: &[String]) -> String {
    all.join(", ")
}

pub fn read_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_written_and_read() {
        let text = "ok, 0.01 warn, 5 error";
        assert_eq!(thresholds(&read_thresholds(text)), text);
        assert_eq!(read_thresholds(" 1 bad,, warn ,x error").len(), 1);
        assert_eq!(read_thresholds(""), []);
    }

    #[test]
    fn lists_are_words() {
        assert_eq!(read_list(" a,, b c ,"), ["a", "b c"]);
        assert_eq!(list(&read_list("a,b")), "a, b");
        assert_eq!((read_number(" 5 "), read_number("")), (Some(5.0), None));
    }
}
