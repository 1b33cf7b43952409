//! The items of one request, counted: received, and rejected by reason.

use crate::reason::Rejection;

/// Counts of one request. What was received and not rejected is in the batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    received: u64,
    rejected: [u64; Rejection::ALL.len()],
    /// Log records whose trace or span id was no id; they are kept without it.
    cleared_ids: u64,
    pub written: Written,
}

/// What a sender of remote write is told of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub samples: u64,
    pub histograms: u64,
    pub exemplars: u64,
}

impl Tally {
    pub fn receive(&mut self, items: u64) {
        self.received += items;
    }

    pub fn reject(&mut self, reason: Rejection, items: u64) {
        self.rejected[reason as usize] += items;
    }

    pub fn clear_id(&mut self) {
        self.cleared_ids += 1;
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    pub fn rejected(&self) -> impl Iterator<Item = (Rejection, u64)> + '_ {
        Rejection::ALL
            .into_iter()
            .map(|reason| (reason, self.rejected[reason as usize]))
            .filter(|(_, n)| *n > 0)
    }

    pub fn total_rejected(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// What the sender is told in `partial_success`; `None` when all is well.
    pub fn message(&self) -> Option<String> {
        let mut sentences: Vec<String> = self
            .rejected()
            .map(|(reason, count)| format!("{count} rejected as {}: {}", reason.as_str(), reason.explain()))
            .collect();
        if self.cleared_ids > 0 {
            sentences.push(format!("{} kept without their invalid trace or span id", self.cleared_ids));
        }
        (!sentences.is_empty()).then(|| sentences.join("; "))
    }
}
