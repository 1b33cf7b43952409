//! Label sets: sorted, shared, without empty values, as Prometheus compares them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The label that carries the metric's name.
pub const METRIC_NAME: &str = "__name__";
/// The label that carries the upper bound of a classic histogram's bucket.
pub const BUCKET: &str = "le";
/// The label that carries the quantile of a summary.
pub const QUANTILE: &str = "quantile";

/// Names and values, shared.
pub type Pair = (Arc<str>, Arc<str>);

/// A label set, sorted by name. Cloning shares it.
#[derive(Clone, PartialEq, Eq)]
pub struct Labels(Arc<[Pair]>);

/// So that nobody can send sets that fall into one place of a table.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(()));

/// One number for the whole: queries look label sets up by the hundred thousand, and the standard way
/// through all texts is most of the cost.
impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let next = |seed, text: &str| xxh3_64_with_seed(text.as_bytes(), seed);
        state.write_u64(self.iter().fold(*SEED, |seed, (name, value)| next(next(seed, name), value)));
    }
}

/// By name and value, pair by pair. Most texts are shared, and those are equal without a look.
impl Ord for Labels {
    fn cmp(&self, other: &Labels) -> Ordering {
        let text = |a: &Arc<str>, b: &Arc<str>| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        let pairs = self.0.iter().zip(&*other.0);
        let mut orders = pairs.map(|(a, b)| text(&a.0, &b.0).then_with(|| text(&a.1, &b.1)));
        orders.find(|order| order.is_ne()).unwrap_or_else(|| self.len().cmp(&other.len()))
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Labels) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Labels {
    fn default() -> Labels {
        Labels(Arc::from([]))
    }
}

impl Labels {
    /// Sorts the pairs; an empty value is the same as no label. The last of equal names wins.
    pub fn new<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Labels {
        let mut all: Vec<(Arc<str>, Arc<str>)> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.reverse();
        all.dedup_by(|a, b| a.0 == b.0);
        all.reverse();
        all.retain(|(_, value)| !value.is_empty());
        Labels(all.into())
    }

    /// Puts other texts in the place of equal values.
    pub fn share_values(&mut self, mut share: impl FnMut(&Arc<str>) -> Arc<str>) {
        self.0 = self.0.iter().map(|(name, value)| (name.clone(), share(value))).collect();
    }

    /// The value, empty where there is no such label.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).map_or("", |at| &self.0[at].1)
    }

    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This set with one label set, or removed where the value is empty.
    pub fn with(&self, name: &str, value: &str) -> Labels {
        let others = self.0.iter().filter(|(other, _)| &**other != name).cloned();
        Labels::new(others.chain([(Arc::from(name), Arc::from(value))]))
    }

    /// This set with the labels of another list over it, of which an empty value removes one. The names of
    /// the list are unique.
    pub fn with_all(&self, over: &[Pair]) -> Labels {
        let mut all: Vec<Pair> = Vec::with_capacity(self.len() + over.len());
        let stays = |(name, _): &&Pair| over.iter().all(|(other, _)| other != name);
        all.extend(self.0.iter().filter(stays).cloned());
        all.extend(over.iter().filter(|(_, value)| !value.is_empty()).cloned());
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Labels(all.into())
    }

    /// Only the labels whose name passes.
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Labels {
        if self.0.iter().all(|(name, _)| keep(name)) {
            return self.clone();
        }
        Labels(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// As texts that own themselves, for answers and records.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Without what says of which metric, type and unit the values are: a function or an operator
    /// makes something else of them.
    pub fn without_name(&self) -> Labels {
        self.filtered(|name| ![METRIC_NAME, "__type__", "__unit__"].contains(&name))
    }

    /// Prometheus' hash of a label set (xxHash64 of names and values, each behind its length), so
    /// that `limit_ratio` chooses the same series.
    pub fn hash_64(&self) -> u64 {
        let mut bytes = Vec::with_capacity(64);
        for text in self.iter().flat_map(|(name, value)| [name, value]) {
            match u8::try_from(text.len()) {
                Ok(length) if length < 255 => bytes.push(length),
                _ => {
                    bytes.push(255);
                    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes()[..3]);
                }
            }
            bytes.extend_from_slice(text.as_bytes());
        }
        xxhash_rust::xxh64::xxh64(&bytes, 0)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name)).ok()
    }
}

/// As Prometheus prints a label set in its messages: `{__name__="up", job="a"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_without_empty_values() {
        let labels = Labels::new([("b", "2"), ("a", "1"), ("c", ""), ("b", "3")]);
        assert_eq!(labels.to_string(), r#"{a="1", b="3"}"#);
        assert_eq!(labels.get("c"), "");
        assert_eq!(labels.with("a", "").to_string(), r#"{b="3"}"#);
        let over =
            [("b", ""), ("__name__", "x"), ("c", "4")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(labels.with_all(&over).to_string(), r#"{__name__="x", a="1", c="4"}"#);
    }

    #[test]
    fn equal_sets_have_equal_hashes() {
        let hash = |pairs: &[(&str, &str)]| {
            let mut hasher = std::hash::DefaultHasher::new();
            Labels::new(pairs.iter().copied()).hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&[("a", "1"), ("b", "2")]), hash(&[("b", "2"), ("a", "1"), ("c", "")]));
        assert_ne!(hash(&[("a", "1b")]), hash(&[("a1", "b")]));
        assert_ne!(hash(&[("a", "1"), ("b", "2")]), hash(&[("a", "2"), ("b", "1")]));
    }
}
