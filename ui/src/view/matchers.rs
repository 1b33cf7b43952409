//! Label matchers as Alertmanager writes them: `severity="page", team=~"a|b"`. They are what a silence is
//! made of; between words they also find alerts.

use super::text::lower;
use ocelli_api::alerts::{AlertSummary, LabelMatcher};
use std::collections::BTreeMap;

/// Whether a regular expression matches a whole value; none if it cannot be read. The browser has it.
pub type IsMatch = fn(pattern: &str, value: &str) -> Option<bool>;

/// What finds alerts: all of it must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub matchers: Vec<LabelMatcher>,
    /// In small letters; each must be in the name, a label or an annotation.
    pub words: Vec<String>,
}

/// Reads `name="value"` terms, with commas or spaces between them; a value in no quotes ends there.
pub fn parse(text: &str) -> Result<Vec<LabelMatcher>, String> {
    let filter = filter(text)?;
    match filter.words.first() {
        Some(word) => Err(format!("“{word}” is no matcher; write label=\"value\", !=, =~ or !~")),
        None if filter.matchers.is_empty() => Err("Name at least one label: severity=\"page\"".to_owned()),
        None => Ok(filter.matchers),
    }
}

/// The same, where what is no matcher is a word to be found.
pub fn filter(text: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    let is_between = |c: char| c == ',' || c.is_whitespace();
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let name_len = rest.find(|c: char| !(c.is_alphanumeric() || "_.:".contains(c))).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_len);
        let spaced = after.trim_start();
        let operator = ["=~", "!~", "!=", "="].into_iter().find(|operator| spaced.starts_with(operator));
        match operator.filter(|_| !name.is_empty()) {
            Some(operator) => {
                let (value, left) = value(spaced[operator.len()..].trim_start())?;
                filter.matchers.push(LabelMatcher {
                    name: name.to_owned(),
                    value,
                    is_regex: operator.ends_with('~'),
                    is_equal: !operator.starts_with('!'),
                });
                rest = left;
            }
            None => {
                let end = rest.find(is_between).unwrap_or(rest.len());
                filter.words.push(lower(&rest[..end]));
                rest = &rest[end..];
            }
        }
        rest = rest.trim_start_matches(is_between);
    }
    Ok(filter)
}

/// A value and what follows it.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &inner[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                // As in `\.` of a regular expression.
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("A quote is open: \" is missing at the end".to_owned())
}

/// One matcher as [`parse`] reads it.
pub fn written(matcher: &LabelMatcher) -> String {
    let operator = match (matcher.is_equal, matcher.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    let mut out = format!("{}{operator}\"", matcher.name);
    for c in matcher.value.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub fn all_written(matchers: &[LabelMatcher]) -> String {
    matchers.iter().map(written).collect::<Vec<_>>().join(", ")
}

/// The matchers that hide exactly the alerts with these labels.
pub fn of_labels(labels: &BTreeMap<String, String>) -> String {
    let exact = |(name, value): (&String, &String)| LabelMatcher {
        name: name.clone(),
        value: value.clone(),
        is_regex: false,
        is_equal: true,
    };
    all_written(&labels.iter().map(exact).collect::<Vec<_>>())
}

impl Filter {
    /// Refuses what nobody can say of whether it matches.
    pub fn checked(self, is_match: IsMatch) -> Result<Self, String> {
        let unreadable =
            self.matchers.iter().find(|matcher| matcher.is_regex && is_match(&matcher.value, "").is_none());
        match unreadable {
            Some(matcher) => Err(format!("The regular expression of {} cannot be read", written(matcher))),
            None => Ok(self),
        }
    }

    /// A label that is not there is an empty one, as in Alertmanager.
    pub fn holds(&self, alert: &AlertSummary, is_match: IsMatch) -> bool {
        let matches = |matcher: &LabelMatcher| {
            let value = alert.labels.get(&matcher.name).map_or("", String::as_str);
            let same = match matcher.is_regex {
                true => is_match(&matcher.value, value),
                false => Some(matcher.value == value),
            };
            same.is_some_and(|same| same == matcher.is_equal)
        };
        let has = |word: &String| {
            let texts = alert.labels.values().chain(alert.annotations.values()).chain([&alert.name]);
            texts.into_iter().any(|text| lower(text).contains(word))
        };
        self.matchers.iter().all(matches) && self.words.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough of a regular expression for a test: alternatives of whole texts.
    fn alternatives(pattern: &str, value: &str) -> Option<bool> {
        (!pattern.contains('[')).then(|| pattern.split('|').any(|one| one == value))
    }

    fn alert(labels: &[(&str, &str)]) -> AlertSummary {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        AlertSummary { name: "HighErrors".into(), labels, ..AlertSummary::default() }
    }

    #[test]
    fn what_is_read_is_written_again() {
        for (text, expect) in [
            ("a=b", r#"a="b""#),
            (r#"  a != "b c" ,x=~"1|2"  y!~z"#, r#"a!="b c", x=~"1|2", y!~"z""#),
            (r#"a="q\"w\\e\n""#, r#"a="q\"w\\e\n""#),
            (r#"a=~"b\.c""#, r#"a=~"b\\.c""#),
        ] {
            let matchers = parse(text).unwrap();
            assert_eq!(all_written(&matchers), expect);
            assert_eq!(parse(expect).unwrap(), matchers);
        }
        for wrong in ["", " , ", "word", "a=\"open", "=x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn labels_become_matchers_and_back() {
        let hostile = alert(&[("a", "</b>\"\\\n,x=1"), ("b", "")]);
        let text = of_labels(&hostile.labels);
        let filter = filter(&text).unwrap();
        assert!(filter.words.is_empty() && filter.matchers.len() == 2, "{filter:?}");
        assert!(filter.holds(&hostile, alternatives));
        assert!(!filter.holds(&alert(&[("a", "x")]), alternatives));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(filter("a=~\"[\" b").unwrap().checked(alternatives).is_err());
        assert!(filter("a=\"[\" b=~c").unwrap().checked(alternatives).is_ok());
    }

    #[test]
    fn words_and_matchers_find() {
        let page = alert(&[("severity", "page"), ("team", "Shop")]);
        for (text, expect) in [
            ("", true),
            ("higherr shop", true),
            ("other", false),
            ("severity=page", true),
            ("severity!=page", false),
            ("severity=~\"page|ticket\" errors", true),
            ("severity!~ticket", true),
            ("none=\"\"", true),
            // Nobody knows what this finds, so it finds nothing.
            ("severity=~\"[\"", false),
            ("severity!~\"[\"", false),
        ] {
            assert_eq!(filter(text).unwrap().holds(&page, alternatives), expect, "{text}");
        }
    }
}
