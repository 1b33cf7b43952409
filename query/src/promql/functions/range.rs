//! What a function over a range is given.

use crate::Error;
use crate::promql::annotations::Annotations;
use crate::promql::ast::{Expr, RangeMode, Span};
use crate::promql::value::Sample;
use crate::promql::window::Window;

/// The call around one window: the same for all steps of one series.
pub struct RangeCall<'a> {
    /// The metric's name, for annotations.
    pub metric: &'a str,
    /// The place of the range argument …
    pub arg: &'a Span,
    /// … and of the first argument.
    pub first_arg: &'a Span,
    pub args: &'a [Expr],
    pub annotations: &'a Annotations,
    pub mode: RangeMode,
}

/// None where the window gives no result.
pub type RangeOutcome = Result<Option<Sample>, Error>;

/// The numbers are the other arguments at this step, in their order.
pub type RangeFn = fn(&RangeCall, &Window, &[f64]) -> RangeOutcome;

impl RangeCall<'_> {
    /// Tells where a function for floats had to leave out histograms.
    pub fn note_ignored(&self, window: &Window) {
        if !window.histograms.is_empty() {
            self.annotations.histograms_ignored_in_range(self.arg, self.metric);
        }
    }
}

pub fn float(value: f64) -> RangeOutcome {
    Ok(Some(Sample::Float(value)))
}
