//! Silences: whom nobody is told of for a time.

use super::matcher;
use crate::promql::labels::Labels;
use crate::promql::select::Matcher;
use serde::{Deserialize, Serialize};

/// A silence as it is kept. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// A UUID.
    pub id: String,
    /// Each as it is written: `severity="page"`. All must match.
    pub matchers: Vec<String>,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub created_by: String,
    pub comment: String,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceState {
    Pending,
    Active,
    Expired,
}

impl SilenceState {
    /// Alertmanager's word.
    pub fn as_str(self) -> &'static str {
        match self {
            SilenceState::Pending => "pending",
            SilenceState::Active => "active",
            SilenceState::Expired => "expired",
        }
    }
}

impl Silence {
    pub fn state(&self, now_ms: i64) -> SilenceState {
        if now_ms < self.starts_at_ms {
            SilenceState::Pending
        } else if now_ms < self.ends_at_ms {
            SilenceState::Active
        } else {
            SilenceState::Expired
        }
    }

    /// Whether one that is put in the place of this hides the same alerts; another set is another silence.
    pub fn has_matchers_of(&self, other: &Silence) -> bool {
        let sorted = |silence: &Silence| {
            let mut matchers = silence.matchers.clone();
            matchers.sort();
            matchers
        };
        sorted(self) == sorted(other)
    }

    /// What is wrong with one that is to begin, all of it.
    pub fn check(&self, now_ms: i64) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        match compiled(&self.matchers) {
            Err(why) => wrong.push(why),
            Ok(matchers) if matchers.is_empty() => {
                wrong.push("a silence needs a matcher; all alerts match none".to_owned());
            }
            Ok(matchers) if matchers.iter().all(|matcher| matcher.matches("")) => {
                wrong.push("all matchers match the empty text, and so every alert without these labels; one must not".to_owned());
            }
            Ok(_) => {}
        }
        if self.ends_at_ms <= self.starts_at_ms {
            wrong.push("the end must be later than the start".to_owned());
        } else if self.ends_at_ms <= now_ms {
            wrong.push("the end is in the past".to_owned());
        }
        if self.created_by.trim().is_empty() {
            wrong.push("a silence needs an author (createdBy)".to_owned());
        }
        if self.comment.trim().is_empty() {
            wrong.push("a silence needs a comment".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

fn compiled(texts: &[String]) -> Result<Vec<Matcher>, String> {
    let mut matchers = Vec::with_capacity(texts.len());
    for text in texts {
        match matcher::parse(text).map_err(|error| format!("matcher {text}: {error}"))?.as_slice() {
            [one] => matchers.push(one.clone()),
            _ => return Err(format!("matcher {text:?}: one is expected")),
        }
    }
    Ok(matchers)
}

/// A silence with its matchers compiled.
#[derive(Clone, Debug)]
pub struct CompiledSilence {
    pub silence: Silence,
    matchers: Vec<Matcher>,
}

impl CompiledSilence {
    /// The error is the text for the user.
    pub fn new(silence: Silence) -> Result<CompiledSilence, String> {
        Ok(CompiledSilence { matchers: compiled(&silence.matchers)?, silence })
    }

    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// Whether it is of this alert, at whatever time.
    pub fn is_of(&self, labels: &Labels) -> bool {
        matcher::all_match(&self.matchers, labels)
    }

    pub fn hides(&self, labels: &Labels, now_ms: i64) -> bool {
        self.silence.state(now_ms) == SilenceState::Active && self.is_of(labels)
    }

    /// Which of the alerts it would hide while it is active; for a preview before it is made.
    pub fn would_hide<'a, T>(
        &self,
        alerts: impl IntoIterator<Item = (&'a Labels, T)>,
    ) -> impl Iterator<Item = T> {
        alerts.into_iter().filter(|(labels, _)| self.is_of(labels)).map(|(_, alert)| alert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(matchers: &[&str]) -> Silence {
        Silence {
            id: "1".to_owned(),
            matchers: matchers.iter().map(|text| (*text).to_owned()).collect(),
            starts_at_ms: 1_000,
            ends_at_ms: 2_000,
            created_by: "ada".to_owned(),
            comment: "upgrade".to_owned(),
            created_at_ms: 500,
            updated_at_ms: 500,
        }
    }

    #[test]
    fn states_have_ends() {
        let silence = silence(&["a=b"]);
        let states = [999, 1_000, 1_999, 2_000].map(|now_ms| silence.state(now_ms).as_str());
        assert_eq!(states, ["pending", "active", "active", "expired"]);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let wrong =
            |silence: Silence| silence.check(900).map_or_else(|all| all.join("; "), |()| String::new());
        assert_eq!(wrong(silence(&[r#"a="b""#, "c!=d"])), "");
        assert!(wrong(silence(&["c!=d", r#"e=~".*""#])).starts_with("all matchers match the empty text"));
        assert!(wrong(silence(&[])).starts_with("a silence needs a matcher"));
        assert!(wrong(silence(&["a=~("])).contains("unclosed group"));
        assert!(wrong(silence(&["a=b,c=d"])).contains("one is expected"));
        let bad = Silence {
            ends_at_ms: 1_000,
            created_by: " ".to_owned(),
            comment: String::new(),
            ..silence(&["a=b"])
        };
        assert_eq!(
            wrong(bad),
            "the end must be later than the start; a silence needs an author (createdBy); a silence needs a comment"
        );
        assert_eq!(silence(&["a=b"]).check(2_000).unwrap_err(), ["the end is in the past"]);
    }

    #[test]
    fn it_hides_what_it_matches_while_it_is_active() {
        let compiled = CompiledSilence::new(silence(&["a=b"])).unwrap();
        let (one, other) = (Labels::new([("a", "b"), ("x", "y")]), Labels::new([("a", "c")]));
        assert!(
            compiled.hides(&one, 1_000) && !compiled.hides(&one, 2_000) && !compiled.hides(&other, 1_000)
        );
        let hidden: Vec<i32> = compiled.would_hide([(&one, 1), (&other, 2)]).collect();
        assert_eq!(hidden, [1]);
    }

    #[test]
    fn records_are_read_again() {
        let silence = silence(&["a=b"]);
        let text = serde_json::to_string(&silence).unwrap();
        assert_eq!(serde_json::from_str::<Silence>(&text).unwrap(), silence);
    }
}
