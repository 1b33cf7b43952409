use super::*;
use crate::promql::testing::TestStore;

const MINUTE: i64 = 60_000;

fn rule(expr: &str) -> Rule {
    Rule {
        name: "r:x".into(),
        expr: expr.into(),
        language: Default::default(),
        labels: Vec::new(),
        alert: None,
    }
}

fn over(first: i64, last: i64) -> Over {
    let chunk = Chunk { first_ms: first * MINUTE, last_ms: last * MINUTE, interval_ms: MINUTE };
    Over { chunk, query_offset_ms: 0, limit: 0, subquery_step_ms: MINUTE, max_samples: 1_000_000 }
}

/// Fills a chunk and keeps what came.
fn fill_into(store: &mut TestStore, rule: &Rule, over: &Over) -> Filled {
    let mut ask = |_, text: &_, time_ms| {
        let mut select = |selection: &Selection| Ok(store.select(selection));
        run(&Query::instant(text, time_ms), &mut select, &|| Ok(()))
    };
    let mut select = |selection: &Selection| Ok(store.select(selection));
    let filled = fill(rule, over, &mut ask, &mut select, &|| Ok(())).unwrap();
    for one in &filled.recorded {
        store.put(&one.labels, one.time_ms, one.sample.clone());
    }
    filled
}

/// The samples of `r:x{a="1"}` as minute and value; `end` is a stale marker.
fn kept(store: &TestStore) -> String {
    let selection = Selection {
        matchers: vec![Matcher::equal(METRIC_NAME, "r:x"), Matcher::equal("a", "1")],
        after_ms: -1,
        until_ms: i64::MAX,
    };
    let samples =
        store.select(&selection).first().map(|series| series.samples.in_order()).unwrap_or_default();
    let shown = |(time, sample): &(i64, Sample)| match sample.float() {
        Some(value) if !sample.is_stale() => format!("{}={value}", time / MINUTE),
        _ => format!("{}=end", time / MINUTE),
    };
    samples.iter().map(shown).collect::<Vec<_>>().join(" ")
}

fn store(values: &str) -> TestStore {
    let mut store = TestStore::default();
    store.load_line(&format!("x{{a=\"1\"}} {values}"), 0, MINUTE).unwrap();
    store
}

#[test]
fn chunks_cover_every_slot_once() {
    let slots = Slots::new("g", 1_000);
    let (mut done, mut all) = (slots.at_or_before(50_000), Vec::new());
    while let Some(chunk) = Chunk::next(slots, done, 60_000, 4) {
        all.extend(chunk.times());
        assert!(chunk.slots() <= 4);
        done = chunk.last_ms;
    }
    let first = slots.after(slots.at_or_before(50_000));
    assert_eq!(all, (0..all.len() as i64).map(|at| first + at * 1_000).collect::<Vec<_>>());
    assert!(slots.after(done) >= 60_000 && *all.last().unwrap() < 60_000);
}

#[test]
fn chunks_give_what_one_evaluation_a_slot_gives() {
    let values = "1 2 _ stale _ _ 3 stale 4 5";
    let mut whole = store(values);
    fill_into(&mut whole, &rule("x"), &over(0, 12));
    assert_eq!(kept(&whole), "0=1 1=2 2=2 3=end 6=3 7=end 8=4 9=5 10=5 11=5 12=5");
    for size in 1..5 {
        let mut parts = store(values);
        for first in (0..=12).step_by(size) {
            fill_into(&mut parts, &rule("x"), &over(first, (first + size as i64 - 1).min(12)));
        }
        assert_eq!(kept(&parts), kept(&whole), "chunks of {size}");
    }
}

#[test]
fn what_is_stored_is_not_written_again() {
    let mut store = store("1 2 3 4 5 6");
    let filled = fill_into(&mut store, &rule("x"), &over(1, 3));
    assert_eq!(filled.recorded.len(), 3);
    assert_eq!(fill_into(&mut store, &rule("x"), &over(1, 3)).recorded, []);
    let filled = fill_into(&mut store, &rule("x"), &over(0, 4));
    assert_eq!(filled.recorded.iter().map(|one| one.time_ms / MINUTE).collect::<Vec<_>>(), [0, 4]);
}

#[test]
fn the_last_slot_meets_what_was_evaluated_since() {
    let mut store = store("1 2 stale");
    // The server has evaluated minute 2 already, and found another series alone.
    let other = Labels::new([(METRIC_NAME, "r:x"), ("a", "2")]);
    store.put(&other, 2 * MINUTE, Sample::Float(9.0));
    fill_into(&mut store, &rule("x"), &over(0, 1));
    assert_eq!(kept(&store), "0=1 1=2 2=end");
}

#[test]
fn slots_that_fail_are_told_apart() {
    let mut store = store("1 2 3 4");
    store.load_line("x{a=\"2\"} _ 5", 0, MINUTE).unwrap();
    store.load_line("x{a=\"2\"} _ _ stale", 0, MINUTE).unwrap();
    let same = Rule { labels: vec![("a".into(), "1".into())], ..rule("x") };
    let filled = fill_into(&mut store, &same, &over(0, 3));
    assert_eq!((filled.failed.len(), kept(&store).as_str()), (1, "0=1 2=3 3=4"));
    assert!(filled.error.unwrap().contains("same labelset after applying rule labels"));
    let limited = Over { limit: 1, ..over(0, 3) };
    let filled = fill_into(&mut store, &Rule { name: "r:y".into(), ..rule("x") }, &limited);
    assert_eq!(
        (filled.failed.len(), filled.error.unwrap().as_str()),
        (1, "exceeded limit of 1 with 2 series")
    );
}

#[test]
fn the_times_of_the_query_are_those_of_a_slot() {
    let mut store = store("1 2 3");
    fill_into(&mut store, &rule("x @ end()"), &over(0, 2));
    assert_eq!(kept(&store), "0=1 1=2 2=3");
    let mut late = self::store("1 2 3");
    let offset = Over { query_offset_ms: MINUTE, ..over(2, 3) };
    fill_into(&mut late, &rule("x"), &offset);
    assert_eq!(kept(&late), "1=2 2=3", "a sample has the time that was looked at");
}
