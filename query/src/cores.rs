//! Work on several cores.

use crate::Error;
use std::sync::LazyLock;

/// More cores than these are left to others.
const MAX_CORES: usize = 8;
/// Asking for it reads files. Tests split on any machine.
static CORES: LazyLock<usize> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cfg!(test) { 3 } else { cores.min(MAX_CORES) }
});

/// Into how many parts some work is cut, when a part must be worth so much.
pub fn parts(work: usize, worth: usize) -> usize {
    CORES.min(work / worth.max(1)).max(1)
}

/// Does each part of some work on a thread of its own; what they give is in the order of the parts.
pub fn each<P: Send, R: Send>(
    parts: Vec<P>,
    work: impl Fn(P) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Ok(Vec::new()) };
    std::thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let first = work(first);
        let panicked = |_| Err(Error::Internal("a part of the work panicked".to_owned()));
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(panicked));
        std::iter::once(first).chain(others).collect()
    })
}
