//! Why a query of SQL failed, in the words of this house.

use super::tables::TABLES;
use crate::Error;
use crate::logs::near::did_you_mean;
use datafusion::common::{DataFusionError, SchemaError};
use std::sync::{Mutex, PoisonError};

/// What failed on our side of a plan: DataFusion hands its own errors on, and not always whole.
#[derive(Debug, Default)]
pub struct Failures {
    reading: Mutex<Option<Error>>,
    memory: Mutex<Option<Error>>,
}

fn first(place: &Mutex<Option<Error>>, error: Error) {
    place.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
}

impl Failures {
    /// Rows could not be read.
    pub fn reading(&self, error: Error) -> DataFusionError {
        let text = error.to_string();
        first(&self.reading, error);
        DataFusionError::External(text.into())
    }

    /// Memory was refused: an operator may go on with less.
    pub fn memory(&self, error: Error) {
        first(&self.memory, error);
    }

    /// The error that a query ended with.
    pub fn explain(&self, error: &DataFusionError, sql: &str) -> Error {
        let take = |place: &Mutex<Option<Error>>| place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let root = error.find_root();
        match root {
            DataFusionError::External(_) => take(&self.reading),
            DataFusionError::ResourcesExhausted(_) => take(&self.memory),
            _ => None,
        }
        .unwrap_or_else(|| of_query(error, root, sql))
    }
}

fn of_query(error: &DataFusionError, root: &DataFusionError, sql: &str) -> Error {
    let bad = |message: String| {
        let spot = error.diagnostic().and_then(|told| told.span);
        let spot = spot.map(|span| (span.start.line, span.start.column)).or_else(|| written_place(&message));
        Error::BadQuery { offset: spot.and_then(|(line, column)| offset(sql, line, column)), message }
    };
    match root {
        DataFusionError::SQL(why, _) => bad(why.to_string().replace("sql parser error: ", "")),
        DataFusionError::SchemaError(why, _) => bad(schema_text(why)),
        DataFusionError::Plan(why) | DataFusionError::Configuration(why) => {
            bad(unknown_table(why).unwrap_or_else(|| plain(why)))
        }
        DataFusionError::NotImplemented(why) => bad(format!("not supported: {}", plain(why))),
        DataFusionError::Execution(why) => Error::Execution(plain(why)),
        DataFusionError::ArrowError(why, _) => Error::Execution(plain(&why.to_string())),
        DataFusionError::ResourcesExhausted(why) => Error::Memory { message: plain(why), later: false },
        // Only when it is compiled is it known that it can't be, and then it counts as a fault of theirs.
        DataFusionError::Internal(why) if why.contains(REGEX) => {
            Error::Execution(plain(why.find(REGEX).map_or(why, |at| &why[at..])))
        }
        other => Error::Internal(plain(&other.strip_backtrace())),
    }
}

const REGEX: &str = "Regular expression did not compile";

/// Without what is meant for DataFusion's own developers.
fn plain(text: &str) -> String {
    let end = ["\n\nbacktrace", "\nThis issue was likely"].iter().filter_map(|end| text.find(end)).min();
    text[..end.unwrap_or(text.len())].trim().to_owned()
}

fn unknown_table(why: &str) -> Option<String> {
    let name = why.strip_prefix("table '")?.strip_suffix("' not found")?;
    let name = name.rsplit('.').next().unwrap_or(name);
    let meant = did_you_mean(name, &TABLES);
    Some(format!("there is no table '{name}'{meant}; there are {}", TABLES.join(", ")))
}

fn schema_text(why: &SchemaError) -> String {
    match why {
        SchemaError::FieldNotFound { field, valid_fields } if !valid_fields.is_empty() => {
            let known: Vec<&str> = valid_fields.iter().map(|column| column.name.as_str()).collect();
            let meant = did_you_mean(&field.name, &known);
            format!("there is no column '{}'{meant}; there are {}", field.name, known.join(", "))
        }
        other => plain(&other.to_string()),
    }
}

/// The parser tells a place within its text only: "… at Line: 1, Column: 8".
fn written_place(message: &str) -> Option<(u64, u64)> {
    let (_, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The byte of a line and a column, both from 1; columns are characters.
fn offset(sql: &str, line: u64, column: u64) -> Option<usize> {
    let line = usize::try_from(line.checked_sub(1)?).ok()?;
    let column = usize::try_from(column.checked_sub(1)?).ok()?;
    let begin: usize = sql.split_inclusive('\n').take(line).map(str::len).sum();
    let text = sql.get(begin..)?;
    Some(begin + text.char_indices().nth(column).map_or(text.len(), |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_in_the_text() {
        assert_eq!(offset("select 1", 1, 8), Some(7));
        assert_eq!(offset("select 'é',\n  x", 2, 3), Some(15));
        assert_eq!(offset("x", 1, 9), Some(1));
        assert_eq!(offset("x", 0, 1), None);
        assert_eq!(written_place("Expected: x, found: y at Line: 2, Column: 10"), Some((2, 10)));
    }
}
