//! Names of labels are few and are in every series: those of a thread share one text.

use super::names::label_name;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// A thread remembers so many of each kind. Names from outside may be any number.
const MAX: usize = 1_024;

type Names = RefCell<HashMap<String, Arc<str>>>;

thread_local! {
    static TRANSLATED: Names = RefCell::default();
    static AS_THEY_ARE: Names = RefCell::default();
}

/// The label's name of an OTLP attribute.
pub fn translated(key: &str) -> Arc<str> {
    TRANSLATED.with(|names| shared(names, key, |key| label_name(key).into()))
}

/// A name that is a label's already.
pub fn as_it_is(name: &str) -> Arc<str> {
    AS_THEY_ARE.with(|names| shared(names, name, |name| name.into()))
}

fn shared(names: &Names, key: &str, make: impl Fn(&str) -> Arc<str>) -> Arc<str> {
    let mut names = names.borrow_mut();
    if let Some(known) = names.get(key) {
        return known.clone();
    }
    if names.len() >= MAX {
        names.clear();
    }
    let name = make(key);
    names.insert(key.to_owned(), name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_text_and_there_are_not_too_many() {
        assert!(Arc::ptr_eq(&translated("a.b"), &translated("a.b")));
        assert_eq!((&*translated("a.b"), &*as_it_is("a.b")), ("a_b", "a.b"));
        for key in 0..3 * MAX {
            assert_eq!(*translated(&format!("k.{key}")), *format!("k_{key}"));
            assert!(TRANSLATED.with_borrow(|names| names.len()) <= MAX);
        }
    }
}
