//! Range selectors and subqueries, and the functions over the windows that they give.

use super::ast::*;
use super::eval::Eval;
use super::functions::{RangeCall, RangeFn, Reaches, Slope};
use super::histogram::ResetHint;
use super::places::{self, ByTimes};
use super::plan::milliseconds;
use super::samples::between;
use super::select::StoredSeries;
use super::value::*;
use super::window::{Window, without_stale};
use super::windows::SeriesWindows;
use crate::Error;
use std::sync::Arc;

impl Eval<'_> {
    pub(super) fn range_function(
        &self,
        call: &Call,
        run: RangeFn,
        named: bool,
    ) -> Result<Vec<Series>, Error> {
        let is_range = |arg: &&Expr| arg.value_type() == ValueType::Matrix;
        let Some(range) = call.args.iter().find(is_range) else {
            return Err(Error::Internal(format!("{} without a range", call.function.name)));
        };
        check_mode(call.function.name, mode_of(range))?;
        let others = call.args.iter().filter(|arg| !is_range(arg));
        let columns = others.map(|arg| self.scalar(arg)).collect::<Result<Vec<_>, _>>()?;
        let mut args = vec![0.0; columns.len()];
        let mut vector: Vec<Series> = Vec::new();
        // As Prometheus has it: what a subquery becomes has no place of its own.
        let from_subquery = matches!(range.unwrapped().kind, ExprKind::Subquery(_));
        let place_of =
            |arg: &Expr| if from_subquery && std::ptr::eq(arg, range) { 0..0 } else { arg.span.clone() };
        let (arg, first_arg) = (place_of(range), place_of(&call.args[0]));
        let (slope, mut reaches) = (Slope::named(call.function.name), Reaches::of_steps(self.steps()));
        self.for_each_series(range, |series, windows| {
            let call = RangeCall {
                metric: series.labels.metric_name(),
                arg: &arg,
                first_arg: &first_arg,
                args: &call.args,
                annotations: self.annotations,
                mode: windows.source.mode,
            };
            let at_once = slope.map(|slope| slope.over(windows, &mut reaches)).transpose()?;
            let values = match at_once.flatten() {
                Some(values) => values,
                None => windows.cells(|step, window| {
                    args.iter_mut().zip(&columns).for_each(|(arg, column)| *arg = column[step]);
                    run(&call, window, &args)
                })?,
            };
            if values.iter().any(Option::is_some) {
                self.spend(values.len())?;
                let drop_name = series.drop_name || !named;
                vector.push(Series { labels: series.labels.clone(), drop_name, values });
            }
            Ok(())
        })?;
        if ["rate", "increase"].contains(&call.function.name) {
            let is_float = |cell: &Option<Sample>| matches!(cell, Some(Sample::Float(_)));
            for series in vector.iter().filter(|series| series.values.iter().any(is_float)) {
                self.annotations.possibly_no_counter(&arg, series.labels.metric_name());
            }
        }
        Ok(vector)
    }

    /// Visits the window of every series at every step: series by series, steps in order.
    pub fn for_each_window(
        &self,
        range: &Expr,
        mut visit: impl FnMut(usize, &Window) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.for_each_series(range, |_, windows| windows.each(&mut visit))
    }

    /// Visits the windows of every series.
    fn for_each_series(
        &self,
        range: &Expr,
        mut visit: impl FnMut(&RangeSeries, &SeriesWindows) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut source = self.range_source(range)?;
        if matches!(range.unwrapped().kind, ExprKind::Subquery(_)) {
            source.series.iter_mut().for_each(forget_resets);
        }
        let ends: Vec<i64> = self.times.iter().map(|time| source.time.apply(*time)).collect();
        let mut places = ByTimes::of_steps(ends.len());
        for series in &source.series {
            self.check()?;
            let samples = &series.samples;
            let windows =
                |times: &[i64]| places::windows(times, ends.iter().map(|end| source.window(self, *end)));
            let floats = places.of(&samples.float_times, windows);
            visit(series, &SeriesWindows { eval: self, source: &source, samples, ends: &ends, floats })?;
        }
        Ok(())
    }

    /// The raw series behind a range selector or a subquery.
    pub(super) fn range_source(&self, range: &Expr) -> Result<RangeSource, Error> {
        match &range.unwrapped().kind {
            ExprKind::Matrix(selector, length) => {
                let (range_ms, time) = (milliseconds(length), selector.time.clone());
                let mut source = RangeSource { series: Vec::new(), range_ms, time, mode: selector.mode };
                let (after_ms, until_ms) = source.bounds(self);
                let mut places = ByTimes::new();
                let series = self.shared.data[selector.id].iter().map(|StoredSeries { labels, samples }| {
                    let floats =
                        places.of(&samples.float_times, |times| between(times, after_ms, until_ms)).clone();
                    let samples = without_stale(samples, floats);
                    RangeSeries { labels: labels.clone(), drop_name: false, samples }
                });
                source.series = series.collect();
                Ok(source)
            }
            ExprKind::Subquery(subquery) => {
                let (range_ms, time) = (milliseconds(&subquery.range), subquery.time.clone());
                let series = self.subquery(subquery)?;
                Ok(RangeSource { series, range_ms, time, mode: RangeMode::Plain })
            }
            _ => Err(Error::Internal("a range vector was expected".to_owned())),
        }
    }

    /// Evaluates the inner expression at the multiples of its step that any window reaches.
    fn subquery(&self, subquery: &Subquery) -> Result<Vec<RangeSeries>, Error> {
        let range = milliseconds(&subquery.range);
        let step = subquery.step.as_ref().map_or(self.shared.query.default_step, milliseconds);
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else {
            return Ok(Vec::new());
        };
        let open = subquery.time.apply(*first) - range;
        let mut start = open / step * step;
        if start <= open {
            start += step;
        }
        let end = subquery.time.apply(*last);
        let count = if end < start { 0 } else { (end - start) / step + 1 };
        self.spend(usize::try_from(count).unwrap_or(usize::MAX))?;
        let times = (0..count).map(|i| start + i * step).collect();
        let inner = self.at(times);
        if inner.times.is_empty() {
            return Ok(Vec::new());
        }
        let vector = match inner.eval(&subquery.expr)? {
            Value::Vector(vector) => vector,
            _ => return Err(Error::Internal("a subquery of something else than a vector".to_owned())),
        };
        Ok(vector.into_iter().map(|series| inner.as_range(series)).collect())
    }

    fn as_range(&self, series: Series) -> RangeSeries {
        let mut samples = Samples::default();
        for (time, cell) in self.times.iter().zip(series.values) {
            cell.into_iter().for_each(|sample| samples.push(*time, sample));
        }
        RangeSeries { labels: series.labels, drop_name: series.drop_name, samples: Arc::new(samples) }
    }
}

/// Hints about resets hold between stored neighbours only, not between the steps of a subquery.
fn forget_resets(series: &mut RangeSeries) {
    let known = |hint| matches!(hint, ResetHint::Reset | ResetHint::NoReset);
    if series.samples.histograms.iter().any(|histogram| known(histogram.hint)) {
        let histograms = Arc::make_mut(&mut series.samples).histograms.iter_mut();
        histograms
            .filter(|histogram| known(histogram.hint))
            .for_each(|histogram| Arc::make_mut(histogram).hint = ResetHint::Unknown);
    }
}

/// Raw series and how the windows lie over them.
pub struct RangeSource {
    pub series: Vec<RangeSeries>,
    pub range_ms: i64,
    pub time: TimeShift,
    pub mode: RangeMode,
}

impl RangeSource {
    /// The window `(after, until]` that belongs to a range's end.
    pub fn window(&self, eval: &Eval, end: i64) -> (i64, i64) {
        let (before, after) = self.reach(eval.shared.query.lookback);
        (end - self.range_ms - before, end + after)
    }

    /// The times (after, until] that windows of an evaluation reach.
    pub fn bounds(&self, eval: &Eval) -> (i64, i64) {
        let (before, after) = self.reach(eval.shared.query.lookback);
        let end = |time: Option<&i64>| time.map(|time| self.time.apply(*time));
        let first = end(eval.times.first()).unwrap_or(i64::MIN);
        let last = end(eval.times.last()).unwrap_or(i64::MAX);
        (first.saturating_sub(self.range_ms + before), last.saturating_add(after))
    }

    /// How far a window reaches beyond its range, before and after.
    pub fn reach(&self, lookback: i64) -> (i64, i64) {
        match self.mode {
            RangeMode::Plain => (0, 0),
            RangeMode::Anchored => (lookback, 0),
            RangeMode::Smoothed => (lookback, lookback),
        }
    }
}

pub fn mode_of(range: &Expr) -> RangeMode {
    match &range.unwrapped().kind {
        ExprKind::Matrix(selector, _) => selector.mode,
        _ => RangeMode::Plain,
    }
}

/// `anchored` and `smoothed` change what a range holds, which only these functions know.
pub fn check_mode(function: &str, mode: RangeMode) -> Result<(), Error> {
    let (word, knowing): (_, &[&str]) = match mode {
        RangeMode::Plain => return Ok(()),
        RangeMode::Anchored => ("anchored", &["changes", "delta", "increase", "rate", "resets"]),
        RangeMode::Smoothed => ("smoothed", &["delta", "increase", "rate"]),
    };
    if knowing.contains(&function) {
        return Ok(());
    }
    let list = knowing.join(", ");
    Err(Error::Execution(format!("{word} modifier can only be used with: {list} - not with {function}")))
}
