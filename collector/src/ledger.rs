//! What came in and what became of it: received = stored + rejected, per signal and source.
//!
//! A request is entered when it is settled, in one step, so that every snapshot adds up. Requests
//! that were refused as a whole are told by reason; what they held is unknown or will be sent again.

use crate::decode::Tally;
use crate::reason::{Refusal, Rejection};
use ocelli_signal::Signal;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The way by which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    OtlpGrpc,
    OtlpHttp,
    RemoteWrite,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::OtlpGrpc => "otlp_grpc",
            Source::OtlpHttp => "otlp_http",
            Source::RemoteWrite => "remote_write",
        }
    }
}

/// The counters of the process since it started.
#[derive(Debug, Default)]
pub struct Ledger {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    settled: BTreeMap<(Signal, Source), Settled>,
    refused: BTreeMap<(Source, &'static str), u64>,
}

#[derive(Clone, Debug, Default)]
struct Settled {
    requests: u64,
    bytes: u64,
    received: u64,
    stored: u64,
    rejected: [u64; Rejection::ALL.len()],
    repeated: u64,
}

impl Ledger {
    pub fn new() -> Ledger {
        Ledger::default()
    }

    /// Enters a request whose items were stored or rejected. `bytes` is the decompressed body.
    pub fn settle(&self, signal: Signal, source: Source, bytes: usize, stored: u64, tally: &Tally) {
        let mut counts = self.lock();
        let settled = counts.settled.entry((signal, source)).or_default();
        settled.requests += 1;
        settled.bytes += bytes as u64;
        settled.received += tally.received();
        settled.stored += stored;
        for (reason, count) in tally.rejected() {
            settled.rejected[reason as usize] += count;
        }
    }

    /// Enters a request that repeats one which is stored; its items are not received again.
    pub fn repeat(&self, signal: Signal, source: Source) {
        self.lock().settled.entry((signal, source)).or_default().repeated += 1;
    }

    /// Enters a request that was refused as a whole.
    pub fn refuse(&self, source: Source, refusal: &Refusal) {
        *self.lock().refused.entry((source, refusal.as_str())).or_default() += 1;
    }

    /// All counters at one moment.
    pub fn snapshot(&self) -> LedgerSnapshot {
        let counts = self.lock();
        let flows =
            counts.settled.iter().map(|((signal, source), settled)| settled.to_flow(*signal, *source));
        let refused = counts.refused.iter();
        LedgerSnapshot {
            flows: flows.collect(),
            refused: refused
                .map(|((source, reason), requests)| Refused { source: *source, reason, requests: *requests })
                .collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settled {
    fn to_flow(&self, signal: Signal, source: Source) -> Flow {
        let rejected = Rejection::ALL.into_iter().map(|reason| (reason, self.rejected[reason as usize]));
        Flow {
            signal,
            source,
            requests: self.requests,
            bytes: self.bytes,
            received: self.received,
            stored: self.stored,
            rejected: rejected.filter(|(_, count)| *count > 0).collect(),
            repeated_requests: self.repeated,
        }
    }
}

/// The counters at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerSnapshot {
    pub flows: Vec<Flow>,
    pub refused: Vec<Refused>,
}

/// One signal from one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub signal: Signal,
    pub source: Source,
    pub requests: u64,
    /// Decompressed bytes of `requests`.
    pub bytes: u64,
    /// Items in `requests`; always `stored` plus all of `rejected`.
    pub received: u64,
    pub stored: u64,
    pub rejected: Vec<(Rejection, u64)>,
    /// Requests that repeated a stored one byte for byte and were answered with its result.
    pub repeated_requests: u64,
}

/// Requests of one source that were refused for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub source: Source,
    pub reason: &'static str,
    pub requests: u64,
}

impl LedgerSnapshot {
    /// received, stored and rejected of a signal, over all sources.
    pub fn totals(&self, signal: Signal) -> (u64, u64, u64) {
        self.flows.iter().filter(|flow| flow.signal == signal).fold(
            (0, 0, 0),
            |(received, stored, lost), flow| {
                let rejected: u64 = flow.rejected.iter().map(|(_, count)| count).sum();
                (received + flow.received, stored + flow.stored, lost + rejected)
            },
        )
    }

    /// Rejected items of a signal by reason, over all sources.
    pub fn rejected(&self, signal: Signal) -> BTreeMap<&'static str, u64> {
        let flows = self.flows.iter().filter(|flow| flow.signal == signal);
        flows.flat_map(|flow| &flow.rejected).fold(BTreeMap::new(), |mut sums, (reason, count)| {
            *sums.entry(reason.as_str()).or_default() += count;
            sums
        })
    }

    /// Refused requests by reason, over all sources.
    pub fn refused(&self) -> BTreeMap<&'static str, u64> {
        self.refused.iter().fold(BTreeMap::new(), |mut sums, refused| {
            *sums.entry(refused.reason).or_default() += refused.requests;
            sums
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_adds_up() {
        let ledger = Ledger::new();
        let mut tally = Tally::default();
        tally.receive(5);
        tally.reject(Rejection::InvalidTraceId, 2);
        ledger.settle(Signal::Spans, Source::OtlpGrpc, 100, 3, &tally);
        ledger.settle(Signal::Spans, Source::OtlpHttp, 100, 3, &tally);
        ledger.repeat(Signal::Spans, Source::OtlpHttp);
        ledger.refuse(Source::OtlpHttp, &Refusal::ClosedConnection);
        let snapshot = ledger.snapshot();
        assert_eq!(snapshot.totals(Signal::Spans), (10, 6, 4));
        assert_eq!(snapshot.totals(Signal::Logs), (0, 0, 0));
        assert_eq!(snapshot.rejected(Signal::Spans), [("invalid_trace_id", 4)].into());
        assert_eq!(snapshot.refused(), [("closed_connection", 1)].into());
        assert_eq!(snapshot.flows[1].repeated_requests, 1);
    }
}
