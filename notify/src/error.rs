//! What is wrong with a target or a setting, found before anything is sent.

use thiserror::Error;

#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// Never shows the address: it may hold a secret.
    #[error("the address is not usable: {why}")]
    Url { why: String },
    #[error("the header '{name}' is not usable: {why}")]
    Header { name: String, why: &'static str },
    #[error("'{address}' is not a mail address: {why}")]
    Address { address: String, why: &'static str },
    #[error("the mail server '{server}' is not usable: {why}")]
    Server { server: String, why: String },
    #[error("'{entry}' in `{setting}` is not usable: {why}", setting = crate::SETTING)]
    Allow { entry: String, why: &'static str },
    #[error("the root certificates can't be read: {why}")]
    Roots { why: String },
}
