use crate::segment::testing::written;
use crate::segment::{Wanted, value_column};
use crate::test_rows;
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use ocelli_signal::attributes::encode;
use ocelli_signal::value_text::display;
use ocelli_signal::{AnyValue, Attributes, Signal};
use std::collections::HashSet;
use std::sync::Arc;

/// Rows with few values, many values, numbers, a key of two types, and a rare key.
fn rows() -> RecordBatch {
    let lists = (0..2_000i64).map(|n| {
        let (request, name) = (format!("request-{n}"), ["a", "b", "c"][n as usize % 3]);
        let mut pairs = vec![
            ("request", AnyValue::String(&request)),
            ("name", AnyValue::String(name)),
            ("order_id", AnyValue::Int(5_000 + n)),
            ("even", AnyValue::Int(2 * n)),
            ("ratio", AnyValue::Double(n as f64 / 8.0)),
            ("mixed", if n % 2 == 0 { AnyValue::Int(n) } else { AnyValue::String(&request) }),
            ("ok", AnyValue::Bool(n % 2 == 0)),
        ];
        pairs.extend((n == 77).then_some(("rare", AnyValue::String("once"))));
        // A second value of a key is never looked at.
        pairs.extend((n % 2 == 0).then_some(("name", AnyValue::String("again"))));
        encode(pairs)
    });
    let rows = test_rows::batch(Signal::Logs, 0, 2_000);
    let lists: ArrayRef = Arc::new(BinaryArray::from_iter_values(lists));
    let mut columns = rows.columns().to_vec();
    columns[rows.schema().index_of("attributes").unwrap()] = lists;
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

fn text(column: &ArrayRef, row: usize) -> String {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => display(&AnyValue::Double(column.as_primitive::<Float64Type>().value(row))),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        other => panic!("no column has the type {other}"),
    }
}

#[test]
fn a_key_read_alone_has_the_values_of_the_whole_lists() {
    let segment = written(Signal::Logs, vec![rows()], usize::MAX).segment;
    let columns: Option<&[&str]> = Some(&["attributes"]);
    let whole = segment.read(columns, None).unwrap();
    for keys in [&["order_id"][..], &["request", "ratio"], &["mixed"], &["name"], &["rare"], &["absent"], &[]]
    {
        let alone =
            segment.read_wanted(&Wanted { columns, keys: Some(keys), as_values: false }, None).unwrap();
        let lists = |batches: &[RecordBatch]| -> Vec<Vec<u8>> {
            let lists = batches.iter().flat_map(|batch| batch.column(0).as_binary::<i32>().iter());
            lists.map(|list| list.unwrap().to_vec()).collect()
        };
        let (whole, alone) = (lists(&whole), lists(&alone));
        assert_eq!(whole.len(), alone.len(), "{keys:?}");
        for (whole, alone) in whole.iter().zip(&alone) {
            for key in keys {
                let get = |list| Attributes::of_column(list).get(key);
                assert_eq!(get(whole), get(alone), "{key}");
            }
        }
        // As values they are the same: in a column of the key, or else in the lists.
        let wanted = Wanted { columns, keys: Some(keys), as_values: true };
        let values = segment.read_wanted(&wanted, None).unwrap();
        let mut row = 0;
        for batch in &values {
            let lists = batch.column_by_name("attributes").unwrap().as_binary::<i32>();
            for at in 0..batch.num_rows() {
                for key in keys {
                    let expected = Attributes::of_column(&whole[row]).get(key).map(|value| display(&value));
                    let found = match batch.column_by_name(&value_column(key)) {
                        Some(column) => column.is_valid(at).then(|| text(column, at)),
                        None => Attributes::of_column(lists.value(at)).get(key).map(|value| display(&value)),
                    };
                    assert_eq!(found, expected, "{key}");
                }
                row += 1;
            }
        }
        assert_eq!(row, whole.len());
        let in_columns = ["order_id", "request"].contains(keys.first().unwrap_or(&""));
        assert!(!in_columns || alone[0].len() < whole[0].len() / 2, "{keys:?} are read alone");
    }
}

#[test]
fn what_is_there_is_never_excluded_and_most_of_the_rest_is() {
    let rows = rows();
    let segment = written(Signal::Logs, vec![rows.clone()], usize::MAX).segment;
    let lists = rows.column_by_name("attributes").unwrap().as_binary::<i32>();
    let mut there = HashSet::new();
    for list in lists.iter().flatten() {
        there
            .extend(Attributes::of_column(list).iter().map(|(key, value)| (key.to_owned(), display(&value))));
    }
    for (key, value) in &there {
        assert!(!segment.runs_with_attribute(key, value, true).unwrap().is_empty(), "{key}={value}");
    }
    let may_have =
        |key: &str, value: &str| !segment.runs_with_attribute(key, value, true).unwrap().is_empty();
    let excluded = (0..1_000).filter(|n| !may_have("request", &format!("another-{n}"))).count();
    assert!(excluded > 900, "{excluded} of 1000 are excluded");
    assert!(!may_have("order_id", "4999") && !may_have("order_id", "7000") && !may_have("order_id", "x"));
    assert!(may_have("order_id", "5001.0") && !may_have("absent", "x"));
    // Within the bounds only the filter can tell; it has every second number.
    let odd = (0..1_000).filter(|n| may_have("even", &(2 * n + 1).to_string())).count();
    assert!(odd < 100, "{odd} of 1000 that are not there may be there");
    assert!((0..1_000).all(|n| may_have("even", &(2 * n).to_string())));
    // Every resource has one: without the attribute, that counts.
    assert!(may_have("host.cpus", "x"));
    assert!(segment.runs_with_attribute("host.cpus", "x", false).unwrap().is_empty());
}

#[test]
fn ids_that_are_there_are_never_excluded() {
    let segment = written(Signal::Logs, vec![test_rows::batch(Signal::Logs, 0, 3_000)], usize::MAX).segment;
    let may_have = |column: &str, id: &[u8]| !segment.runs_with_id(column, id).unwrap().is_empty();
    assert!((1..3_000).filter(|n| n % 3 != 0).all(|n| may_have("trace_id", &test_rows::trace_id(n))));
    assert!(!may_have("trace_id", &[9; 16]));
    assert!(may_have("span_id", &[9; 8]), "without a bloom filter it may be there");
}

#[test]
fn rows_of_a_value_are_found_in_its_column_alone() {
    let rows = rows();
    let segment = written(Signal::Logs, vec![rows.clone()], usize::MAX).segment;
    let lists = rows.column_by_name("attributes").unwrap().as_binary::<i32>();
    let values = [
        ("request", "request-77"),
        ("request", "request-5000"),
        ("order_id", "5001"),
        ("order_id", "5001.0"),
        ("order_id", "50010e-1"),
        ("order_id", "4999"),
        ("even", "1998"),
        ("name", "a"),
        ("mixed", "4"),
        ("ratio", "0.5"),
        ("rare", "once"),
        ("absent", "x"),
    ];
    let (mut told, mut order) = (0, segment.read(Some(&["attributes"]), None).unwrap());
    let order: Vec<Vec<u8>> = order
        .drain(..)
        .flat_map(|batch| {
            batch.column(0).as_binary::<i32>().iter().map(|list| list.unwrap().to_vec()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(order.len(), lists.len());
    for (key, value) in values {
        let is = |row: &u32| {
            let found = Attributes::of_column(&order[*row as usize]).get(key);
            match found {
                Some(AnyValue::Int(n)) => value.parse::<f64>() == Ok(n as f64),
                found => found.is_some_and(|found| display(&found) == value),
            }
        };
        for run in [0..2_000, 0..1, 1_999..2_000, 60..90, 500..500] {
            let found = segment.rows_with_attribute(key, value, false, run.clone()).unwrap();
            told += usize::from(found.is_some());
            if let Some(found) = found {
                assert_eq!(
                    found.iter().collect::<Vec<_>>(),
                    run.filter(is).collect::<Vec<_>>(),
                    "{key}={value}"
                );
            }
        }
    }
    assert!(told >= 5 * 7, "{told}");
    // Every resource has one, and few values are not worth it.
    assert!(segment.rows_with_attribute("host.cpus", "x", true, 0..9).unwrap().is_none());
    assert!(segment.rows_with_attribute("name", "a", false, 0..9).unwrap().is_none());
}

#[test]
fn rows_of_an_id_are_found_across_pages_and_batches() {
    let segment = written(Signal::Logs, vec![test_rows::batch(Signal::Logs, 0, 10_000)], usize::MAX).segment;
    let batches = segment.read(Some(&["trace_id"]), None).unwrap();
    let ids: Vec<Option<Vec<u8>>> = batches
        .iter()
        .flat_map(|batch| {
            let ids = batch.column(0).as_fixed_size_binary();
            ids.iter().map(|id| id.map(<[u8]>::to_vec)).collect::<Vec<_>>()
        })
        .collect();
    for run in [0..10_000, 4_090..4_100, 8_190..8_200, 4_096..8_192, 9_999..10_000, 7..7] {
        for wanted in [0, 4_095, 4_096, 8_191, 8_192, 9_998, 9_999] {
            let Some(id) = &ids[wanted as usize] else { continue };
            let found = segment.rows_with_id("trace_id", id, run.clone()).unwrap().unwrap();
            let expected: Vec<u32> =
                run.clone().filter(|row| ids[*row as usize].as_ref() == Some(id)).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{wanted} in {run:?}");
        }
        assert!(segment.rows_with_id("trace_id", &[9; 16], run).unwrap().unwrap().is_empty());
    }
    assert!(segment.rows_with_id("none", &[9; 16], 0..9).unwrap().is_none());
}
