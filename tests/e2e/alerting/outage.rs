//! A receiver that is away for five minutes, which this test waits for beside the others.

use super::pump::Pump;
use super::*;

const AWAY: Duration = Duration::from_secs(300);
/// The last try before it is back may be five minutes before the next one.
const TOLD_AFTER: Duration = Duration::from_secs(420);

#[tokio::test(flavor = "multi_thread")]
async fn five_minutes_without_a_receiver_lose_nothing_and_end_nothing() {
    let mut pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &to_pagerduty(&pagerduty)).await;
    let pump = Pump::start(&[&server]);
    let word = |service: &str| format!("{service} is at fault");
    pump.set("steady", 1.0);
    pump.set("mended", 1.0);
    until_open(&pagerduty, &[word("steady"), word("mended")], SOON).await;
    pagerduty.site.stop().await;
    let begin = tokio::time::Instant::now();
    // What begins, ends, and comes and goes while nobody can be told.
    pump.set("mended", 0.0);
    for minute in 0..4 {
        pump.set(&format!("new{minute}"), 1.0);
        pump.set("restless", f64::from(minute % 2));
        tokio::time::sleep_until(begin + AWAY / 5 * (minute as u32 + 1)).await;
    }
    pump.set("restless", 0.0);
    tokio::time::sleep_until(begin + AWAY).await;
    none_was_resolved(&pagerduty);
    pagerduty.site.start_again().await;
    let mut words = vec![word("steady")];
    words.extend((0..4).map(|minute| word(&format!("new{minute}"))));
    until_open(&pagerduty, &words, TOLD_AFTER).await;
    let resolved = pagerduty.incidents().into_iter().filter(|one| one.state == IncidentState::Resolved);
    let resolved: Vec<String> = resolved.map(|one| one.summary).collect();
    let ended = |summary: &String| ["mended", "restless"].iter().any(|word| summary.contains(word));
    assert!(resolved.iter().all(ended), "{resolved:?}");
    assert!(resolved.iter().any(|summary| summary.contains("mended")), "{resolved:?}");
    assert_eq!(pagerduty.duplicate_triggers(), 0);
}
