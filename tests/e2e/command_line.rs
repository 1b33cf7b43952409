//! A command line or configuration that can't work: exit 2 with the place and the fix; a port or
//! directory that is taken: which, and the way out.

use crate::harness::process::{Ended, ocelli, run};
use crate::harness::server::Settings;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);

fn start(dir: &Path, arguments: &[&str]) -> Ended {
    run(ocelli().current_dir(dir).args(arguments), b"", WITHIN)
}

fn check(arguments: &[&str], code: i32, says: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    check_in(dir.path(), arguments, code, says);
}

fn check_in(dir: &Path, arguments: &[&str], code: i32, says: &[&str]) {
    let ended = start(dir, arguments);
    assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {ended:?}");
    for words in says {
        assert!(
            ended.stderr.contains(words),
            "{arguments:?} must say {words:?}, but says:\n{}",
            ended.stderr
        );
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_names_the_flag() {
    check(&["serve", "--lisen", "127.0.0.1:0"], 2, &["--lisen", "--listen"]);
    check(&["serve", "--listen", "nowhere"], 2, &["--listen", "nowhere"]);
    check(&["serve", "--otlp-http", "127.0.0.1:99999"], 2, &["--otlp-http", "127.0.0.1:99999"]);
    check(&["serve", "--memory-budget", "lots"], 2, &["--memory-budget", "lots", "512MiB"]);
    check(&["serve", "--memory-budget", "1MiB"], 2, &["--memory-budget", "64 MiB"]);
    check(&["sevre"], 2, &["sevre", "serve"]);
    check(&["run"], 2, &["CMD"]);
    check(&["pipe"], 2, &["--service"]);
    check(&["serve", "--config", "no-such-file.yml"], 2, &["no-such-file.yml"]);
}

/// The file, and what must be said of it.
const FILES: [(&str, &[&str]); 8] = [
    ("lisen: 127.0.0.1:0\n", &["ocelli.yml:1:1", "lisen", "listen"]),
    ("\ndata_dir: d\nstorage:\n  flush_byte: 5\n", &["ocelli.yml:", "flush_byte", "flush_bytes"]),
    ("data_dir: d\nlisten: nowhere\n", &["ocelli.yml:2:", "listen"]),
    ("data_dir: d\nlisten: [\n", &["ocelli.yml:2:", "listen"]),
    ("data_dir: d\nstorage:\n  flush_bytes: 0\n", &["ocelli.yml:3", "flush_bytes", "1"]),
    ("data_dir: d\nmemory_budget: 5 apples\n", &["ocelli.yml:2", "5 apples", "512MiB"]),
    ("data_dir: d\nmemory_budget: 1000\n", &["ocelli.yml:2", "memory_budget", "64 MiB"]),
    ("data_dir: d\nlisten: 0.0.0.0:0\n", &["ocelli.yml:2", "0.0.0.0", "127.0.0.1"]),
];

#[test]
fn a_wrong_configuration_ends_with_2_and_names_file_line_and_fix() {
    for (yaml, says) in FILES {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ocelli.yml"), yaml).unwrap();
        check_in(dir.path(), &["serve", "--config", "ocelli.yml"], 2, says);
        check_in(dir.path(), &["check", "ocelli.yml"], 2, says);
    }
}

#[test]
fn a_busy_port_is_named_with_the_way_out() {
    for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut arguments = vec!["serve", flag, &address];
        for other in ["--listen", "--otlp-grpc", "--otlp-http"] {
            if other != flag {
                arguments.extend([other, "127.0.0.1:0"]);
            }
        }
        let port = taken.local_addr().unwrap().port().to_string();
        check(&arguments, 1, &[&port, "in use", flag]);
    }
}

#[test]
fn other_machines_are_kept_out_unless_told() {
    for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
        check(&["serve", flag, "0.0.0.0:0"], 2, &[flag, "0.0.0.0:0", "--insecure", "127.0.0.1"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_has_one_owner() {
    let server = Settings::serve().start().await;
    let data = server.data_dir().to_str().unwrap().to_owned();
    let mut arguments = vec!["serve", "--data-dir", &data];
    for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
        arguments.extend([flag, "127.0.0.1:0"]);
    }
    check(&arguments, 1, &[&data, "in use by another process", "--data-dir"]);
    assert_eq!(server.api.is_ready().await, Ok(()), "the first owner is not disturbed");
}
