//! `status >= 500`, `took > 1s`, `size < 5MB`, `addr = ip("…")`: tests of a label.

use super::ast::{Compare, LabelFilter};
use super::ip::IpTest;
use super::pipeline::{ERROR, ERROR_DETAILS, Failure, Labels};
use super::units::{bytes, duration_ns};
use crate::promql::select::Matcher;

#[derive(Clone, Debug)]
pub enum LabelTest {
    Text(Matcher),
    Number {
        name: String,
        compare: Compare,
        value: f64,
    },
    /// Nanoseconds.
    Duration {
        name: String,
        compare: Compare,
        ns: f64,
        text: String,
    },
    Bytes {
        name: String,
        compare: Compare,
        bytes: f64,
        text: String,
    },
    Ip {
        name: String,
        negated: bool,
        test: IpTest,
        text: String,
    },
}

impl LabelFilter {
    pub fn passes(&self, labels: &mut Labels<'_>) -> bool {
        match self {
            LabelFilter::And(a, b) => a.passes(labels) && b.passes(labels),
            LabelFilter::Or(a, b) => a.passes(labels) || b.passes(labels),
            LabelFilter::Test(test) => test.passes(labels),
        }
    }

    /// The tests that all must hold.
    pub fn all_of(&self) -> Vec<&LabelTest> {
        match self {
            LabelFilter::And(a, b) => a.all_of().into_iter().chain(b.all_of()).collect(),
            LabelFilter::Test(test) => vec![test],
            LabelFilter::Or(..) => Vec::new(),
        }
    }
}

impl LabelTest {
    fn passes(&self, labels: &mut Labels<'_>) -> bool {
        let read = |text: &str| match self {
            LabelTest::Number { .. } => text.parse().ok(),
            LabelTest::Duration { .. } => duration_ns(text),
            _ => bytes(text),
        };
        let (name, compare, wanted) = match self {
            LabelTest::Text(matcher) => {
                return matcher.matches(labels.get(&matcher.name).unwrap_or_default());
            }
            LabelTest::Ip { name, negated, test, .. } => {
                return labels.get(name).is_some_and(|value| test.is(value.trim()) != *negated);
            }
            LabelTest::Number { name, compare, value } => (name, *compare, *value),
            LabelTest::Duration { name, compare, ns, .. } => (name, *compare, *ns),
            LabelTest::Bytes { name, compare, bytes, .. } => (name, *compare, *bytes),
        };
        // A line that went wrong before is told, whatever its labels: only texts filter it out.
        if labels.has_error() {
            return true;
        }
        let Some(value) = labels.get(name) else { return false };
        match read(value) {
            Some(found) => compare.holds(found, wanted),
            None => {
                let details = format!("can't read {value:?} of {name}");
                labels.fail(Failure::LabelFilter, details);
                true
            }
        }
    }

    pub fn name(&self) -> &str {
        match self {
            LabelTest::Text(matcher) => &matcher.name,
            LabelTest::Number { name, .. }
            | LabelTest::Duration { name, .. }
            | LabelTest::Bytes { name, .. }
            | LabelTest::Ip { name, .. } => name,
        }
    }

    /// Whether it is about what went wrong in stages before.
    pub fn is_of_errors(&self) -> bool {
        [ERROR, ERROR_DETAILS].contains(&self.name())
    }
}
