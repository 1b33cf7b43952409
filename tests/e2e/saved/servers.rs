//! Two servers on one catalog.

use super::*;
use crate::harness::postgres::{PASSWORD, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_saves_the_other_takes_up() {
    let postgres = Postgres::start().await;
    let catalog = postgres.url();
    let of = |node: &str| {
        Settings::serve()
            .with(&["--catalog", &catalog, "--node", node])
            .environment(&[("PGPASSWORD", PASSWORD)])
    };
    let (first, second) = (of("one").start().await, of("two").start().await);
    let _: SloSaved = good(&second, Method::POST, "/api/slos", OBJECTIVE).await;
    until("the one that evaluates has its rules", SOON, async || {
        let names = group_names(&first).await;
        ensure(names.len() == 2, || format!("{names:?}"))
    })
    .await;
    assert_eq!(group_names(&second).await.len(), 2, "the one that stands by shows them too");
    // Both have seen revision 1: one wins.
    let path = "/api/slos/checkout-availability?revision=1";
    let put = |server, objective: &str| {
        let text = OBJECTIVE.replace("objective: 99", &format!("objective: {objective}"));
        async move { send(server, Method::PUT, path, &text).await }
    };
    let (one, two) = tokio::join!(put(&first, "98"), put(&second, "97"));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {two:?}");
    let wanted = if one.0 == 200 { 0.98 } else { 0.97 };
    for server in [&first, &second] {
        until("both have what was saved", SOON, async || {
            let all: SlosResponse = server.api.get("/api/slos", &[]).await;
            let slo = &all.slos[0];
            ensure((slo.objective, slo.revision) == (wanted, Some(2)), || format!("{slo:?}"))
        })
        .await;
    }
}
