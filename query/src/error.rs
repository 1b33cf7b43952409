//! Why a query was not answered, in the kinds that a caller acts on.

use crate::rules::Problem;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The query text is wrong. `offset` is the byte where it goes wrong, where that is known.
    #[error("{message}")]
    BadQuery { message: String, offset: Option<usize> },
    /// A parameter is missing or wrong; the message says what would be right.
    #[error("{parameter}: {message}")]
    BadParameter { parameter: String, message: String },
    #[error("{0}")]
    NotFound(String),
    /// All that is wrong with a document that was sent, a line each.
    #[error("{}", lines(.0))]
    BadDocument(Vec<Problem>),
    /// It is not as the caller takes it to be: it has changed, is there already, or is not the API's to change.
    #[error("{message}")]
    Conflict { message: String, revision: Option<u64> },
    /// The query is well formed but has no answer over this data (PromQL: many-to-many matching,
    /// duplicate label sets).
    #[error("{0}")]
    Execution(String),
    /// The query would exceed a limit; the message names it.
    #[error("{0}")]
    LimitExceeded(String),
    #[error("the query did not end within {}; ask for a shorter range or a narrower selection", seconds(.0))]
    Timeout(Duration),
    /// The client went away, or somebody ended it.
    #[error("the query was cancelled: its client went away, or somebody ended it at /system")]
    Cancelled,
    #[error("{max} queries are running already; try again in {} s", retry_after.as_secs().max(1))]
    Overloaded { max: usize, retry_after: Duration },
    /// The query reads more than there is memory for: ever, or while others use it.
    #[error("{message}")]
    Memory { message: String, later: bool },
    /// A change that is not durable: it is in force, and written as soon as that can be.
    #[error(
        "this is not kept yet, as the catalog could not be written ({0}); it is tried again, and so may you"
    )]
    NotKept(String),
    #[error("storage: {0}")]
    Storage(ocelli_storage::Error),
    /// Bytes that this process wrote do not read back.
    #[error("a stored row can't be read: {0}")]
    Corrupt(String),
    #[error("internal: {0}")]
    Internal(String),
}

impl From<ocelli_storage::Error> for Error {
    fn from(error: ocelli_storage::Error) -> Error {
        match error {
            ocelli_storage::Error::NoMemory(why) => {
                let (later, limit) = (why.would_fit_alone(), why.limit >> 20);
                let message = if later {
                    format!(
                        "other queries use the {limit} MiB of memory that queries may hold; try again in 1 s"
                    )
                } else {
                    format!(
                        "the query reads more than the {limit} MiB that it may hold of the memory budget; \
                         ask for a shorter range or a narrower selection, or raise memory_budget"
                    )
                };
                Error::Memory { message, later }
            }
            ocelli_storage::Error::Ended => Error::Cancelled,
            other => Error::Storage(other),
        }
    }
}

impl Error {
    pub fn bad_query(message: impl Into<String>) -> Error {
        Error::BadQuery { message: message.into(), offset: None }
    }

    /// What can't be, and is told all the same.
    pub fn internal(error: impl ToString) -> Error {
        Error::Internal(error.to_string())
    }

    pub fn conflict(message: impl Into<String>) -> Error {
        Error::Conflict { message: message.into(), revision: None }
    }

    pub fn bad_parameter(parameter: &str, message: impl Into<String>) -> Error {
        Error::BadParameter { parameter: parameter.to_owned(), message: message.into() }
    }
}

fn seconds(duration: &Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
