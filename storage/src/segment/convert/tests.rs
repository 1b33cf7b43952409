use super::*;
use crate::segment::layout::Wanted;
use crate::test_compare::assert_same_rows;
use crate::test_rows;
use arrow::array::AsArray;
use ocelli_signal::Signal;

fn all(rows: &RecordBatch) -> UInt32Array {
    UInt32Array::from_iter_values(0..rows.num_rows() as u32)
}

#[test]
fn rows_pass_through_the_layout_unchanged() {
    for (signal, keyed) in [(Signal::Spans, true), (Signal::Spans, false), (Signal::Logs, true)] {
        let rows = test_rows::batch(signal, 0, 100);
        let layout =
            if keyed { Layout::for_rows(signal, [&rows]) } else { Layout::new(signal, None) }.unwrap();
        let mut converter = Converter::new(layout);
        let file = converter.convert(&rows, &all(&rows)).unwrap();
        let layout = Layout::of_file(signal, Some(&converter.about())).unwrap();
        assert_eq!(layout.file, file.schema());
        assert_same_rows(&layout.to_signal(&file, &Wanted::default()).unwrap(), &rows);
        let some = Wanted { columns: Some(&["attributes", "service"]), ..Wanted::default() };
        let some = layout.to_signal(&file, &some).unwrap();
        assert_eq!(some.num_columns(), 2);
        assert_eq!(
            some.column(0).as_binary::<i32>(),
            rows.column_by_name("attributes").unwrap().as_binary::<i32>()
        );
    }
}

/// Rows in a file of their own, whose columns are chosen by them.
fn filed(rows: &RecordBatch) -> (Layout, RecordBatch) {
    let mut converter = Converter::new(Layout::for_rows(rows_signal(rows), [rows]).unwrap());
    let file = converter.convert(rows, &all(rows)).unwrap();
    (Layout::of_file(rows_signal(rows), Some(&converter.about())).unwrap(), file)
}

fn rows_signal(rows: &RecordBatch) -> Signal {
    if rows.column_by_name("body").is_some() { Signal::Logs } else { Signal::Spans }
}

#[test]
fn rows_of_other_files_are_the_same_in_this_one() {
    for signal in [Signal::Spans, Signal::Logs] {
        let rows = test_rows::batch(signal, 0, 200);
        // With no columns for attributes, with all of them, and with those of the first rows only.
        let plain = Layout::new(signal, None).unwrap();
        let plain_rows =
            Converter::new(Layout::new(signal, None).unwrap()).convert(&rows, &all(&rows)).unwrap();
        let (full, full_rows) = filed(&rows);
        let (none, none_rows) = filed(&rows.slice(0, 10));
        assert_eq!(none.keys().map(|keys| keys.iter().len()), Some(0));
        for target in [&full, &none, &plain] {
            let mut converter = Converter::new(Layout::new(signal, target.keys().cloned()).unwrap());
            let sources = [(&plain, &plain_rows), (&full, &full_rows), (&none, &none_rows)];
            let adopted = sources.map(|(from, read)| converter.adopt(from, read).unwrap());
            let told = converter.about();
            let layout = Layout::of_file(signal, Some(&told)).unwrap();
            for ((_, read), adopted) in sources.iter().zip(&adopted) {
                assert_eq!(adopted.schema(), converter.layout.file);
                let back = layout.to_signal(adopted, &Wanted::default()).unwrap();
                assert_same_rows(&back, &rows.slice(0, read.num_rows()));
            }
        }
    }
}
