//! A system clock that is set by an hour and by a day, forwards and back, while the senders' are right.

use super::pump::Pump;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_ends_nothing_and_hides_nothing() {
    let pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let offset = dir.path().join("offset");
    std::fs::write(&offset, "+0\n").unwrap();
    let server = settings(dir.path(), &to_pagerduty(&pagerduty)).clock(&offset).start().await;
    let pump = Pump::start(&[&server]);
    let mut words = vec!["steady is at fault".to_owned()];
    pump.set("steady", 1.0);
    until_open(&pagerduty, &words, SOON).await;
    for (at, jump) in ["+1h", "-1h", "+1d", "-1d"].iter().enumerate() {
        std::fs::write(&offset, format!("{jump}\n")).unwrap();
        until("the jump is noticed", SOON, async || {
            let (_, metrics) = server.api.answer("/metrics", &[]).await;
            let metrics = metrics.as_str().unwrap_or_default().to_owned();
            let line = metrics.lines().find(|line| line.starts_with("ocelli_clock_jump_seconds "));
            let seconds: f64 = line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0);
            ensure(seconds.abs() > 3_000.0, || format!("{seconds} s"))
        })
        .await;
        // What begins meanwhile is told.
        let service = format!("s{at}");
        pump.set(&service, 1.0);
        words.push(format!("{service} is at fault"));
        until_open(&pagerduty, &words, SOON).await;
        none_was_resolved(&pagerduty);
    }
    std::fs::write(&offset, "+0\n").unwrap();
    pump.set_all(0.0);
    until_resolved(&pagerduty, SETTLED).await;
    assert_eq!((pagerduty.incidents().len(), pagerduty.duplicate_triggers()), (words.len(), 0));
}
