//! Answers of the API from JSON to their types, and what is sent back to JSON.
//!
//! serde_json does the same with much more code for each type, as it also reads a struct from an array and
//! names the line of an error. What this reads it reads alike, and it refuses the same; tests hold both.

mod fields;
mod reader;
mod stop;
#[cfg(test)]
mod tests;
mod writer;

use fields::Fields;
use reader::{Number, Reader};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt::{self, Display};
use stop::{attempt, stop};
pub use writer::to_string;

/// What is wrong, and at which byte.
#[derive(Debug)]
pub struct Error(String);

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_reader(Reader::new(text, false))
}

/// The same of what a person wrote: fields that no struct has are refused, rather than passed over as those of
/// a newer server.
pub fn from_str_strictly<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_reader(Reader::new(text, true))
}

fn from_reader<T: DeserializeOwned>(reader: Reader) -> Result<T, Error> {
    let mut value = None;
    let read = read(reader, &mut |reader| {
        let Ok(read) = T::deserialize(reader);
        value = Some(read);
    });
    read.and_then(|()| value.ok_or_else(|| Error("nothing was read".to_owned())))
}

/// What is the same for all types.
#[inline(never)]
fn read(mut reader: Reader, value: &mut dyn FnMut(&mut Reader)) -> Result<(), Error> {
    attempt(&mut || {
        value(&mut reader);
        reader.end();
    })
    .map_err(|why| Error(if why == MISSING { reader.missing() } else { why }))
}

/// Something without a default was absent. Of that serde knows only its number.
const MISSING: &str = "missing";

/// There is none: what is wrong ends the reading where it is found.
#[derive(Debug)]
pub enum Never {}

impl Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl serde::de::Error for Never {
    #[cold]
    #[inline(never)]
    fn custom<T: Display>(message: T) -> Self {
        stop(&message.to_string())
    }

    /// Without what was there instead, which would have to be written out for every kind of value.
    #[cold]
    #[inline(never)]
    fn invalid_type(_: Unexpected, expected: &dyn Expected) -> Self {
        stop(&format!("{expected} was expected"))
    }

    #[cold]
    #[inline(never)]
    fn invalid_value(_: Unexpected, expected: &dyn Expected) -> Self {
        stop(&format!("{expected} was expected"))
    }

    #[cold]
    #[inline(never)]
    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        stop(MISSING)
    }
}

/// The items of an object or a list that was entered.
struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    first: bool,
    ended: bool,
}

impl<'a> Items<'_, 'a> {
    /// The key of the next item of an object.
    #[inline(never)]
    fn key(&mut self) -> Option<Cow<'a, str>> {
        self.more(b'}').then(|| self.reader.key())
    }

    #[inline(never)]
    fn more(&mut self, bracket: u8) -> bool {
        let more = !self.ended && self.reader.more(self.first, bracket);
        (self.first, self.ended) = (false, !more);
        more
    }

    /// Who reads less than there is has read another type.
    #[inline(never)]
    fn close(&mut self, bracket: u8) {
        if self.more(bracket) {
            self.reader.wrong("there are too many items");
        }
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, '_> {
    type Error = Never;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Never> {
        match self.key() {
            Some(key) => seed.deserialize(StrDeserializer::new(&key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Never> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, '_> {
    type Error = Never;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Never> {
        if !self.more(b']') {
            self.reader.absent = "";
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

fn number<'de, V: Visitor<'de>>(reader: &mut Reader, visitor: V) -> Result<V::Value, Never> {
    match reader.number() {
        Number::Unsigned(number) => visitor.visit_u64(number),
        Number::Signed(number) => visitor.visit_i64(number),
        Number::Float(number) => visitor.visit_f64(number),
    }
}

fn list<'de, V: Visitor<'de>>(reader: &mut Reader, visitor: V) -> Result<V::Value, Never> {
    reader.enter(b'[');
    let mut items = Items { reader, first: true, ended: false };
    let value = visitor.visit_seq(&mut items)?;
    items.close(b']');
    Ok(value)
}

fn object<'de, V: Visitor<'de>>(reader: &mut Reader, visitor: V) -> Result<V::Value, Never> {
    reader.enter(b'{');
    let mut items = Items { reader, first: true, ended: false };
    let value = visitor.visit_map(&mut items)?;
    items.close(b'}');
    Ok(value)
}

/// Methods that know what is wanted read only that: each is compiled for every type that is read by it.
macro_rules! read {
    ($($method:ident($($argument:ty),*) $read:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Never> {
            ($read)(self, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = Never;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        match self.peek() {
            b'"' => visitor.visit_str(&self.string()),
            b'{' => object(self, visitor),
            b'[' => list(self, visitor),
            b't' | b'f' => visitor.visit_bool(self.boolean()),
            b'n' => {
                self.word("null");
                visitor.visit_unit()
            }
            _ => number(self, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        match self.peek() {
            b'n' => {
                self.word("null");
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_newtype_struct(self)
    }

    /// Variants without anything in them, which is all that the API has.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_enum(StrDeserializer::new(&self.string()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        let mut fields = Fields::enter(self, names);
        let value = visitor.visit_seq(&mut fields)?;
        fields.close();
        Ok(value)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_bool(self.boolean())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_str(&self.string())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_str(&self.string())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        self.skip();
        visitor.visit_unit()
    }

    read! {
        deserialize_i32() number;
        deserialize_i64() number;
        deserialize_u32() number;
        deserialize_u64() number;
        deserialize_f64() number;
        deserialize_seq() list;
        deserialize_tuple(usize) list;
        deserialize_map() object;
    }

    forward_to_deserialize_any! {
        i8 i16 u8 u16 f32 i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier
    }
}
