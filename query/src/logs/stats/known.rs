//! Groups that rows of the batch were put into before, where there is one key: most rows have one of few values, and
//! finding its group by the bytes of a key takes longer than all else that is done with a row.

use crate::logs::field::Reader;
use std::borrow::Cow;

/// A power of two.
const SLOTS: usize = 256;

pub enum Known<'r> {
    Nothing,
    /// By the numbers that stand for the values of the batch.
    Codes(&'r [i32], Vec<Option<usize>>),
    /// By the text: each slot has the last one that fell to it.
    Texts(&'r Reader<'r>, Vec<Option<(Cow<'r, str>, usize)>>),
}

impl<'r> Known<'r> {
    pub fn of(key: &'r Reader<'r>) -> Known<'r> {
        match key.codes() {
            Some((codes, count)) => Known::Codes(codes, vec![None; count]),
            None => Known::Texts(key, vec![None; SLOTS]),
        }
    }

    pub fn get(&self, row: usize) -> Option<usize> {
        match self {
            Known::Nothing => None,
            Known::Codes(codes, places) => places[codes[row] as usize],
            Known::Texts(key, slots) => {
                let text = key.text(row)?;
                let (known, place) = slots[slot(&text)].as_ref()?;
                (*known == text).then_some(*place)
            }
        }
    }

    pub fn set(&mut self, row: usize, place: usize) {
        match self {
            Known::Nothing => {}
            Known::Codes(codes, places) => places[codes[row] as usize] = Some(place),
            Known::Texts(key, slots) => {
                if let Some(text) = key.text(row) {
                    let slot = slot(&text);
                    slots[slot] = Some((text, place));
                }
            }
        }
    }
}

/// By the length and the last bytes, in which texts of one key differ most often.
fn slot(text: &str) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = text.as_bytes();
    let tail = match bytes.last_chunk::<8>() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => bytes.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte)),
    };
    ((tail ^ (bytes.len() as u64).rotate_left(56)).wrapping_mul(MIX) >> 56) as usize % SLOTS
}
