use super::*;
use crate::disk::Disk;
use crate::disk::memory::MemoryDisk;
use crate::error::Error;
use crate::paths::INDEX_SUFFIX;
use crate::segment::sink::name_files;
use crate::segment::{Checked, VerifiedReader, sums};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn built(bodies: &[&str]) -> (MemoryDisk, PathBuf) {
    let disk = MemoryDisk::default();
    let stem = Path::new("s");
    let mut builder = IndexBuilder::default();
    bodies.iter().for_each(|body| builder.push(body).unwrap());
    let entry = builder.finish(&disk, stem).unwrap();
    name_files(&disk, stem, vec![entry]).unwrap();
    (disk, crate::paths::with_suffix(stem, INDEX_SUFFIX))
}

/// As a segment does it: with the sums that the writer has left.
fn open(disk: &MemoryDisk, path: &Path, rows: u64) -> crate::error::Result<LogIndex> {
    let told = sums::parse(&crate::disk::read(disk, Path::new("s.sums")).unwrap()).unwrap();
    let checked = Arc::new(Checked::new(told[0].1.clone()));
    let file = VerifiedReader::new(disk.open(path).unwrap(), checked, Arc::default());
    LogIndex::open(path, Arc::new(file), rows)
}

fn word(text: &str) -> TextQuery {
    TextQuery::Word(text.into())
}

fn hits(bodies: &[&str], query: &TextQuery) -> Option<Vec<u32>> {
    let (disk, path) = built(bodies);
    let index = open(&disk, &path, bodies.len() as u64).unwrap();
    index.rows(query).unwrap().map(|rows| rows.iter().collect())
}

const BODIES: [&str; 5] =
    ["Card declined for order 5001", "", "order 5002 paid", "card accepted, order 50", "user-agent: curl"];

#[test]
fn words_prefixes_and_their_combinations() {
    let check = |query: TextQuery, expected: Option<&[u32]>| {
        assert_eq!(hits(&BODIES, &query).as_deref(), expected, "{query:?}");
    };
    check(word("CARD"), Some(&[0, 3]));
    check(word("absent"), Some(&[]));
    check(word("user-agent"), Some(&[4]));
    check(TextQuery::Prefix("50".into()), Some(&[0, 2, 3]));
    check(TextQuery::Prefix("order 500".into()), Some(&[0, 2]));
    check(TextQuery::And(vec![word("card"), word("order"), word("5001")]), Some(&[0]));
    check(TextQuery::Or(vec![word("curl"), word("paid")]), Some(&[2, 4]));
    check(word("--"), None);
    check(TextQuery::Or(vec![word("curl"), word("--")]), None);
    check(TextQuery::And(vec![word("curl"), word("--")]), Some(&[4]));
}

#[test]
fn an_index_for_another_number_of_rows_is_refused() {
    let (disk, path) = built(&BODIES);
    assert!(matches!(open(&disk, &path, 4), Err(Error::Corrupt { .. })));
}

#[test]
fn damage_anywhere_is_found() {
    let (disk, path) = built(&BODIES);
    let bytes = disk.open(&path).unwrap().bytes() as usize;
    for at in (0..bytes).step_by(7) {
        disk.damage(&path, |content| content[at] ^= 4);
        // What opening does not read is found wrong when it is read.
        let outcome = open(&disk, &path, 5).and_then(|index| index.rows(&word("card")));
        assert!(outcome.is_err(), "byte {at}");
        disk.damage(&path, |content| content[at] ^= 4);
    }
    disk.damage(&path, |content| content.truncate(bytes / 2));
    assert!(open(&disk, &path, 5).is_err());
}

fn any_query() -> impl Strategy<Value = TextQuery> {
    let word = "[abc]{1,2}";
    let leaf = prop_oneof![word.prop_map(TextQuery::Word), word.prop_map(TextQuery::Prefix)];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let parts = prop::collection::vec(inner, 1..4);
        prop_oneof![parts.clone().prop_map(TextQuery::And), parts.prop_map(TextQuery::Or)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn runs_of_rows_give_together_what_all_rows_give(
        bodies in prop::collection::vec("([abc]{1,2} ){0,3}", 1..600),
        repeat in 1usize..4,
        query in any_query(),
        mut bounds in prop::collection::vec(0u32..2_000, 0..6),
    ) {
        // Long enough for several blocks of postings.
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).cycle().take(bodies.len() * repeat).collect();
        let matches = |query: &TextQuery, body: &str| naive(query, &tokenize(body));
        let expected: Vec<u32> =
            (0..bodies.len() as u32).filter(|row| matches(&query, bodies[*row as usize])).collect();
        let (disk, path) = built(&bodies);
        let index = open(&disk, &path, bodies.len() as u64).unwrap();
        let mut candidates = index.candidates(&query).unwrap().unwrap();
        prop_assert!((0.0..=1.0).contains(&candidates.share()) && (candidates.share() > 0.0 || expected.is_empty()));
        bounds.extend([0, bodies.len() as u32]);
        bounds.sort_unstable();
        let runs = bounds.windows(2).map(|pair| candidates.within(pair[0]..pair[1].min(bodies.len() as u32)));
        let found: Vec<u32> = runs.flat_map(|rows| rows.iter().collect::<Vec<_>>()).collect();
        prop_assert_eq!(found, expected, "{:?}", query);
    }

    #[test]
    fn the_index_finds_what_a_scan_finds(
        bodies in prop::collection::vec("[a-cA-C ,é]{0,12}", 1..40),
        wanted in "[a-cé]{1,3}",
    ) {
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let scan = |test: &dyn Fn(&String) -> bool| -> Vec<u32> {
            let rows = bodies.iter().enumerate().filter(|(_, body)| tokenize(body).iter().any(test));
            rows.map(|(row, _)| row as u32).collect()
        };
        let (disk, path) = built(&bodies);
        let index = open(&disk, &path, bodies.len() as u64).unwrap();
        let found = |query| index.rows(&query).unwrap().unwrap().iter().collect::<Vec<_>>();
        prop_assert_eq!(found(word(&wanted)), scan(&|word| *word == wanted));
        prop_assert_eq!(found(TextQuery::Prefix(wanted.clone())), scan(&|word| word.starts_with(&wanted)));
    }
}

fn naive(query: &TextQuery, words: &[String]) -> bool {
    match query {
        TextQuery::Word(text) => words.contains(text),
        TextQuery::Prefix(text) => words.iter().any(|word| word.starts_with(text.as_str())),
        TextQuery::And(parts) => parts.iter().all(|part| naive(part, words)),
        TextQuery::Or(parts) => parts.iter().any(|part| naive(part, words)),
    }
}
