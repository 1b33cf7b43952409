use super::*;
use crate::segment::testing::Bytes;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use parquet::file::metadata::KeyValue;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

fn distinct(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true).with_metadata(HashMap::from([(DISTINCT.to_owned(), String::new())]))
}

/// Batches of two columns: a text in some rows, a number in each; behind them others that have no filters.
fn made(texts: &[Option<String>], batch_rows: usize, offset: u64) -> (Bytes, Filters) {
    let fields = [distinct("text", DataType::Utf8), distinct("number", DataType::Int64)];
    let plain = Field::new("plain", DataType::Int64, true);
    let schema = Arc::new(Schema::new(fields.into_iter().chain([plain]).collect::<Vec<_>>()));
    let mut builder = FiltersBuilder::new(&schema);
    for (at, chunk) in texts.chunks(batch_rows).enumerate() {
        let first = (at * batch_rows) as i64;
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + chunk.len() as i64));
        let texts: ArrayRef = Arc::new(StringArray::from_iter(chunk.iter().cloned()));
        let columns = vec![texts, numbers.clone(), numbers];
        builder.append(&RecordBatch::try_new(schema.clone(), columns).unwrap()).unwrap();
    }
    let (bytes, told) = builder.finish(offset).unwrap();
    let mut file = vec![0xff; offset as usize];
    file.extend(bytes);
    (Bytes(file), Filters::of_file(Some(&vec![told])))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_there_is_never_excluded_and_most_else_is(
        rows in prop_oneof![1..3usize, 4_090..4_100usize, 8_000..9_000usize, 131_000..132_000usize],
        batch_rows in prop_oneof![1_000..9_000usize],
        share in 0..5usize,
        offset in 0..100u64,
    ) {
        let texts: Vec<Option<String>> =
            (0..rows).map(|row| (share > 0 && row % share == 0).then(|| format!("order-{row}"))).collect();
        let (file, filters) = made(&texts, batch_rows, offset);
        let runs = |column: &str, value: &[u8]| filters.runs(&file, column, hash(value), rows as u64).unwrap();
        for (row, text) in texts.iter().enumerate().step_by(1 + rows / 200) {
            let has = |runs: Vec<std::ops::Range<u32>>| runs.iter().any(|run| run.contains(&(row as u32)));
            prop_assert!(text.as_ref().is_none_or(|text| has(runs("text", text.as_bytes()).unwrap())));
            prop_assert!(has(runs("number", &(row as i64).to_le_bytes()).unwrap()));
        }
        let (mut named, pages) = (0, rows.div_ceil(PAGE_ROWS));
        for other in 0..200i64 {
            for (column, value) in [("text", format!("other-{other}").into_bytes()), ("number", (-1 - other).to_le_bytes().to_vec())] {
                let found = runs(column, &value).unwrap();
                prop_assert!(found.is_sorted_by_key(|run| run.start) && found.iter().all(|run| run.end as usize <= rows));
                named += found.iter().map(|run| run.len().div_ceil(PAGE_ROWS)).sum::<usize>();
            }
        }
        prop_assert!(named * 25 <= 400 * pages, "{named} of {} pages", 400 * pages);
        prop_assert!(runs("plain", b"x").is_none() && runs("absent", b"x").is_none());
    }
}

#[test]
fn a_footer_that_says_nothing_of_use_excludes_nothing() {
    let (file, filters) = made(&[Some("a".into())], 10, 0);
    assert!(filters.runs(&file, "text", hash(b"b"), 1_000_000).unwrap().is_none(), "too few chapters");
    for told in ["", "{", "[]", "{\"text\": 1}"] {
        let filters = Filters::of_file(Some(&vec![KeyValue::new(FILTERS.to_owned(), told.to_owned())]));
        assert!(filters.runs(&file, "text", hash(b"b"), 1).unwrap().is_none(), "{told}");
    }
    let far = "{\"text\": [{\"offset\": 18446744073709551615, \"blocks\": 4294967295}]}";
    let filters = Filters::of_file(Some(&vec![KeyValue::new(FILTERS.to_owned(), far.to_owned())]));
    filters.runs(&Bytes(Vec::new()), "text", hash(b"b"), 1).unwrap_err();
}
