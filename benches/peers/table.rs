//! The figures as a Markdown table.

use crate::common::bodies::Kind;
use crate::durability::Kept;
use crate::measure::Figures;
use crate::product::Product;
use crate::question::Question;

pub struct Column<'p> {
    pub product: &'p dyn Product,
    pub runs: Vec<Figures>,
    pub kept: Kept,
}

impl Column<'_> {
    fn median(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        median(self.runs.iter().map(figure).collect())
    }
}

/// Of an even number the mean of the two in the middle.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.len().saturating_sub(1) / 2, figures.len() / 2);
    match (figures.get(low), figures.get(high)) {
        (Some(low), Some(high)) => (low + high) / 2.0,
        _ => f64::NAN,
    }
}

/// What is better: more or less.
#[derive(Clone, Copy)]
enum Better {
    More,
    Less,
}

struct Rows<'c, 'p> {
    columns: &'c [Column<'p>],
    lines: Vec<String>,
}

/// One column a product, and how many times better than the other Ocelli is.
pub fn table(kind: Kind, items: usize, sent_bytes: usize, columns: &[Column<'_>]) -> String {
    let mut rows = Rows { columns, lines: Vec::new() };
    let count = items as f64;
    rows.head(&format!("{items} {} of {} B", kind.as_str(), sent_bytes / items.max(1)));
    rows.figure("items per core-second, flushed and merged", Better::More, 0, |run| count / run.cpu_s);
    rows.figure("items a second while sending", Better::More, 0, |run| count / run.wall_s);
    rows.figure("requests refused for now and sent again", Better::Less, 0, |run| run.refused as f64);
    rows.figure("bytes per item on disk", Better::Less, 2, |run| run.bytes as f64 / count);
    rows.figure("peak memory, MiB", Better::Less, 0, |run| run.peak_mib);
    rows.figure("ready after exec, ms", Better::Less, 0, |run| run.ready_ms);
    rows.figure("idle memory, MiB", Better::Less, 1, |run| run.idle_mib);
    for (at, question) in Question::of(kind).iter().enumerate() {
        rows.question(*question, at);
    }
    rows.words("kept of what it acknowledged before `kill -9`", |column| {
        format!("{} of {}", column.kept.found, column.kept.acknowledged)
    });
    rows.words("acknowledges", |column| column.product.acknowledges().to_owned());
    rows.lines.join("\n")
}

impl Rows<'_, '_> {
    fn line(&mut self, title: &str, cells: Vec<String>, ratio: Option<f64>) {
        let ratio = ratio.filter(|ratio| ratio.is_finite()).map_or(String::new(), |x| format!("{x:.2}x"));
        self.lines.push(format!("| {title} | {} | {ratio} |", cells.join(" | ")));
    }

    fn head(&mut self, title: &str) {
        let name = |column: &Column<'_>| format!("{} {}", column.product.name(), column.product.version());
        let names: Vec<String> = self.columns.iter().map(name).collect();
        self.lines.push(format!("| {title} | {} | Ocelli is better |", names.join(" | ")));
        self.lines.push(format!("|---|{}---|", "---|".repeat(names.len())));
    }

    fn figure(&mut self, title: &str, better: Better, digits: usize, figure: impl Fn(&Figures) -> f64) {
        let medians: Vec<f64> = self.columns.iter().map(|column| column.median(&figure)).collect();
        let cells = medians.iter().map(|median| format!("{median:.digits$}")).collect();
        self.line(title, cells, ratio(&medians, better));
    }

    fn question(&mut self, question: Question, at: usize) {
        let best = |column: &Column<'_>| {
            column.median(|run| run.answers[at].as_ref().map_or(f64::NAN, |answer| answer.best_ms))
        };
        let cell = |column: &Column<'_>| match column.runs.first().and_then(|run| run.answers[at].as_ref()) {
            Some(answer) => format!("{:.1} ({})", best(column), answer.results),
            None => "–".to_owned(),
        };
        let medians: Vec<f64> = self.columns.iter().map(best).collect();
        let cells = self.columns.iter().map(cell).collect();
        self.line(&format!("{}, ms (results)", question.title()), cells, ratio(&medians, Better::Less));
    }

    fn words(&mut self, title: &str, words: impl Fn(&Column<'_>) -> String) {
        let cells = self.columns.iter().map(words).collect();
        self.line(title, cells, None);
    }
}

fn ratio(medians: &[f64], better: Better) -> Option<f64> {
    let [ours, theirs] = medians else { return None };
    Some(match better {
        Better::More => ours / theirs,
        Better::Less => theirs / ours,
    })
}
