use super::*;
use crate::segment::convert::Converter;
use crate::segment::layout::{Layout, Wanted};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, UInt32Array};
use ocelli_signal::attributes::encode;
use ocelli_signal::wire::Writer;
use ocelli_signal::{Attributes, Signal};
use proptest::prelude::*;
use std::sync::Arc;

const ATTRIBUTES: Wanted<'_> = Wanted { columns: Some(&["attributes"]), keys: None, as_values: false };

/// Rows of logs with these attributes.
fn rows(lists: &[Vec<u8>]) -> RecordBatch {
    let rows = crate::test_rows::batch(Signal::Logs, 0, lists.len());
    let attributes: ArrayRef = Arc::new(BinaryArray::from_iter_values(lists));
    let place = rows.schema().index_of("attributes").unwrap();
    let mut columns = rows.columns().to_vec();
    columns[place] = attributes;
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

/// Passes lists through the columns of a file in two batches; gives the file's layout and rows.
fn passed(lists: &[Vec<u8>]) -> (Layout, Vec<RecordBatch>) {
    let rows = rows(lists);
    let mut converter = Converter::new(Layout::for_rows(Signal::Logs, [&rows]).unwrap());
    let half = lists.len() as u32 / 2;
    let orders = [(0..half).collect::<Vec<u32>>(), (half..lists.len() as u32).collect()];
    let read: Vec<_> =
        orders.map(|order| converter.convert(&rows, &UInt32Array::from(order)).unwrap()).into();
    (Layout::of_file(Signal::Logs, Some(&converter.about())).unwrap(), read)
}

fn check(lists: &[Vec<u8>]) -> Layout {
    let (layout, read) = passed(lists);
    let mut at = 0;
    for batch in read {
        let signal = layout.to_signal(&batch, &ATTRIBUTES).unwrap();
        for list in signal.column(0).as_binary::<i32>() {
            assert_eq!(list.unwrap(), lists[at], "row {at}");
            at += 1;
        }
    }
    assert_eq!(at, lists.len());
    let names: HashSet<_> = layout.file.fields().iter().map(|field| field.name().to_lowercase()).collect();
    assert_eq!(names.len(), layout.file.fields().len());
    layout
}

fn columns(layout: &Layout) -> Vec<(&str, ValueType)> {
    layout.keys().unwrap().iter().map(|column| (column.column.as_str(), column.value_type)).collect()
}

#[test]
fn frequent_keys_get_columns_and_rare_ones_do_not() {
    let lists: Vec<_> = (0..1000i64)
        .map(|n| {
            let mut pairs = vec![("all", AnyValue::Int(n)), ("http.route", AnyValue::String("/"))];
            pairs.extend((n % 10 == 0).then_some(("tenth", AnyValue::Bool(true))));
            pairs.extend((n % 100 == 0).then_some(("hundredth", AnyValue::Bool(true))));
            pairs.extend((n % 100 == 0).then_some(("db.system", AnyValue::String("pg"))));
            encode(pairs)
        })
        .collect();
    let layout = check(&lists);
    assert_eq!(
        columns(&layout),
        [
            ("attr.all", ValueType::Int),
            ("attr.db.system", ValueType::String),
            ("attr.http.route", ValueType::String),
            ("attr.tenth", ValueType::Bool)
        ]
    );
    let ids: Vec<i32> = layout.keys().unwrap().iter().map(|column| column.id).collect();
    assert_eq!(ids[2], 1001);
    assert!(ids[0] >= promoted::FIRST_ID_OF_FILE && ids[3] > ids[0] && (1000..1200).contains(&ids[1]));
    assert!(layout.only_column("all").unwrap().is_some());
    assert!(layout.only_column("absent").unwrap().is_none());
    assert!(layout.only_column("hundredth").is_err());
}

#[test]
fn names_stay_apart_also_where_case_does_not_count() {
    let pairs = [
        ("key", AnyValue::Int(1)),
        ("Key", AnyValue::Int(2)),
        ("KEY", AnyValue::String("x")),
        ("key:int", AnyValue::Int(3)),
        ("key:INT", AnyValue::Bool(false)),
        ("key", AnyValue::Double(-0.0)),
        ("", AnyValue::String("")),
        ("a.\"b\"\n\u{0}", AnyValue::String("\u{0}")),
        ("ß", AnyValue::Int(1)),
        ("ẞ", AnyValue::Int(1)),
    ];
    let layout = check(&vec![encode(pairs); 100]);
    assert_eq!(columns(&layout).len(), pairs.len());
}

#[test]
fn one_key_of_every_type_and_again_in_the_same_row() {
    let every = crate::test_rows::every_attribute();
    let one_key = encode(Attributes::of_column(&every).iter().map(|(_, value)| ("k", value)));
    let layout = check(&vec![one_key; 200]);
    assert_eq!(columns(&layout).len(), ValueType::COUNT);
    assert!(layout.only_column("k").is_err());
}

#[test]
fn many_keys_fill_the_columns_and_the_map_takes_the_rest() {
    let keys: Vec<String> = (0..100_000).map(|n| format!("key-{n}")).collect();
    let distinct: Vec<_> = keys
        .chunks(100)
        .map(|keys| encode(keys.iter().map(|key| (key.as_str(), AnyValue::Int(1)))))
        .collect();
    assert_eq!(columns(&check(&distinct)), []);
    let frequent = encode(keys[..200].iter().map(|key| (key.as_str(), AnyValue::Int(1))));
    let layout = check(&vec![frequent; 70]);
    assert_eq!(columns(&layout).len(), limits::KEY_COLUMNS);
}

#[test]
fn a_row_with_ten_thousand_attributes_and_a_long_value() {
    let keys: Vec<String> = (0..10_000).map(|n| format!("key-{n}")).collect();
    let long = "x".repeat(10 << 20);
    let mut lists = vec![encode([("key-1", AnyValue::Int(7)), ("text", AnyValue::String("short"))]); 100];
    lists[50] = encode(keys.iter().map(|key| (key.as_str(), AnyValue::Int(7))));
    lists[51] = encode([("text", AnyValue::String(&long)), (&long, AnyValue::Int(1))]);
    assert_eq!(columns(&check(&lists)).len(), 2);
}

#[test]
fn more_orders_than_are_told_leave_rows_in_the_map() {
    let keys: Vec<String> = (0..12).map(|n| format!("k{n}")).collect();
    // Every row has half of the keys, in another order.
    let lists: Vec<_> = (0..4096usize)
        .map(|n| {
            let some = keys.iter().enumerate().filter(|(bit, _)| n >> bit & 1 == 1);
            let mut pairs: Vec<_> = some.map(|(_, key)| (key.as_str(), AnyValue::Int(n as i64))).collect();
            let first = n % pairs.len().max(1);
            pairs.rotate_left(first);
            encode(pairs)
        })
        .collect();
    let (_, read) = passed(&lists);
    let shapes = read[1].column_by_name(SHAPES).unwrap().as_any_dictionary().values().len();
    assert_eq!(shapes, limits::SHAPES);
    check(&lists);
}

#[test]
fn damaged_shapes_are_errors() {
    let (layout, read) = passed(&vec![encode([("a", AnyValue::Int(1))]); 100]);
    let place = read[0].schema().index_of(SHAPES).unwrap();
    for text in ["", "{}", "[\"attr.b\"]", "[null]"] {
        let codes = arrow::array::Int32Array::from(vec![0; read[0].num_rows()]);
        let texts: ArrayRef = Arc::new(arrow::array::StringArray::from(vec![text]));
        let mut columns = read[0].columns().to_vec();
        columns[place] = Arc::new(
            arrow::array::DictionaryArray::<arrow::datatypes::Int32Type>::try_new(codes, texts).unwrap(),
        );
        let batch = RecordBatch::try_new(read[0].schema(), columns).unwrap();
        assert!(layout.to_signal(&batch, &ATTRIBUTES).is_err(), "{text}");
    }
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    fn bytes(value: AnyValue<'_>) -> Vec<u8> {
        let mut writer = Writer::new();
        value.encode(&mut writer);
        writer.into_bytes()
    }
    prop_oneof![
        4 => "[a-c\"\\\\\n]{0,3}".prop_map(|text| bytes(AnyValue::String(&text))),
        2 => any::<i64>().prop_map(|n| bytes(AnyValue::Int(n))),
        2 => any::<u64>().prop_map(|bits| bytes(AnyValue::Double(f64::from_bits(bits)))),
        1 => any::<bool>().prop_map(|flag| bytes(AnyValue::Bool(flag))),
        1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(|b| bytes(AnyValue::Bytes(&b))),
        1 => Just(bytes(AnyValue::Empty)),
        1 => Just(bytes(AnyValue::Array(&[]))),
    ]
}

fn list() -> impl Strategy<Value = Vec<u8>> {
    let key =
        prop_oneof![4 => "[abA]", 2 => "[a-f]{0,2}", 1 => "\\PC{0,4}", 1 => Just("http.route".to_owned())];
    prop::collection::vec((key, value()), 0..8).prop_map(|pairs| {
        encode(pairs.iter().map(|(key, value)| (key.as_str(), AnyValue::parse(value).unwrap())))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_attributes_come_back_bit_exact(lists in prop::collection::vec(list(), 64..300)) {
        check(&lists);
    }

    #[test]
    fn rows_of_few_shapes_come_back_bit_exact(
        lists in prop::collection::vec(list(), 1..6),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 64..200),
    ) {
        let lists: Vec<_> = picks.iter().map(|pick| pick.get(&lists).clone()).collect();
        check(&lists);
    }
}
