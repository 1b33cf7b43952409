//! SQL against the real binary: by the command line, and by pandas over an Arrow stream.

use crate::harness::otlp::*;
use crate::harness::process::{ocelli, run};
use crate::harness::server::Settings;
use crate::harness::{installed, now_ns};
use std::process::Command;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);

/// Reads the answer as any client of Arrow does.
const PANDAS: &str = "
import sys, urllib.request, pyarrow.ipc
query = b'SELECT service, duration_ns, attributes, start_time FROM spans ORDER BY duration_ns'
request = urllib.request.Request(sys.argv[1] + '/api/sql?format=arrow', data=query, headers={'content-type': 'application/sql'})
frame = pyarrow.ipc.open_stream(urllib.request.urlopen(request)).read_pandas()
print(len(frame), frame['service'].unique().tolist(), frame['duration_ns'].sum(), dict(frame['attributes'][0]), frame['start_time'].dt.tz)
";

#[tokio::test(flavor = "multi_thread")]
async fn sql_is_answered_to_people_and_to_programs() {
    let server = Settings::serve().start().await;
    let now = now_ns();
    let checkout = |n: u64| {
        let made = span(u128::from(n) + 1, n + 1, 0, "POST /api/checkout", now - n * SECOND, (n + 1) * MS);
        with(made, vec![attribute("http.route", text("/api/checkout"))])
    };
    server.sender().send(&traces("shop", (0..10).map(checkout).collect())).await;
    server.sender().send(&logs("shop", vec![log(now, 17, "card \u{1b}[31mdeclined")])).await;
    let url = server.api.url("");
    let ask = |arguments: &[&str], input: &[u8]| {
        run(ocelli().args(["query", "sql"]).args(arguments).args(["--server", &url]), input, WITHIN)
    };

    let table =
        ask(&["SELECT service, count(*) AS spans, max(duration_ns) AS slowest FROM spans GROUP BY 1"], b"");
    let expected = "service  spans   slowest\n-------  -----  --------\nshop        10  10000000\n(1 row)";
    assert_eq!(table.stdout, expected, "{}", table.stderr);
    let escaped = ask(&["-"], b"SELECT body FROM logs");
    assert!(escaped.stdout.contains("card \\u{1b}[31mdeclined"), "{}", escaped.stdout);
    let few = ask(&["SELECT name FROM spans", "--format", "csv", "--limit", "2"], b"");
    assert_eq!(few.stdout.lines().count(), 4, "a header, two rows, and that it is cut: {}", few.stdout);
    assert!(few.stderr.contains("there are more rows than 2"), "{}", few.stderr);
    let json = ask(&["SELECT count(*) FROM logs WHERE level = 'error'", "--format", "json"], b"");
    assert!(json.stdout.contains("\"rows\":[[1]]"), "{}", json.stdout);
    let wrong = ask(&["SELECT servce FROM logs"], b"");
    assert!(!wrong.status.success() && wrong.stderr.contains("did you mean service?"), "{}", wrong.stderr);

    let mut python = Command::new(installed("OCELLI_TEST_PYTHON"));
    let read = run(python.args(["-c", PANDAS, &url]), b"", WITHIN);
    let expected = "10 ['shop'] 55000000 {'http.route': '/api/checkout'} UTC";
    assert_eq!(read.stdout, expected, "{}", read.stderr);
}
