//! The figures as a Markdown table.

use super::Asked;
use super::answer::Answer;
use super::query::Query;
use crate::product::Product;
use std::fmt::{self, Write};
use std::time::Duration;

pub struct Table {
    head: String,
    lines: Vec<String>,
    /// Peak and present, in MiB, of each product.
    memory: Vec<(String, Option<(f64, f64)>)>,
}

impl Table {
    pub fn new(products: &[Box<dyn Product>]) -> Table {
        let names: Vec<String> =
            products.iter().map(|product| format!("{} {}", product.name(), product.version())).collect();
        let columns: String = names.iter().map(|name| format!(" {name} |")).collect();
        let rule = "---|".repeat(names.len());
        Table {
            head: format!(
                "| ms: median (best, first), of CPU |{columns} Ocelli is faster | results | samples | bytes |\n|---|{rule}---|---|---|---|"
            ),
            lines: Vec::new(),
            memory: names.into_iter().map(|name| (name, None)).collect(),
        }
    }

    pub fn add(&mut self, query: &Query, mut asked: Vec<Asked>) {
        let mut line = format!("| {} |", query.title);
        let medians: Vec<f64> = asked.iter_mut().map(median_ms).collect();
        for (asked, median) in asked.iter().zip(&medians) {
            let best = asked.times.first().map_or(f64::NAN, ms);
            let first = ms(&asked.first);
            let _ = write!(line, " {median:.2} ({best:.2}, {first:.2}), {:.1} |", asked.cpu_ms);
        }
        let ratio = match medians[..] {
            [ours, theirs, ..] => format!("{:.2}x", theirs / ours),
            _ => String::new(),
        };
        let told = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
        let ours = &asked[0].answer;
        let results = results(query, ours, asked.get(1).map(|asked| &asked.answer));
        let _ = write!(line, " {ratio} | {results} | {} | {} |", told(ours.samples), told(ours.bytes));
        self.lines.push(line);
    }

    /// Of the next product.
    pub fn memory(&mut self, peak_mib: f64, resident_mib: f64) {
        if let Some((_, of)) = self.memory.iter_mut().find(|(_, of)| of.is_none()) {
            *of = Some((peak_mib, resident_mib));
        }
    }
}

fn ms(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Sorts the times.
fn median_ms(asked: &mut Asked) -> f64 {
    asked.times.sort();
    asked.times.get(asked.times.len() / 2).map_or(f64::NAN, ms)
}

/// How many there are, and whether the other product found the same.
fn results(query: &Query, ours: &Answer, theirs: Option<&Answer>) -> String {
    let count = |answer: &Answer| match (answer.series, answer.values()) {
        (series, values) if values > series => format!("{series} × {}", values / series.max(1)),
        (series, _) => series.to_string(),
    };
    let own = count(ours);
    let Some(theirs) = theirs else { return own };
    match ours.difference(theirs) {
        Some(0.0) => format!("{own}, equal"),
        Some(difference) if difference <= query.tolerance && query.note.is_empty() => format!("{own}, equal"),
        Some(difference) if difference <= query.tolerance => {
            format!("{own}, within {:.1} %: {}", difference * 100.0, query.note)
        }
        Some(difference) => format!("{own}, DIFFERENT by {:.1} %", difference * 100.0),
        None if query.tolerance.is_infinite() => format!("{own}, theirs {}: {}", count(theirs), query.note),
        None => format!("{own}, DIFFERENT: theirs {}", count(theirs)),
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.head)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        for (name, memory) in &self.memory {
            let (peak, resident) = memory.unwrap_or((f64::NAN, f64::NAN));
            write!(f, "\n{name}: {peak:.0} MiB at the peak of these queries, {resident:.0} MiB after them.")?;
        }
        Ok(())
    }
}
