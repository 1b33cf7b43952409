//! Names that columns point into.

use std::collections::HashMap;

/// Names by number, in the order in which they come up.
#[derive(Default)]
pub struct Interned<'a> {
    pub names: Vec<String>,
    known: HashMap<&'a str, u32>,
}

impl<'a> Interned<'a> {
    pub fn index(&mut self, name: &'a str) -> u32 {
        *self.known.entry(name).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() as u32 - 1
        })
    }
}
