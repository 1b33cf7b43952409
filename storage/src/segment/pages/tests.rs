use super::super::read;
use super::*;
use crate::disk::DiskReader;
use crate::segment::testing::Bytes;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use proptest::prelude::*;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

const GROUP_ROWS: usize = 100;

/// A dictionary, long texts, numbers of which some are missing, and a column that is not packed.
fn rows(count: usize) -> RecordBatch {
    let texts = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..count).map(of)))
    };
    let numbers = |of: &dyn Fn(usize) -> Option<i64>| -> ArrayRef {
        Arc::new(Int64Array::from((0..count).map(of).collect::<Vec<_>>()))
    };
    RecordBatch::try_from_iter_with_nullable([
        ("few", texts(&|row| format!("value {}", row % 3)), true),
        ("long", texts(&|row| format!("{row} ").repeat(row % 40)), true),
        ("some", numbers(&|row| (row % 7 > 0).then_some(row as i64)), true),
        ("plain", numbers(&|row| Some(row as i64 * 1_000_003)), true),
    ])
    .unwrap()
}

fn written(rows: &RecordBatch, compression: Compression) -> Chunks {
    let long = ColumnPath::from("long");
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_column_compression(ColumnPath::from("plain"), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(long.clone(), false)
        .set_column_encoding(long, Encoding::DELTA_LENGTH_BYTE_ARRAY)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_row_count_limit(10)
        .set_write_batch_size(5)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    Chunks(Arc::new(Bytes(writer.into_inner().unwrap())))
}

fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(1).unwrap())
}

fn kept() -> KeptPages {
    KeptPages { cache: Arc::new(Cache::new(1 << 20)), segment: 7, of: "page" }
}

fn read(
    file: &Chunks,
    schema: &SchemaRef,
    columns: &[usize],
    wanted: Option<(&Rows, KeptPages)>,
) -> RecordBatch {
    let footer = read::footer(file, schema).unwrap();
    let mut batches = Vec::new();
    read::read(file.clone(), &footer, columns, wanted, |batch| {
        batches.push(batch);
        Ok(())
    })
    .unwrap();
    concat_batches(&Arc::new(schema.project(columns).unwrap()), &batches).unwrap()
}

fn taken(rows: &RecordBatch, wanted: &Rows) -> RecordBatch {
    take_record_batch(rows, &UInt32Array::from_iter_values(wanted.iter())).unwrap()
}

#[test]
fn row_groups_without_a_row_are_not_opened() {
    let rows = rows(350);
    let file = written(&rows, zstd());
    let footer = read::footer(&file, &rows.schema()).unwrap();
    let wanted = Rows::new(vec![99, 200, 299, 349]);
    let (groups, renumbered) = Groups::with_rows(file.clone(), footer.metadata().clone(), &wanted, kept());
    assert_eq!(groups.groups, [0, 2, 3]);
    assert_eq!((groups.num_rows(), renumbered.as_slice()), (250, &[99, 100, 199, 249][..]));
    let read = read(&file, &rows.schema(), &[0, 1, 2, 3], Some((&wanted, kept())));
    assert_eq!(read, taken(&rows, &wanted));
}

/// Counts what is read of a file.
#[derive(Debug)]
struct Counted(Chunks, AtomicU64);

impl DiskReader for Counted {
    fn bytes(&self) -> u64 {
        self.0.0.bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.1.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.0.0.read_at(offset, buffer)
    }
}

#[test]
fn pages_of_few_rows_are_read_once_and_those_of_many_drive_out_none() {
    let rows = rows(350);
    let counted = Arc::new(Counted(written(&rows, zstd()), AtomicU64::new(0)));
    let footer = read::footer(&Chunks(counted.clone()), &rows.schema()).unwrap();
    let kept = kept();
    let bytes_read = |wanted: &Rows, columns: &[usize]| {
        let before = counted.1.load(Ordering::Relaxed);
        let each = |batch: RecordBatch| {
            assert_eq!(batch.num_rows(), wanted.len());
            Ok(())
        };
        let wanted = Some((wanted, kept.clone()));
        read::read(Chunks(counted.clone()), &footer, columns, wanted, each).unwrap();
        counted.1.load(Ordering::Relaxed) - before
    };
    let (few, near, many) =
        (Rows::new(vec![5, 155, 345]), Rows::new(vec![6, 154]), Rows::new((0..200).collect()));
    assert!(bytes_read(&few, &[0, 1]) > 0);
    assert_eq!(bytes_read(&few, &[0, 1]), 0);
    assert_eq!(bytes_read(&near, &[1]), 0);
    assert!(bytes_read(&few, &[2]) > 0);
    let before = kept.cache.bytes();
    assert!(bytes_read(&many, &[0, 1, 2]) > 0);
    assert_eq!(kept.cache.bytes(), before);
}

#[test]
fn a_page_is_no_larger_than_its_column() {
    let packed = zstd::bulk::compress(&[7; 1_000], 1).unwrap();
    assert_eq!(unpacked(&packed, 1_000).unwrap(), [7; 1_000]);
    assert!(unpacked(&packed, 999).is_err());
    assert!(unpacked(b"not packed", 1_000).is_err());
    assert!(unpacked(&packed[..packed.len() - 1], 1_000).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_rows_are_read_as_they_are(
        count in 1usize..450,
        numbers in prop::collection::vec(0u32..450, 1..60),
        columns in prop::sample::subsequence(vec![0usize, 1, 2, 3], 1..=4),
        packed: bool,
    ) {
        let rows = rows(count);
        let file = written(&rows, if packed { zstd() } else { Compression::LZ4_RAW });
        let expected = rows.project(&columns).unwrap();
        prop_assert_eq!(read(&file, &rows.schema(), &columns, None), expected.clone());
        let wanted: Rows = numbers.into_iter().map(|row| row % count as u32).collect();
        // The second time what is kept is read, of some columns more.
        let kept = kept();
        for columns in [&columns[..1], &columns, &columns] {
            let read = read(&file, &rows.schema(), columns, Some((&wanted, kept.clone())));
            prop_assert_eq!(read, taken(&rows.project(columns).unwrap(), &wanted));
        }
    }
}
