//! The figures as a Markdown table.

use crate::product::Product;
use crate::store::Asked;
use std::fmt::{self, Write};
use std::time::Duration;

pub struct Table {
    head: String,
    lines: Vec<String>,
}

impl Table {
    pub fn new(title: &str, products: &[Box<dyn Product>]) -> Table {
        let names = products.iter().map(|product| format!(" {} {} |", product.name(), product.version()));
        let columns: String = names.collect();
        let rule = "---|".repeat(products.len());
        let head = format!(
            "| {title}; ms: median (best), of CPU |{columns} Ocelli is faster | results |\n|---|{rule}---|---|"
        );
        Table { head, lines: Vec::new() }
    }

    pub fn add(&mut self, title: &str, mut asked: Vec<Option<Asked>>) {
        let mut line = format!("| {title} |");
        let mut medians = Vec::new();
        for asked in &mut asked {
            let Some(asked) = asked else {
                line.push_str(" – |");
                continue;
            };
            asked.times.sort();
            let ms = |at: usize| asked.times.get(at).map_or(f64::NAN, ms);
            let median = ms(asked.times.len() / 2);
            let _ = write!(line, " {median:.2} ({:.2}), {:.1} |", ms(0), asked.cpu_ms);
            medians.push(median);
        }
        let ratio = match medians[..] {
            [ours, theirs, ..] => format!("{:.2}x", theirs / ours),
            _ => String::new(),
        };
        let results: Vec<u64> = asked.iter().flatten().map(|asked| asked.results).collect();
        let results = match results[..] {
            [ours, theirs] if ours == theirs => format!("{ours}, equal"),
            [ours, theirs] => format!("{ours}, DIFFERENT: theirs {theirs}"),
            _ => results.iter().map(u64::to_string).collect(),
        };
        let _ = write!(line, " {ratio} | {results} |");
        self.lines.push(line);
    }
}

fn ms(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}
