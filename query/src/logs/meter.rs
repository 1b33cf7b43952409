//! Memory for what a collector keeps, taken from the query's budget as it grows.

use crate::Error;
use crate::http::run::Budget;

/// So much is taken at once.
const STEP_BYTES: usize = 1 << 18;

#[derive(Clone, Copy, Debug)]
pub struct Meter<'b> {
    budget: &'b Budget,
    used: usize,
    /// Taken until the query ends.
    kept: usize,
}

impl<'b> Meter<'b> {
    pub fn new(budget: &'b Budget) -> Meter<'b> {
        Meter { budget, used: 0, kept: 0 }
    }

    /// Another one of the same budget that counts from nothing.
    pub fn fork(&self) -> Meter<'b> {
        Meter::new(self.budget)
    }

    /// Fails once there is no memory for it.
    pub fn add(&mut self, bytes: usize) -> Result<(), Error> {
        self.used += bytes;
        if self.used > self.kept {
            let more = (self.used - self.kept).max(STEP_BYTES);
            self.budget.keep(more)?;
            self.kept += more;
        }
        Ok(())
    }

    /// What was kept is let go of, to make room for something else.
    pub fn clear(&mut self) {
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::fixture::store;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn memory_is_taken_as_it_grows_and_refused_beyond_the_limit() {
        let (store, _directory) = store(false).await;
        let (budget, _snapshot) =
            Budget::of_server(&store, Duration::from_secs(60), 1 << 20, &Arc::default());
        let mut meter = Meter::new(&budget);
        (0..1_000).for_each(|_| meter.add(600).unwrap());
        // What was let go of is used again.
        meter.clear();
        (0..1_000).for_each(|_| meter.add(600).unwrap());
        let refused = meter.fork().add(600_000).unwrap_err();
        assert!(matches!(refused, Error::Memory { later: false, .. }), "{refused}");
    }
}
