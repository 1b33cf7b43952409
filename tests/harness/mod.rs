//! What the end-to-end tests and the browser tests share: the real binary in its own process, what is
//! sent to it, and its API.
//!
//! Nothing here sleeps to wait for something to have happened: conditions are looked at until they
//! hold or a deadline is over (`wait`).

// Each of the two programs uses a part of it.
#![allow(dead_code)]

pub mod alertmanager;
pub mod api;
pub mod book;
pub mod gate;
pub mod otlp;
pub mod postgres;
pub mod process;
pub mod prometheus;
pub mod receivers;
pub mod s3;
pub mod sender;
pub mod server;
pub mod wait;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What an environment variable that `cargo xtask test` sets names.
pub fn installed(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("{variable} is not set: run `cargo xtask test`, which installs what this test needs"),
    }
}

/// Nanoseconds since the Unix epoch.
pub fn now_ns() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    since_epoch.as_nanos().try_into().expect("the clock is before 2554")
}

/// The folder that this test program was built into: the target directory's.
pub fn target_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    // <target>/debug/deps/<program>
    program.ancestors().nth(3).expect("a test program lies three folders deep").to_owned()
}
