//! Twenty times `kill -9`, and receivers that are away meanwhile.

use super::pump::Pump;
use super::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const KILLS: usize = 20;
/// While these rounds last there is nobody to tell.
const AWAY: std::ops::Range<usize> = 6..10;

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_end_nothing_and_double_little() {
    let mut pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let mut server = serve(dir.path(), &to_pagerduty(&pagerduty)).await;
    let pump = Pump::start(&[&server]);
    let mut dice = StdRng::seed_from_u64(6);
    let mut words = vec!["steady is at fault".to_owned()];
    pump.set("steady", 1.0);
    until_open(&pagerduty, &words, SOON).await;
    for round in 0..KILLS {
        if round == AWAY.start {
            pagerduty.site.stop().await;
        }
        if round == AWAY.end {
            pagerduty.site.start_again().await;
        }
        let service = format!("s{round:02}");
        pump.set(&service, 1.0);
        words.push(format!("{service} is at fault"));
        // Wherever it has got to by then: evaluated, written, sent, or none of it.
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..2_500))).await;
        server = server.kill().start().await;
        pump.to(&[&server]);
    }
    until_open(&pagerduty, &words, SETTLED).await;
    none_was_resolved(&pagerduty);
    let doubled: usize = pagerduty.duplicate_triggers();
    assert!(doubled <= KILLS, "{doubled} messages came again");
    pump.set_all(0.0);
    until_resolved(&pagerduty, SETTLED).await;
    assert_eq!(pagerduty.incidents().len(), KILLS + 1, "each is one incident");
}
