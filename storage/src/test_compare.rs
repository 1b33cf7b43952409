//! Comparison of batches by their values: dictionaries may be numbered differently.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

pub fn plain(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values).unwrap(),
        _ => column.clone(),
    }
}

/// Same columns, same rows, same order.
pub fn assert_same_rows(left: &RecordBatch, right: &RecordBatch) {
    assert_eq!(left.schema(), right.schema());
    for (at, field) in left.schema().fields().iter().enumerate() {
        assert_eq!(&plain(left.column(at)), &plain(right.column(at)), "column {}", field.name());
    }
}
