//! The fields of a struct, given in the order in which the struct has them.
//!
//! serde can read a struct from a list of its fields, too. What it has for an object compares names and remembers
//! what was there, for each struct anew: that was 20 kB of the download. Here it is done once for all.
//! The server writes fields in the same order, so most objects are read straight on; in others the
//! places of the values are looked up first.

use super::Never;
use super::reader::Reader;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt::{self, Display};

/// An object that was entered.
pub struct Fields<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// Of the struct, as it has them.
    names: &'static [&'static str],
    /// Which one is asked for next.
    next: usize,
    object: Object,
}

enum Object {
    /// All before `next` are read.
    InOrder {
        first: bool,
    },
    /// Where the value of each is, and where all ends.
    Looked {
        at: Vec<Option<usize>>,
        end: usize,
    },
    Ended,
}

impl<'r, 'a> Fields<'r, 'a> {
    #[inline(never)]
    pub fn enter(reader: &'r mut Reader<'a>, names: &'static [&'static str]) -> Self {
        reader.enter(b'{');
        Self { reader, names, next: 0, object: Object::InOrder { first: true } }
    }

    /// Goes to the value of the next field; false where there is none.
    #[inline(never)]
    fn seek(&mut self) -> bool {
        let wanted = self.next;
        self.next += 1;
        if let Object::InOrder { first } = self.object {
            match self.known(first, wanted) {
                Some(found) if found == wanted => {
                    self.object = Object::InOrder { first: false };
                    return true;
                }
                Some(found) => self.look(found),
                None => self.object = Object::Ended,
            }
        }
        let Object::Looked { at, .. } = &self.object else { return false };
        at[wanted].inspect(|at| self.reader.go_to(*at)).is_some()
    }

    /// Goes to the next value that the struct knows, from its field `from` on; none at the end.
    fn known(&mut self, mut first: bool, from: usize) -> Option<usize> {
        while self.reader.more(first, b'}') {
            first = false;
            let key = self.reader.key();
            match self.names.iter().position(|name| *name == key) {
                Some(found) if found < from => {
                    self.reader.wrong(&format!("duplicate field `{key}`"));
                }
                Some(found) => return Some(found),
                None if self.reader.strict => {
                    let expected = self.names.join("`, `");
                    self.reader.wrong(&format!("unknown field `{key}`, expected one of `{expected}`"));
                }
                None => self.reader.skip(),
            }
        }
        None
    }

    /// Notes where all values are, from that of `found` on, before which the reader is.
    fn look(&mut self, mut found: usize) {
        let mut at = vec![None; self.names.len()];
        loop {
            if at[found].replace(self.reader.place()).is_some() {
                self.reader.wrong(&format!("duplicate field `{}`", self.names[found]));
            }
            self.reader.skip();
            match self.known(false, self.next - 1) {
                Some(next) => found = next,
                None => break,
            }
        }
        self.object = Object::Looked { at, end: self.reader.place() };
    }

    /// Leaves the object.
    #[inline(never)]
    pub fn close(mut self) {
        match self.object {
            // What follows is known to nobody, or was there before.
            Object::InOrder { first } => {
                self.known(first, self.names.len());
            }
            Object::Looked { end, .. } => self.reader.go_to(end),
            Object::Ended => {}
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Fields<'_, '_> {
    type Error = Never;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Never> {
        if self.seek() {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            self.reader.absent = self.names[self.next - 1];
            Ok(seed.deserialize(Absent).ok())
        }
    }
}

/// A field that is not there: an `Option` has a value for this, of the others serde takes the default, if they
/// have one.
#[derive(Debug)]
struct Absent;

impl Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("it is absent")
    }
}

impl std::error::Error for Absent {}

impl serde::de::Error for Absent {
    fn custom<T: Display>(_: T) -> Self {
        Absent
    }
}

impl<'de> Deserializer<'de> for Absent {
    type Error = Absent;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Absent> {
        Err(Absent)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Absent> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
