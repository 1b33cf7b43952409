//! Two servers on one catalog: one of them evaluates and tells, and the other goes on when it is gone.

use super::acknowledged::{acknowledge, acknowledgement};
use super::pump::Pump;
use super::*;
use crate::harness::postgres::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_servers_tells_and_the_other_takes_over() {
    let (postgres, pagerduty) = (Postgres::start().await, PagerDuty::start());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let catalog = postgres.url();
    let of = |dir: &Path, node: &str| {
        let settings = settings(dir, &to_pagerduty(&pagerduty));
        settings
            .with(&["--catalog", &catalog, "--node", node])
            .environment(&[("PGPASSWORD", crate::harness::postgres::PASSWORD)])
    };
    let first = of(dirs[0].path(), "one").start().await;
    let second = of(dirs[1].path(), "two").start().await;
    let pump = Pump::start(&[&first, &second]);
    pump.set("cart", 1.0);
    let mut words = vec!["cart is at fault".to_owned()];
    until_open(&pagerduty, &words, SOON).await;
    assert!(states(&second).await.is_empty(), "it stands by");
    acknowledge(&first, "cart").await;
    let refused = second.api.url("/api/alerts/0123456789abcdef/acknowledgement");
    let asked = reqwest::Client::new().post(refused).json(&serde_json::json!({ "by": "Ada" }));
    assert_eq!(asked.send().await.unwrap().status(), 409, "the other one tells");
    drop(first.kill());
    pump.to(&[&second]);
    pump.set("mail", 1.0);
    words.push("mail is at fault".to_owned());
    until_open(&pagerduty, &words, SOON).await;
    none_was_resolved(&pagerduty);
    assert_eq!(acknowledgement(&second, "cart").await.unwrap().by, "Ada");
    assert_eq!(pagerduty.duplicate_triggers(), 0);
}
