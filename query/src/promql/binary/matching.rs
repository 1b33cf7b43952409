//! Operators between two instant vectors: series meet by their matching labels, one to one or many
//! to one. Labels are matched once; only the presence of samples is looked at step by step.

use super::element::Operation;
use super::set::signature;
use crate::Error;
use crate::promql::ast::{Cardinality, Matching};
use crate::promql::eval::Eval;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, Series};
use std::collections::HashMap;

/// The series of one signature on both sides, by their places.
#[derive(Default)]
struct Group {
    many: Vec<usize>,
    one: Vec<usize>,
}

struct Matcher<'a> {
    op: &'a Operation<'a>,
    matching: &'a Matching,
    /// With `group_right` the left side is the "one" side.
    swapped: bool,
    many: Vec<Series>,
    one: Vec<Series>,
    /// Result series by labels.
    places: HashMap<Labels, usize>,
    /// The place of the result of a pair; none stands for a filled-in side.
    pairs: HashMap<(Option<usize>, Option<usize>), usize>,
    out: Vec<Series>,
    /// The steps at which there is anything to match.
    live: Vec<bool>,
}

pub fn eval(
    eval: &Eval,
    op: &Operation,
    matching: &Matching,
    lhs: Vec<Series>,
    rhs: Vec<Series>,
) -> Result<Vec<Series>, Error> {
    let swapped = matching.card == Cardinality::OneToMany;
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    let mut order: Vec<Labels> = Vec::new();
    let mut groups: HashMap<Labels, Group> = HashMap::new();
    for (side, is_many) in [(&many, true), (&one, false)] {
        for (at, series) in side.iter().enumerate() {
            let key = signature(matching, &series.labels);
            let group = groups.entry(key.clone()).or_insert_with(|| {
                order.push(key);
                Group::default()
            });
            if is_many { group.many.push(at) } else { group.one.push(at) }
        }
    }
    let mut matcher = Matcher {
        op,
        matching,
        swapped,
        many,
        one,
        places: HashMap::new(),
        pairs: HashMap::new(),
        out: Vec::new(),
        live: Vec::new(),
    };
    matcher.live = (0..eval.steps()).map(|step| matcher.is_live(step)).collect();
    for key in &order {
        eval.check()?;
        matcher.group(key, &groups[key])?;
    }
    matcher.out.retain(|series| series.values.iter().any(Option::is_some));
    Ok(matcher.out)
}

impl Matcher<'_> {
    /// Both sides have samples, or one has and the other is filled in.
    fn is_live(&self, step: usize) -> bool {
        let present = |side: &[Series]| side.iter().any(|series| series.values[step].is_some());
        let (many, one) = (present(&self.many), present(&self.one));
        let filled = self.matching.fill_left.is_some() || self.matching.fill_right.is_some();
        (many && one) || (filled && (many || one))
    }

    fn live_steps(&self) -> Vec<usize> {
        (0..self.live.len()).filter(|step| self.live[*step]).collect()
    }

    fn group(&mut self, key: &Labels, group: &Group) -> Result<(), Error> {
        let (fill_many, fill_one) = match self.swapped {
            true => (self.matching.fill_right, self.matching.fill_left),
            false => (self.matching.fill_left, self.matching.fill_right),
        };
        if (group.one.is_empty() && fill_one.is_none()) || (group.many.is_empty() && fill_many.is_none()) {
            return self.check_one_side(key, group);
        }
        // Where each result of the group was last made.
        let mut made_at: HashMap<usize, usize> = HashMap::new();
        for step in self.live_steps() {
            let one = self.only_one(key, group, step)?;
            let present = |at: &&usize| self.many[**at].values[step].is_some();
            let many: Vec<usize> = group.many.iter().filter(present).copied().collect();
            if many.is_empty() {
                if let (Some(one), Some(fill)) = (one, fill_many) {
                    self.cell(None, Some(one), step, Some(fill), &mut made_at)?;
                }
                continue;
            }
            for at in many {
                match (one, fill_one) {
                    (Some(one), _) => self.cell(Some(at), Some(one), step, None, &mut made_at)?,
                    (None, Some(fill)) => self.cell(Some(at), None, step, Some(fill), &mut made_at)?,
                    (None, None) => {}
                }
            }
        }
        Ok(())
    }

    /// Duplicates on the "one" side are an error also where nothing matches them.
    fn check_one_side(&self, key: &Labels, group: &Group) -> Result<(), Error> {
        if group.one.len() > 1 {
            for step in self.live_steps() {
                self.only_one(key, group, step)?;
            }
        }
        Ok(())
    }

    fn only_one(&self, key: &Labels, group: &Group, step: usize) -> Result<Option<usize>, Error> {
        let mut present = group.one.iter().filter(|at| self.one[**at].values[step].is_some());
        let first = present.next().copied();
        let (Some(a), Some(b)) = (first, present.next()) else { return Ok(first) };
        let side = if self.swapped { "left" } else { "right" };
        let mut both = [self.one[a].labels.to_string(), self.one[*b].labels.to_string()];
        both.sort();
        let [a, b] = both;
        Err(Error::Execution(format!(
            "found duplicate series for the match group {key} on the {side} hand-side of the operation: [{a}, {b}];many-to-many matching not allowed: matching labels must be unique on one side"
        )))
    }

    /// Computes one cell of the result.
    fn cell(
        &mut self,
        many: Option<usize>,
        one: Option<usize>,
        step: usize,
        fill: Option<f64>,
        made_at: &mut HashMap<usize, usize>,
    ) -> Result<(), Error> {
        let fill = fill.map(Sample::Float);
        let sample = |side: &[Series], at: Option<usize>| match at {
            Some(at) => side[at].values[step].clone(),
            None => fill.clone(),
        };
        let (Some(a), Some(b)) = (sample(&self.many, many), sample(&self.one, one)) else { return Ok(()) };
        let result = if self.swapped { self.op.apply(&b, &a) } else { self.op.apply(&a, &b) };
        let Ok(result) = result else { return Ok(()) };
        let place = self.place(many, one);
        // One to one, a group has one result whatever its labels.
        let one_to_one = self.matching.card == Cardinality::OneToOne;
        if made_at.insert(if one_to_one { 0 } else { place }, step) == Some(step) {
            let why = match one_to_one {
                true => "many-to-one matching must be explicit (group_left/group_right)",
                false => "grouping labels must ensure unique matches",
            };
            return Err(Error::Execution(format!("multiple matches for labels: {why}")));
        }
        let Some(result) = result else { return Ok(()) };
        let cell = &mut self.out[place].values[step];
        if cell.is_some() {
            return Err(Error::Execution("vector cannot contain metrics with the same labelset".to_owned()));
        }
        *cell = Some(result);
        Ok(())
    }

    /// The result series of a pair.
    fn place(&mut self, many: Option<usize>, one: Option<usize>) -> usize {
        if let Some(place) = self.pairs.get(&(many, one)) {
            return *place;
        }
        let labels = self.result_labels(many, one);
        // As in Prometheus: arithmetic takes the name off at once, and what is only compared gets
        // its name back even where it was to be dropped.
        let drop_name = self.op.bool;
        let (out, steps) = (&mut self.out, self.live.len());
        let place = *self.places.entry(labels.clone()).or_insert_with(|| {
            out.push(Series { labels, drop_name, values: vec![None; steps] });
            out.len() - 1
        });
        self.pairs.insert((many, one), place);
        place
    }

    /// A side without a sample has the labels that it would match by.
    fn result_labels(&self, many: Option<usize>, one: Option<usize>) -> Labels {
        let many = many.map(|at| &self.many[at].labels);
        let one = one.map(|at| &self.one[at].labels);
        let stand_in = |other: Option<&Labels>| {
            other.map_or_else(Labels::default, |labels| signature(self.matching, labels))
        };
        let mut labels = many.cloned().unwrap_or_else(|| stand_in(one));
        if self.op.changes_metric() {
            labels = labels.without_name();
        }
        if self.matching.card == Cardinality::OneToOne {
            let listed = |name: &str| self.matching.labels.iter().any(|label| label == name);
            return labels.filtered(|name| listed(name) == self.matching.on);
        }
        let one = one.cloned().unwrap_or_else(|| stand_in(many));
        self.matching.include.iter().fold(labels, |labels, name| labels.with(name, one.get(name)))
    }
}
