//! The index of log bodies: one tantivy segment beside a logs file, whose document ids are the row
//! numbers of the file. It has no document store and no positions: a hit says which rows may match,
//! and the rows say whether they do.

mod build;
mod bundle;
mod candidates;
mod open;
mod query;
mod tokenizer;
mod verify;
mod words;

pub use build::IndexBuilder;
pub use candidates::Candidates;
pub use open::LogIndex;
pub use query::TextQuery;
pub use tokenizer::tokenize;
pub use verify::words_sum;

use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

const BODY: &str = "body";
const TOKENIZER: &str = "words";

fn schema() -> (Schema, Field) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let mut builder = Schema::builder();
    let body = builder.add_text_field(BODY, TextOptions::default().set_indexing_options(indexing));
    (builder.build(), body)
}

#[cfg(test)]
mod tests;
