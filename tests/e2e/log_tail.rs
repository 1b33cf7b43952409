//! Logs as they come in: `ocelli logs --follow`, a WebSocket, and a stop while both watch.

use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND};
use crate::harness::process::{Process, ocelli, run};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::logs::LogTailEvent;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(20);

async fn send(server: &Server, records: &[(u64, i32, &str)]) {
    let records = records.iter().map(|(time, severity, body)| otlp::log(*time, *severity, body)).collect();
    server.sender().send(&otlp::logs("payment", records)).await;
}

async fn lines_with(process: &Process, wanted: &[&str]) {
    until("the lines of the follower", WITHIN, async || {
        let lines = process.stdout_lines();
        let same =
            lines.len() == wanted.len() && lines.iter().zip(wanted).all(|(line, words)| line.contains(words));
        ensure(same, || format!("{lines:?}; {}", process.stderr()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_printed_as_they_come_in() {
    let server = Settings::serve().start().await;
    let now = now_ns() - 10 * SECOND;
    send(
        &server,
        &[(now, 17, "card one declined"), (now + MS, 9, "paid"), (now + 2 * MS, 17, "card two declined")],
    )
    .await;
    let url = server.api.url("");
    let mut command = ocelli();
    let follower = Process::start(command.args(["logs", "--follow", "--server", &url, "level:error"]));
    lines_with(&follower, &["ERROR payment card one declined", "ERROR payment card two declined"]).await;
    send(&server, &[(now + 3 * MS, 17, "card three\u{1b}[2J declined"), (now + 4 * MS, 9, "paid again")])
        .await;
    send(&server, &[(now + 5 * MS, 21, "card four declined"), (now + 6 * MS, 17, "card five declined")])
        .await;
    // The error of another class does not pass, and what was logged does not reach the terminal raw.
    lines_with(&follower, &["one", "two", "three\\u{1b}[2J", "five"]).await;

    let mut socket = open_socket(&server, "/api/logs/tail?q=four", None).await.expect("our own origin");
    send(&server, &[(now + 7 * MS, 9, "five"), (now + 8 * MS, 9, "four again")]).await;
    let text = text_of(&mut socket).await;
    let Ok(LogTailEvent::Record(record)) = serde_json::from_str(&text) else { panic!("{text}") };
    assert_eq!(record.body_text, "four again");

    let stopping = Instant::now();
    let server = server.stop();
    assert!(
        stopping.elapsed() < Duration::from_secs(8),
        "who watches held up the stop: {:?}",
        stopping.elapsed()
    );
    drop(server);
    until("the follower says why it waits", WITHIN, async || {
        ensure(follower.stderr().contains("the connection is lost"), || follower.stderr())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_can_not_watch() {
    let server = Settings::serve().start().await;
    let refused = open_socket(&server, "/api/logs/tail", Some("http://evil.example")).await.unwrap_err();
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    let own = server.api.url("");
    assert!(open_socket(&server, "/api/logs/tail", Some(&own)).await.is_ok());
}

/// As Grafana follows lines, through the API of Loki.
#[tokio::test(flavor = "multi_thread")]
async fn lines_come_in_as_loki_sends_them() {
    let server = Settings::serve().start().await;
    let now = now_ns() - 10 * SECOND;
    send(&server, &[(now, 17, "card one declined"), (now + MS, 9, "paid"), (now + 2 * MS, 17, "card two")])
        .await;
    // {service_name="payment"} |= "card" | detected_level="error"
    let path = "/loki/api/v1/tail?limit=10&query=%7Bservice_name%3D%22payment%22%7D%20%7C%3D%20%22card%22%20%7C%20\
                detected_level%3D%22error%22";
    let refused = open_socket(&server, path, Some("http://evil.example")).await.unwrap_err();
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    let mut socket = open_socket(&server, path, None).await.expect("a place");
    let lines = |text: &str| -> Vec<(String, String)> {
        let message: serde_json::Value = serde_json::from_str(text).unwrap();
        let streams = message["streams"].as_array().expect("streams").clone();
        assert!(streams.iter().all(|stream| stream["stream"]["service_name"] == "payment"), "{text}");
        let values = streams.iter().flat_map(|stream| stream["values"].as_array().expect("values").clone());
        values.map(|value| serde_json::from_value(value).expect("a time and a line")).collect()
    };
    let expected = [
        (now.to_string(), "card one declined".to_owned()),
        ((now + 2 * MS).to_string(), "card two".to_owned()),
    ];
    assert_eq!(lines(&text_of(&mut socket).await), expected);
    send(&server, &[(now + 3 * MS, 9, "card three"), (now + 4 * MS, 17, "card four")]).await;
    assert_eq!(lines(&text_of(&mut socket).await), [((now + 4 * MS).to_string(), "card four".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_shot_queries_and_what_is_wrong_with_them() {
    let server = Settings::serve().start().await;
    let now = now_ns() - 10 * SECOND;
    send(&server, &[(now, 9, "paid with card"), (now + MS, 13, "late")]).await;
    let url = server.api.url("");
    let ask = |arguments: &[&str]| run(ocelli().args(arguments).args(["--server", &url]), b"", WITHIN);
    let found = ask(&["query", "logs", "card"]);
    assert!(found.stdout.ends_with("INFO  payment paid with card") && found.status.success(), "{found:?}");
    let found = ask(&["logs", "--json", "--limit", "1"]);
    let record: ocelli_api::logs::LogRecord = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(record.body_text, "late");
    let wrong = ask(&["logs", "level:error", "(card"]);
    assert!(wrong.stderr.contains("the parenthesis that opens here is not closed"), "{wrong:?}");
    assert_eq!(wrong.status.code(), Some(1));
    let unknown = ask(&["logs", "sevrice:x"]);
    assert!(unknown.stderr.contains("no record has the field 'sevrice'; there is service"), "{unknown:?}");
    let nobody = run(ocelli().args(["logs", "--server", "http://127.0.0.1:1"]), b"", WITHIN);
    assert!(nobody.stderr.contains("is the server running?"), "{nobody:?}");
}

/// A WebSocket (RFC 6455) as a browser opens it; an error is the head of another answer.
async fn open_socket(server: &Server, path: &str, origin: Option<&str>) -> Result<TcpStream, String> {
    let url = server.api.url("");
    let host = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).await.unwrap();
    let origin = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{origin}\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let accepted = head.starts_with("HTTP/1.1 101") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    if accepted { Ok(socket) } else { Err(head) }
}

/// The next text; pings are passed over. A server's frames have no mask.
async fn text_of(socket: &mut TcpStream) -> String {
    let read = async {
        loop {
            let kind = socket.read_u8().await.unwrap();
            let length = match socket.read_u8().await.unwrap() {
                126 => usize::from(socket.read_u16().await.unwrap()),
                127 => socket.read_u64().await.unwrap() as usize,
                short => usize::from(short),
            };
            let mut data = vec![0; length];
            socket.read_exact(&mut data).await.unwrap();
            if kind == 0x81 {
                return String::from_utf8(data).unwrap();
            }
        }
    };
    tokio::time::timeout(WITHIN, read).await.expect("a message in time")
}
