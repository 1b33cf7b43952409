//! Evaluates a query: expressions over a span, span filters and pipelines over a whole trace.

mod expr;
mod needs;
mod pipeline;
mod relation;
mod test;
mod trace;
mod view;

pub use expr::{SERVICE, SpanRef};
pub use needs::{Needs, OF_TRACE};
pub use pipeline::{SpansetResult, run, shown};
pub use test::ExprTest;
pub use trace::{Place, Trace};
pub use view::View;
