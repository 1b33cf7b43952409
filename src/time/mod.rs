//! What time it is, as far as a server can tell, and how late its data comes.

mod arrivals;
mod clock;
mod metrics;
mod steady;

pub use arrivals::Arrivals;
pub use clock::SteadyClock;
pub use metrics::register;
