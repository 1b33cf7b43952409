//! Before evaluation: durations get their values, selectors their places and the time that they
//! need, and constant parts are told.

use super::ast::*;
use super::duration::{Context, DurationExpr};
use super::functions::{common_time, info_name_matchers};
use super::select::Selection;
use crate::Error;

/// The times of a query, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct QueryTimes {
    pub start: i64,
    pub end: i64,
    /// 0 for an instant query.
    pub step: i64,
    pub lookback: i64,
    /// The resolution of subqueries that name none.
    pub default_step: i64,
}

/// Resolves durations in place and gives what is to be selected, by selector id.
pub fn plan(expr: &mut Expr, times: &QueryTimes) -> Result<Vec<Selection>, Error> {
    let context = Context { step_ms: times.step, range_ms: times.end - times.start };
    let mut planner = Planner { times, context, selections: Vec::new() };
    planner.visit(expr, times.start, times.end)?;
    Ok(planner.selections)
}

struct Planner<'a> {
    times: &'a QueryTimes,
    context: Context,
    selections: Vec<Selection>,
}

impl Planner<'_> {
    /// `start` to `end` are the times that this node is evaluated at.
    fn visit(&mut self, expr: &mut Expr, start: i64, end: i64) -> Result<(), Error> {
        match &mut expr.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => Ok(()),
            ExprKind::Paren(inner) | ExprKind::Negate(inner) => self.visit(inner, start, end),
            ExprKind::Binary(binary) => {
                self.visit(&mut binary.lhs, start, end)?;
                self.visit(&mut binary.rhs, start, end)
            }
            ExprKind::Aggregate(aggregate) => {
                unwrap(&mut aggregate.expr);
                if let Some(param) = &mut aggregate.param {
                    unwrap(param);
                    self.visit(param, start, end)?;
                }
                self.visit(&mut aggregate.expr, start, end)
            }
            ExprKind::Call(call) if call.function.name == "info" => {
                call.args.iter_mut().for_each(unwrap);
                self.info(call, &expr.span, start, end)
            }
            ExprKind::Call(call) => {
                call.args.iter_mut().for_each(unwrap);
                call.args.iter_mut().try_for_each(|arg| self.visit(arg, start, end))
            }
            ExprKind::Vector(selector) => {
                let (start, mut end) = self.shift(&mut selector.time, start, end)?;
                if selector.mode == RangeMode::Smoothed {
                    end += self.times.lookback;
                }
                self.select(selector, start - self.times.lookback, end);
                Ok(())
            }
            ExprKind::Matrix(selector, range) => {
                let range = self.length(range)?;
                let (mut start, mut end) = self.shift(&mut selector.time, start, end)?;
                if selector.mode != RangeMode::Plain {
                    start -= self.times.lookback;
                }
                if selector.mode == RangeMode::Smoothed {
                    end += self.times.lookback;
                }
                self.select(selector, start - range, end);
                Ok(())
            }
            ExprKind::Subquery(subquery) => {
                let range = self.length(&mut subquery.range)?;
                if let Some(step) = &mut subquery.step {
                    self.length(step)?;
                }
                let (start, end) = self.shift(&mut subquery.time, start, end)?;
                self.visit(&mut subquery.expr, start - range, end)
            }
        }
    }

    /// The second argument selects by the names of info metrics; where it is absent it is put there.
    fn info(&mut self, call: &mut Call, span: &Span, start: i64, end: i64) -> Result<(), Error> {
        self.visit(&mut call.args[0], start, end)?;
        if call.args.len() < 2 {
            let selector = Selector {
                matchers: Vec::new(),
                named: false,
                time: TimeShift::default(),
                mode: RangeMode::Plain,
                id: 0,
            };
            call.args.push(Expr { kind: ExprKind::Vector(selector), span: span.clone() });
        }
        let [base, labels, ..] = &mut call.args[..] else {
            return Err(Error::Internal("info() without its selector".to_owned()));
        };
        let ExprKind::Vector(selector) = &mut labels.kind else {
            let message = "expected a label selector as the second argument of info()".to_owned();
            return Err(Error::BadQuery { message, offset: Some(labels.span.start) });
        };
        // They are looked at when the first argument's selectors are.
        selector.time = common_time(base).unwrap_or_default();
        let (start, end) = self.shift(&mut selector.time, start, end)?;
        self.select(selector, start - self.times.lookback, end);
        if let Some(selection) = self.selections.last_mut() {
            selection.matchers = info_name_matchers(selector);
        }
        Ok(())
    }

    fn select(&mut self, selector: &mut Selector, after_ms: i64, until_ms: i64) {
        selector.id = self.selections.len();
        self.selections.push(Selection { matchers: selector.matchers.clone(), after_ms, until_ms });
    }

    fn length(&self, duration: &mut DurationExpr) -> Result<i64, Error> {
        let ms = duration.resolve_positive(self.context)?;
        *duration = DurationExpr::Ms(ms);
        Ok(ms)
    }

    /// Resolves `offset` and `@`; gives the times that are looked at.
    fn shift(&self, time: &mut TimeShift, start: i64, end: i64) -> Result<(i64, i64), Error> {
        let offset = time.offset.as_ref().map_or(Ok(0), |offset| offset.resolve(self.context))?;
        time.offset = Some(DurationExpr::Ms(offset));
        time.at = time.at.map(|at| match at {
            At::Time(ms) => At::Time(ms),
            At::Start => At::Time(self.times.start),
            At::End => At::Time(self.times.end),
        });
        let (start, end) = match time.at {
            Some(At::Time(ms)) => (ms, ms),
            _ => (start, end),
        };
        Ok((start.saturating_sub(offset), end.saturating_sub(offset)))
    }
}

/// Takes the parentheses off an argument: what is told about it stands at what is inside of them.
fn unwrap(expr: &mut Expr) {
    while let ExprKind::Paren(inner) = &mut expr.kind {
        *expr = std::mem::replace(inner, Expr { kind: ExprKind::Number(0.0), span: 0..0 });
    }
}

impl TimeShift {
    /// The time to look at when evaluating at `time_ms`. Only after planning.
    pub fn apply(&self, time_ms: i64) -> i64 {
        let base = match self.at {
            Some(At::Time(ms)) => ms,
            _ => time_ms,
        };
        match self.offset {
            Some(DurationExpr::Ms(offset)) => base.saturating_sub(offset),
            _ => base,
        }
    }
}

/// A planned duration in milliseconds.
pub fn milliseconds(duration: &DurationExpr) -> i64 {
    match duration {
        DurationExpr::Ms(ms) => *ms,
        _ => 0,
    }
}

/// The same at every step: everything that depends on time is pinned by `@`.
pub fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => true,
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => is_constant(inner),
        ExprKind::Binary(binary) => is_constant(&binary.lhs) && is_constant(&binary.rhs),
        ExprKind::Aggregate(aggregate) => {
            is_constant(&aggregate.expr) && aggregate.param.as_ref().is_none_or(is_constant)
        }
        ExprKind::Call(call) => !call.function.depends_on_time() && call.args.iter().all(is_constant),
        ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) => selector.time.at.is_some(),
        ExprKind::Subquery(subquery) => subquery.time.at.is_some(),
    }
}
