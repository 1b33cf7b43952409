//! Sends what is in the outbox, each receiver at its own pace.

use super::Alerts;
use super::letter::Letter;
use ocelli_notify::Verdict;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The outbox is looked at this often, whatever the clocks say.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Sends until it is told to stop; then what is under way is given the time that a stop has.
pub async fn run(alerts: Arc<Alerts>, mut stop: watch::Receiver<bool>) {
    let mut sends = JoinSet::new();
    while !*stop.borrow() {
        let (letters, wake_ms) = alerts.next_letters();
        for letter in letters {
            sends.spawn(deliver(alerts.clone(), letter));
        }
        let wait = wake_ms.map_or(LOOK_EVERY, |at| {
            Duration::from_millis(at.saturating_sub(alerts.now_ms()).unsigned_abs()).min(LOOK_EVERY)
        });
        tokio::select! {
            _ = alerts.outbox_changed.notified() => {}
            _ = sends.join_next(), if !sends.is_empty() => {}
            _ = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
    // One that is cut off is sent again by the next start, with the same id.
    sends.shutdown().await;
}

async fn deliver(alerts: Arc<Alerts>, letter: Letter) {
    let verdict = match (alerts.target(&letter.receiver, &letter.integration), letter.parcel()) {
        (Some(target), Some(parcel)) => alerts.notifier().send(&target, &parcel).await,
        _ => Verdict::Refused {
            why: format!("there is no receiver '{}' with such an integration any more", letter.receiver),
        },
    };
    alerts.delivered(&letter.id, &verdict).await;
}
