//! `and`, `or`, `unless`: they choose series by whether the other side has a partner at that step.

use crate::Error;
use crate::promql::ast::{Binary, BinaryOp, Matching};
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::merge::merge_equal;
use crate::promql::value::Series;
use std::collections::HashMap;

/// The labels that two sides are matched by.
pub fn signature(matching: &Matching, labels: &Labels) -> Labels {
    if matching.on {
        labels.filtered(|name| matching.labels.iter().any(|label| label == name))
    } else {
        labels.filtered(|name| name != METRIC_NAME && !matching.labels.iter().any(|label| label == name))
    }
}

pub fn eval(binary: &Binary, lhs: Vec<Series>, rhs: Vec<Series>) -> Result<Vec<Series>, Error> {
    match binary.op {
        BinaryOp::And => Ok(chosen(lhs, &presence(&binary.matching, &rhs), &binary.matching, true)),
        BinaryOp::Unless => Ok(chosen(lhs, &presence(&binary.matching, &rhs), &binary.matching, false)),
        _ => {
            let taken = presence(&binary.matching, &lhs);
            let mut all = lhs;
            all.extend(chosen(rhs, &taken, &binary.matching, false));
            merge_equal(all)
        }
    }
}

type Presence = HashMap<Labels, Vec<bool>>;

/// At which steps any series of a signature has a sample.
fn presence(matching: &Matching, vector: &[Series]) -> Presence {
    let mut presence = Presence::new();
    for series in vector {
        let steps = presence
            .entry(signature(matching, &series.labels))
            .or_insert_with(|| vec![false; series.values.len()]);
        for (present, cell) in steps.iter_mut().zip(&series.values) {
            *present |= cell.is_some();
        }
    }
    presence
}

/// The samples whose partner is, or is not, there.
fn chosen(vector: Vec<Series>, presence: &Presence, matching: &Matching, wanted: bool) -> Vec<Series> {
    let mut out = Vec::with_capacity(vector.len());
    for mut series in vector {
        match presence.get(&signature(matching, &series.labels)) {
            Some(steps) => {
                for (cell, present) in series.values.iter_mut().zip(steps) {
                    if *present != wanted {
                        *cell = None;
                    }
                }
            }
            None if wanted => continue,
            None => {}
        }
        if series.values.iter().any(Option::is_some) {
            out.push(series);
        }
    }
    out
}
