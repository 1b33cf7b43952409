//! A disk of 256 MiB that is filled three times, by telemetry and by another program: what does not fit
//! is refused so that the sender comes back, queries are answered, and once there is space it goes on by
//! itself. What was acknowledged is there, once.

use crate::harness::api::Api;
use crate::harness::now_ns;
use crate::harness::otlp::{self, attribute, int, text};
use crate::harness::sender::{Outcome, Sender};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::logs::LogsResponse;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const DISK_MIB: usize = 256;
/// What the other program leaves in a round.
const ROOM_MIB: usize = 40;
const BACK_WITHIN: Duration = Duration::from_secs(30);
const RECORDS_A_BATCH: u64 = 100;
/// Random, so that a record takes as much on the disk.
const RANDOM_BYTES: usize = 2_000;
const CONFIG: &str = "storage:\n  flush_bytes: 4000000\n  flush_age_s: 2\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_nothing_that_was_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(home.path().join("data"));
    let mut server = Settings::serve().config(CONFIG).start_in(home).await;
    let mut load = Load::default();
    load.must_be_taken(&server).await;
    for round in 1..=3 {
        let mut other = disk.fill_but(ROOM_MIB);
        let refused = load.until_refused(&server).await;
        assert!(refused.body.contains("disk is nearly full"), "{refused:?}");
        let why = server.api.system().await.storage.refusing.unwrap_or_default();
        assert!(why.contains("disk is nearly full"), "{why}");
        is_served(&server.api, &load).await;
        // Now the other program takes the last byte, and what is given back, while telemetry goes on coming.
        load.only_refused_for(&server, &mut other, Duration::from_secs(3)).await;
        is_served(&server.api, &load).await;
        if round == 3 {
            server = server.kill().start().await;
            is_served(&server.api, &load).await;
            load.only_refused_for(&server, &mut other, Duration::from_secs(1)).await;
        }
        drop(other);
        let started = Instant::now();
        until("telemetry is taken in again", BACK_WITHIN, async || load.send(&server).await).await;
        println!("round {round}: {} records, back after {:?}", load.acknowledged.len(), started.elapsed());
        load.must_be_taken(&server).await;
    }
    check(&server.api, &load).await;
    let storage = server.api.system().await.storage;
    assert_eq!((storage.quarantined, storage.refusing), (Vec::new(), None));
    let server = server.stop().start().await;
    check(&server.api, &load).await;
}

/// Ready, searchable, and what it answers is right.
async fn is_served(api: &Api, load: &Load) {
    api.is_ready().await.unwrap();
    let newest: LogsResponse = api.find("/api/logs", &[("q", "service:disk"), ("limit", "50")]).await;
    assert_eq!(newest.records.len(), 50);
    for number in newest.records.iter().map(number) {
        assert!(load.sent.contains(&number), "record {number} was never sent");
    }
}

fn number(record: &ocelli_api::logs::LogRecord) -> u64 {
    let number = record.attributes.iter().find(|attribute| attribute.key == "number").unwrap();
    number.value.0["intValue"].as_str().unwrap().parse().unwrap()
}

async fn check(api: &Api, load: &Load) {
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    for record in api.all_logs("service:disk", 2_000).await {
        *times.entry(number(&record)).or_default() += 1;
    }
    let lost: Vec<_> = load.acknowledged.iter().filter(|number| !times.contains_key(number)).collect();
    assert!(
        lost.is_empty(),
        "{} acknowledged records are lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(20)]
    );
    assert_eq!(times.values().filter(|times| **times > 1).count(), 0, "records are there twice");
    assert!(times.keys().all(|number| load.sent.contains(number)));
}

/// The sender, with its own book about what was acknowledged.
struct Load {
    random: StdRng,
    next: u64,
    sent: BTreeSet<u64>,
    acknowledged: BTreeSet<u64>,
}

impl Default for Load {
    fn default() -> Load {
        let random = StdRng::seed_from_u64(20_261_126);
        Load { random, next: 0, sent: BTreeSet::new(), acknowledged: BTreeSet::new() }
    }
}

impl Load {
    /// One batch of records that were never sent before: OTLP can't tell a repetition from news.
    async fn attempt(&mut self, sender: &Sender) -> Outcome {
        let numbers = self.next..self.next + RECORDS_A_BATCH;
        self.next = numbers.end;
        let records = numbers.clone().map(|number| {
            let noise: String = (0..RANDOM_BYTES).map(|_| self.random.random_range('!'..='~')).collect();
            let mut record = otlp::log(now_ns(), 9, "a record on a small disk");
            record.attributes =
                vec![attribute("number", int(number as i64)), attribute("noise", text(&noise))];
            record
        });
        let outcome = sender.attempt(&otlp::logs("disk", records.collect())).await;
        self.sent.extend(numbers.clone());
        if outcome.status == 200 {
            self.acknowledged.extend(numbers);
        } else {
            let retryable = [429, 503].contains(&outcome.status) && outcome.retry_after.is_some();
            assert!(retryable, "refused for good: {outcome:?}");
        }
        outcome
    }

    async fn send(&mut self, server: &Server) -> Result<(), String> {
        let outcome = self.attempt(&server.sender()).await;
        ensure(outcome.status == 200, || format!("{outcome:?}"))
    }

    async fn must_be_taken(&mut self, server: &Server) {
        until("some records are taken in", BACK_WITHIN, async || self.send(server).await).await;
    }

    async fn until_refused(&mut self, server: &Server) -> Outcome {
        let sender = server.sender();
        loop {
            let outcome = self.attempt(&sender).await;
            if outcome.status == 503 {
                return outcome;
            }
            assert!(
                self.acknowledged.len() * RANDOM_BYTES < (2 * DISK_MIB) << 20,
                "more than the disk holds"
            );
        }
    }

    async fn only_refused_for(&mut self, server: &Server, other: &mut Other, time: Duration) {
        let (sender, started) = (server.sender(), Instant::now());
        let (mut taken, mut refused) = (0, 0);
        while started.elapsed() < time {
            other.take_the_rest();
            let outcome = self.attempt(&sender).await;
            if outcome.status == 200 { taken += 1 } else { refused += 1 }
        }
        assert!(refused > 0 && taken < 20, "{taken} batches were taken on a full disk, {refused} refused");
    }
}

/// A file system of its own; the machine must let the test mount one, as it lets root.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> SmallDisk {
        std::fs::create_dir(&at).unwrap();
        let size = format!("size={DISK_MIB}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        let mount = mount.expect("there is a mount command");
        let why = String::from_utf8_lossy(&mount.stderr);
        assert!(
            mount.status.success(),
            "this test needs a small disk, and mounting a tmpfs failed: {why}; run it as root, \
             in a container with CAP_SYS_ADMIN"
        );
        SmallDisk(at)
    }

    /// What another program keeps there.
    fn fill_but(&self, mib: usize) -> Other {
        let space = rustix::fs::statvfs(&self.0).unwrap();
        let available = (space.f_bavail * space.f_frsize) as usize;
        Other::begin(&self.0, available.saturating_sub(mib << 20))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server may not have gone yet.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The file of another program; its space is free again when dropped.
struct Other {
    path: PathBuf,
    file: File,
}

impl Other {
    fn begin(dir: &Path, bytes: usize) -> Other {
        let path = dir.join("other-program");
        let mut file = File::create(&path).unwrap();
        file.write_all(&vec![1; bytes]).unwrap();
        Other { path, file }
    }

    fn take_the_rest(&mut self) {
        let piece = [1; 4096];
        loop {
            match self.file.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
