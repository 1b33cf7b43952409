use super::*;
use crate::logs::compile;
use crate::logs::fixture::{Random, Record, TENANT, filled};
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const STEP: i64 = 1_000_000;

/// What a shop prints; from the half on it prints something new, and one thing ten times as often.
fn records(count: i64) -> Vec<Record> {
    let mut random = Random(5);
    let record = |number: i64, random: &mut Random| {
        let id = random.below(100_000);
        let late = number >= count / 2;
        let body = match random.below(if late { 40 } else { 20 }) {
            0..10 => format!("order {id} of user u-{} placed", id % 77),
            10..19 => format!("cache miss for key={id} took {}.5 ms", id % 9),
            19 => format!("card {} of user u-{id} declined", ["visa", "amex"][random.below(2) as usize]),
            20..39 => format!("retry {id} of upstream payment-{}", id % 4),
            _ => format!("disk /dev/sda{} is full", id % 3),
        };
        Record {
            time: START + number * STEP,
            severity: if body.starts_with("disk") { 17 } else { 9 },
            body,
            service: "shop".to_owned(),
            ..Record::default()
        }
    };
    (0..count).map(|number| record(number, &mut random)).collect()
}

async fn mined(indexed: bool, records: &[Record], since: Option<i64>) -> LogPatternsResponse {
    let (store, _directory) = filled(indexed, records).await;
    let filter = compile("").unwrap();
    let range = TimeRange { from: UnixNano(START), to: UnixNano(START + records.len() as i64 * STEP) };
    let wanted = LogPatterns { filter: &filter, range, since: since.map(UnixNano), limit: 100 };
    let budget = Budget::new(Duration::from_secs(60));
    patterns(&store.snapshot(TENANT), &wanted, &budget).unwrap()
}

#[tokio::test]
async fn kinds_of_bodies_are_found_with_their_counts() {
    let records = records(4_000);
    let found = mined(true, &records, None).await;
    let count = |begin: &str| records.iter().filter(|record| record.body.starts_with(begin)).count() as u64;
    let mut expected = vec![
        ("order <*> of user <*> placed", count("order")),
        ("cache miss for key=<*> took <*> ms", count("cache")),
        ("card <*> of user <*> declined", count("card")),
        ("retry <*> of upstream <*>", count("retry")),
        ("disk /dev/<*> is full", count("disk")),
    ];
    expected.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let got: Vec<(&str, u64)> = found.patterns.iter().map(|one| (one.template.as_str(), one.count)).collect();
    assert_eq!(got, expected);
    assert_eq!((found.records, found.other, found.found), (4_000, 0, 5));
    for pattern in &found.patterns {
        let begin = pattern.template.split(' ').next().unwrap();
        let of: Vec<&Record> = records.iter().filter(|record| record.body.starts_with(begin)).collect();
        assert_eq!((pattern.first_seen.0, pattern.last_seen.0), (of[0].time, of[of.len() - 1].time));
        assert_eq!(pattern.example, of[of.len() - 1].body);
        let filter = compile(&pattern.query).unwrap();
        let (store, _directory) = filled(true, &records).await;
        let budget = Budget::new(Duration::from_secs(60));
        let counted =
            crate::logs::histogram::histogram(&store.snapshot(TENANT), &filter, found.range, 60, &budget)
                .unwrap();
        assert_eq!(counted.total, pattern.count, "{}", pattern.query);
    }
    assert_eq!(found.patterns.iter().find(|one| one.template.starts_with("disk")).unwrap().severity, "error");
    // The same from rows in another order, without an index.
    assert_eq!(mined(false, &records, None).await.patterns, found.patterns);
}

#[tokio::test]
async fn what_is_new_or_surges_since_a_time_is_told() {
    let records = records(4_000);
    let found = mined(true, &records, Some(START + 2_000 * STEP)).await;
    let change = |begin: &str| {
        let of = found.patterns.iter().find(|one| one.template.starts_with(begin)).unwrap();
        (of.change.unwrap(), of.before.unwrap() + of.count)
    };
    assert_eq!(change("retry").0, PatternChange::New);
    assert_eq!(change("disk").0, PatternChange::New);
    assert_eq!(change("order").0, PatternChange::Steady);
    assert_eq!(found.patterns[0].template, "retry <*> of upstream <*>");
    let narrow = mined(true, &records, Some(START + 3_990 * STEP)).await;
    assert!(narrow.patterns.iter().all(|one| one.change != Some(PatternChange::New)));
}

#[tokio::test]
async fn bodies_without_order_stay_within_bounds() {
    let mut random = Random(9);
    let word =
        |random: &mut Random| (0..6).map(|_| char::from(b'a' + random.below(26) as u8)).collect::<String>();
    let record = |number: i64, random: &mut Random| Record {
        time: START + number * STEP,
        body: (0..6).map(|_| word(random)).collect::<Vec<_>>().join(" "),
        ..Record::default()
    };
    let records: Vec<Record> = (0..50_000).map(|number| record(number, &mut random)).collect();
    let found = mined(false, &records, None).await;
    assert_eq!(found.records, 50_000);
    assert!(found.found <= 2_000 && found.other > 40_000, "{} {}", found.found, found.other);
}
