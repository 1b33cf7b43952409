//! What an answer of the Prometheus API holds, as far as two products can be compared by it.

use anyhow::Context;
use serde_json::Value;

/// Numbers and texts in order, since the order of series is not told.
#[derive(Debug, Default)]
pub struct Answer {
    pub series: usize,
    numbers: Vec<f64>,
    texts: Vec<String>,
    /// Where the product tells it.
    pub samples: Option<u64>,
    pub bytes: Option<u64>,
}

impl Answer {
    pub fn read(text: &str) -> anyhow::Result<Answer> {
        let answer: Value = serde_json::from_str(text).context("an answer that is no JSON")?;
        let data = &answer["data"];
        let result =
            data["result"].as_array().or_else(|| data.as_array()).context("an answer of no results")?;
        let mut read = Answer { series: result.len(), ..Answer::default() };
        for series in result {
            match series {
                Value::String(text) => read.texts.push(text.clone()),
                series => {
                    let values = series["values"].as_array().map_or(&[][..], Vec::as_slice);
                    let pairs = values.iter().chain(series.get("value"));
                    read.numbers.extend(pairs.filter_map(|pair| pair[1].as_str()?.parse::<f64>().ok()));
                }
            }
        }
        read.numbers.sort_by(f64::total_cmp);
        read.texts.sort();
        Ok(read)
    }

    /// What an answer with `stats=all` tells beside its results.
    pub fn read_stats(&mut self, text: &str) -> anyhow::Result<()> {
        let answer: Value = serde_json::from_str(text)?;
        let stats = &answer["data"]["stats"];
        self.samples = stats["samples"]["totalQueryableSamples"].as_u64();
        self.bytes = stats["scanned"]["bytes"].as_u64();
        Ok(())
    }

    pub fn values(&self) -> usize {
        self.numbers.len() + self.texts.len()
    }

    /// The largest relative difference of a number to its counterpart; `None` where the two can't be
    /// paired. Which of some series with equal values are the largest is not told: numbers alone count.
    pub fn difference(&self, other: &Answer) -> Option<f64> {
        let same_series = self.series == other.series || !self.numbers.is_empty();
        if !same_series || self.numbers.len() != other.numbers.len() || self.texts != other.texts {
            return None;
        }
        let of_pair = |(a, b): (&f64, &f64)| if a == b { 0.0 } else { (a - b).abs() / a.abs().max(b.abs()) };
        Some(self.numbers.iter().zip(&other.numbers).map(of_pair).fold(0.0, f64::max))
    }
}
