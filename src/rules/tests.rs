use super::*;
use ocelli_query::http::TENANT;
use ocelli_query::rules::file;
use ocelli_storage::{Options, Retention};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

const INTERVAL: i64 = 100;
const START: i64 = 1_795_694_400_000;
const SOON: Duration = Duration::from_secs(20);

/// An engine whose clock is moved by the test, over a store of its own.
struct Bench {
    engine: Arc<RuleEngine>,
    now_ms: Arc<AtomicI64>,
    store: Store,
    _directory: tempfile::TempDir,
}

/// Of an engine without any file.
pub fn settings() -> Settings {
    Settings {
        files: Vec::new(),
        starter_pack: false,
        slo_files: Vec::new(),
        config_file: None,
        interval_ms: INTERVAL,
        history_ms: 3_600_000,
        timeout: Duration::from_secs(10),
        max_samples: 1_000_000,
        max_bytes: 1 << 30,
        settle_ms: 0,
    }
}

impl Bench {
    async fn new(rules: &str, settings: impl FnOnce(&mut Settings)) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { retention: Retention::forever(), ..Options::new(directory.path()) };
        let store = Store::open(options, None).await.unwrap();
        let now_ms = Arc::new(AtomicI64::new(START));
        let shown = now_ms.clone();
        let clock = Clock::new(move || shown.load(Ordering::Relaxed) * 1_000_000);
        let mut given = self::settings();
        settings(&mut given);
        let text = format!("groups: [{{name: g, rules: [{rules}]}}]");
        let groups = file::parse("r.yml", &text).unwrap();
        let engine =
            RuleEngine::start(store.clone(), clock, Arc::default(), None, given, groups).await.unwrap();
        Bench { engine, now_ms, store, _directory: directory }
    }

    fn move_clock(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    fn group(&self) -> ocelli_api::rules::RuleGroup {
        self.engine.status().groups.remove(0)
    }

    /// Moves the clock slot by slot until there have been so many evaluations. After a jump the engine may
    /// let one slot pass.
    async fn evaluations(&self, count: u64) {
        let started = Instant::now();
        while self.group().evaluations < count {
            assert!(started.elapsed() < SOON, "{:?}", self.group());
            let before = self.group().evaluations;
            self.move_clock(INTERVAL);
            let moved = Instant::now();
            while self.group().evaluations == before && moved.elapsed() < Duration::from_millis(500) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    async fn until(&self, holds: impl Fn(&ocelli_api::rules::RuleGroup) -> bool) {
        let started = Instant::now();
        while !holds(&self.group()) {
            assert!(started.elapsed() < SOON, "{:?}", self.group());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The times of a recorded series, as often as they are stored.
    fn stored(&self, name: &str) -> Vec<i64> {
        let mut wanted = |series: &ocelli_signal::Series| *series.name == *name;
        let read = self.store.snapshot(TENANT).series(&mut wanted, 0, i64::MAX).unwrap();
        let times = read.iter().flat_map(|series| series.points.times()).map(|time| time / 1_000_000);
        let mut times: Vec<i64> = times.collect();
        times.sort_unstable();
        times
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_writes_nothing_twice() {
    let bench = Bench::new("{record: a, expr: time()}", |_| {}).await;
    bench.evaluations(4).await;
    bench.move_clock(-100 * INTERVAL);
    bench.evaluations(8).await;
    // Forward over the slots that were evaluated before, and the gap between.
    bench.move_clock(95 * INTERVAL);
    bench.evaluations(12).await;
    let missed = bench.group().missed;
    bench.engine.stop().await;
    let times = bench.stored("a");
    let mut once = times.clone();
    once.dedup();
    assert_eq!(times, once, "a slot is there twice");
    assert!(missed > 70, "{missed} slots were jumped over");
    assert!(times.iter().all(|time| (time - times[0]) % INTERVAL == 0), "{times:?}");
}

#[tokio::test]
async fn what_is_left_out_is_counted_and_filled_in() {
    let bench = Bench::new("{record: a, expr: '1'}", |_| {}).await;
    bench.evaluations(1).await;
    bench.move_clock(10 * INTERVAL);
    bench.until(|group| group.missed == 9 && group.evaluations == 2).await;
    bench.until(|group| group.rules[0].backfill.as_ref().unwrap().fraction == 1.0).await;
    bench.engine.stop().await;
    let times = bench.stored("a");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == INTERVAL), "{times:?}");
    assert_eq!(times.last().unwrap() - times[0], (times.len() as i64 - 1) * INTERVAL);
}

#[tokio::test]
async fn a_rule_beyond_its_limits_fails_alone() {
    let rules = "{record: a, expr: '1'}, {record: heavy, expr: 'count_over_time(vector(1)[1h:1ms])'}, \
                 {record: b, expr: a + 1}";
    let bench = Bench::new(rules, |settings| settings.max_samples = 1_000).await;
    bench.evaluations(3).await;
    let failures: Vec<bool> = bench.group().rules.iter().map(|rule| rule.failures > 0).collect();
    let error = bench.group().rules[1].last_error.clone().unwrap();
    bench.engine.stop().await;
    assert_eq!(failures, [false, true, false]);
    assert!(error.contains("too many samples into memory (limit 1000)"), "{error}");
    assert!(bench.stored("b").len() >= 3 && bench.stored("heavy").is_empty());
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let bench = Bench::new("{record: a, expr: '1'}, {record: b, expr: a > 0}", |_| {}).await;
    bench.evaluations(3).await;
    bench.engine.stop().await;
    let marks = mark::read(&bench.store).await.unwrap();
    assert_eq!(marks.len(), 2, "{marks:?}");
    let latest = *bench.stored("a").last().unwrap();
    assert!(marks.values().all(|mark| mark.done == latest), "{marks:?} {latest}");

    // While it was away five slots passed.
    bench.move_clock(5 * INTERVAL);
    let shown = bench.now_ms.clone();
    let clock = Clock::new(move || shown.load(Ordering::Relaxed) * 1_000_000);
    let text = "groups: [{name: g, rules: [{record: a, expr: '1'}, {record: b, expr: a > 0}]}]";
    let groups = file::parse("r.yml", text).unwrap();
    let engine = RuleEngine::start(
        bench.store.clone(),
        clock,
        Arc::default(),
        None,
        bench.engine.settings.clone(),
        groups,
    )
    .await
    .unwrap();
    let bench = Bench { engine, ..bench };
    bench.evaluations(2).await;
    bench.until(|group| group.rules.iter().all(|rule| rule.backfill.as_ref().unwrap().fraction == 1.0)).await;
    bench.engine.stop().await;
    for name in ["a", "b"] {
        let times = bench.stored(name);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == INTERVAL), "{name}: {times:?}");
        assert!(times.len() >= 10, "{name}: {times:?}");
    }
}
