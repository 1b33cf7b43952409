//! All rows of a segment of spans or logs, without holding them.

use super::layout::Wanted;
use super::read::{self, Chunks, RowsFooter};
use super::{ROWS_SUFFIX, Segment};
use crate::error::{Error, Result};
use arrow::array::RecordBatch;

impl Segment {
    /// How many rows are in about so many bytes, as they are encoded.
    pub fn rows_within(&self, bytes: usize) -> Result<usize> {
        let footer = self.rows_footer()?;
        let all: i64 = footer.arrow.metadata().row_groups().iter().map(|group| group.total_byte_size()).sum();
        let rows = self.entry.rows.max(1);
        let row_bytes = (all.max(0) as u64).div_ceil(rows).max(1);
        Ok((bytes as u64 / row_bytes).max(1) as usize)
    }

    /// All rows in the schema of the file, in its order, up to a number of rows at a time. `footer`
    /// is this segment's.
    pub fn stream<'a>(
        &'a self,
        footer: &RowsFooter,
        batch_rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<'a>> {
        let file = Chunks(self.open_checked(ROWS_SUFFIX)?);
        let needed = footer.layout.needed(&Wanted::default())?;
        let batches = read::batches(file, &footer.arrow, &needed, None, batch_rows)
            .map_err(|error| self.blame(error))?;
        Ok(batches.map(|batch| batch.map_err(|error| self.blame(Error::from(error)))))
    }
}
