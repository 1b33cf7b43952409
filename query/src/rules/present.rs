//! The series of one evaluation, remembered until the next: as bytes and hashes, since a rule may
//! have hundreds of thousands and only those that end are looked at again.

use crate::promql::labels::Labels;
use std::cmp::Ordering;
use xxhash_rust::xxh3::xxh3_128;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Present {
    /// The hash of each label set with its place, sorted. Two sets share one with a chance of 1 to
    /// 10^26 at a million.
    hashes: Vec<(u128, u32)>,
    /// The label sets end to end, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Present {
    pub fn of<'a>(series: impl IntoIterator<Item = &'a Labels>) -> Present {
        let mut present = Present::default();
        for labels in series {
            let start = present.bytes.len();
            put(labels, &mut present.bytes);
            let hash = xxh3_128(&present.bytes[start..]);
            present.hashes.push((hash, present.ends.len() as u32));
            present.ends.push(present.bytes.len());
        }
        present.hashes.sort_unstable();
        // It lives as long as the rule does.
        present.bytes.shrink_to_fit();
        present
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether a label set is there twice.
    pub fn has_twins(&self) -> bool {
        self.hashes.windows(2).any(|two| two[0].0 == two[1].0)
    }

    /// Those that are not among others.
    pub fn without(&self, others: &Present) -> Vec<Labels> {
        let mut others = others.hashes.iter().peekable();
        let mut left = Vec::new();
        for (hash, place) in &self.hashes {
            while others.next_if(|(other, _)| other < hash).is_some() {}
            if others.peek().is_none_or(|(other, _)| other.cmp(hash) == Ordering::Greater) {
                left.push(self.labels(*place as usize));
            }
        }
        left
    }

    fn labels(&self, place: usize) -> Labels {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let mut rest = &self.bytes[start..self.ends[place]];
        let pairs = std::iter::from_fn(|| Some((take(&mut rest)?, take(&mut rest)?)));
        Labels::new(pairs)
    }
}

/// Names and values, each behind its length.
fn put(labels: &Labels, bytes: &mut Vec<u8>) {
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        Labels::new(text.split(' ').filter_map(|pair| pair.split_once('=')))
    }

    fn present(all: &[&str]) -> Present {
        let all: Vec<Labels> = all.iter().map(|text| labels(text)).collect();
        Present::of(&all)
    }

    #[test]
    fn what_is_there_no_more() {
        let before = present(&["a=1 b=2", "a=ü", "", "c=3"]);
        let mut ended = before.without(&present(&["c=3", "d=4", "a=1"]));
        ended.sort();
        assert_eq!(ended, [labels(""), labels("a=1 b=2"), labels("a=ü")]);
        assert_eq!(before.without(&before), []);
        assert_eq!(before.without(&Present::default()).len(), before.len());
        assert!(!before.has_twins() && present(&["a=1", "b=1", "a=1"]).has_twins());
        assert!(!present(&["a=1b", "a=1 b="]).has_twins());
    }
}
