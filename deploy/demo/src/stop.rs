//! When a process ends, and why.

use std::io::Read;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Why a process ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// For good.
    Stop,
    /// To come back at once as this release: a deployment.
    Deploy { release: String },
}

/// The one place that everything in a process watches for its end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stop(watch::Sender<Option<Ending>>);

impl Stop {
    pub(crate) fn new() -> Self {
        Stop(watch::Sender::new(None))
    }

    /// Asks everything to end. The first reason stands.
    pub(crate) fn request(&self, ending: Ending) {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(ending);
            first
        });
    }

    /// Waits for the end to be asked for.
    pub(crate) async fn requested(&self) -> Ending {
        let mut receiver = self.0.subscribe();
        // `self` keeps the sender alive, so the wait can't fail.
        match receiver.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone().unwrap_or(Ending::Stop),
            Err(_) => Ending::Stop,
        }
    }

    /// Ends on SIGTERM and SIGINT; when supervised, also at the end of standard input.
    pub(crate) fn watch_process(&self, supervised: bool) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.request(Ending::Stop);
        });
        if supervised {
            let stop = self.clone();
            // A thread of its own: the runtime would wait at its end for a read that never returns.
            std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
                let mut input = std::io::stdin().lock();
                let mut ignored = [0; 64];
                while matches!(input.read(&mut ignored), Ok(count) if count > 0) {}
                stop.request(Ending::Stop);
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stands_for_all_who_wait() {
        let stop = Stop::new();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.requested().await }
        });
        let deploy = Ending::Deploy { release: "1.5.0".to_owned() };
        stop.request(deploy.clone());
        stop.request(Ending::Stop);
        assert_eq!(waiting.await.unwrap(), deploy);
        assert_eq!(stop.requested().await, deploy);
    }
}
