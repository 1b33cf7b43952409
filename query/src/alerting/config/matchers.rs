//! The three ways in which a route or an inhibit rule says what it is of.

use super::reader::{Fields, Reader};
use crate::alerting::matcher;
use crate::promql::select::{MatchOp, Matcher};

/// The keys: the list, the map of equal values, the map of regular expressions.
pub struct Keys {
    pub list: &'static str,
    pub equal: &'static str,
    pub regex: &'static str,
}

/// All of them, sorted as Alertmanager sorts them: their text is a part of group keys.
pub fn read(reader: &mut Reader, fields: &mut Fields, keys: &Keys) -> Vec<Matcher> {
    let mut matchers = Vec::new();
    for (key, op) in [(keys.equal, MatchOp::Equal), (keys.regex, MatchOp::Regex)] {
        for (name, value) in fields.pairs(reader, key) {
            match Matcher::new(op, &name, &value) {
                Ok(matcher) => matchers.push(matcher),
                Err(why) => reader.within(key, |reader| reader.problem_at(&name, why)),
            }
        }
    }
    fields.each(reader, keys.list, |reader, value| {
        let text = reader.text(value);
        match matcher::parse(&text) {
            Ok(parsed) => matchers.extend(parsed),
            Err(error) => reader.problem(format!("matcher {text}: {error}")),
        }
    });
    matcher::sort(&mut matchers);
    matchers
}
