//! A receiver that nobody here wrote: another Alertmanager, which tells in turn.

use super::pump::Pump;
use super::*;
use crate::harness::alertmanager::Alertmanager;
use crate::harness::receivers::webhook::Webhook;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn another_alertmanager_is_told_of_the_begin_and_the_end() {
    let hook = Webhook::start();
    let other = Alertmanager::start_with(&format!(
        "
route: {{receiver: hook, group_by: [alertname, service], group_wait: 100ms, group_interval: 1s}}
receivers:
- name: hook
  webhook_configs: [{{url: '{}'}}]
",
        hook.url("/other")
    ))
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "
route: {{receiver: other, group_by: [alertname, service], group_wait: 100ms, group_interval: 1s}}
receivers:
- name: other
  alertmanager_configs: [{{url: '{}'}}]
",
        other.api.url("")
    );
    let server = serve(dir.path(), &config).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    let told = hook.book.wait_for_text("cart is at fault", SOON).await.json;
    assert_eq!(
        (&told["status"], &told["alerts"][0]["labels"]["service"]),
        (&"firing".into(), &"cart".into())
    );
    let there: Value = other.api.get("/api/v2/alerts", &[]).await;
    let here: Value = server.api.get("/alertmanager/api/v2/alerts", &[]).await;
    for field in ["fingerprint", "labels", "annotations", "generatorURL"] {
        assert_eq!(there[0][field], here[0][field], "{field}");
    }
    let at = |alert: &Value| alert["startsAt"].as_str().unwrap_or_default()[..19].to_owned();
    assert_eq!(at(&there[0]), at(&here[0]), "{there}");
    pump.set("cart", 0.0);
    let over = hook.book.wait_for_text("\"status\":\"resolved\"", SETTLED).await.json;
    assert_eq!(over["alerts"][0]["labels"]["service"], "cart", "{over}");
}
