//! Inhibit rules: while some alerts fire, nobody is told of others.

use super::matchers::{self, Keys};
use super::reader::{Fields, Reader};
use crate::promql::select::Matcher;

/// A firing alert that the source is of hides those that the target is of and whose values of all labels in
/// `equal` are the same. An absent label is an empty one. An alert that both are of is not hidden by another such.
#[derive(Clone, Debug)]
pub struct InhibitRule {
    pub name: String,
    pub source: Vec<Matcher>,
    pub target: Vec<Matcher>,
    pub equal: Vec<String>,
}

const SOURCE: Keys = Keys { list: "source_matchers", equal: "source_match", regex: "source_match_re" };
const TARGET: Keys = Keys { list: "target_matchers", equal: "target_match", regex: "target_match_re" };

pub fn read(reader: &mut Reader, file: &mut Fields) -> Vec<InhibitRule> {
    let mut rules = Vec::new();
    file.each(reader, "inhibit_rules", |reader, value| {
        let mut fields = reader.fields(value);
        let rule = InhibitRule {
            name: fields.text(reader, "name"),
            source: matchers::read(reader, &mut fields, &SOURCE),
            target: matchers::read(reader, &mut fields, &TARGET),
            equal: fields.texts(reader, "equal"),
        };
        fields.finish(reader, "an inhibit rule", &[]);
        rules.push(rule);
    });
    rules
}
