//! Reads what stands behind the bars of a query.

use super::{Column, Function, Key, Sort, Stats};
use crate::logs::field::Field;
use crate::logs::language::{Pipe, SyntaxError};
use crate::logs::near::did_you_mean;

const PIPES: [&str; 4] = ["stats", "top", "sort", "limit"];
const FUNCTIONS: [&str; 10] =
    ["count", "rate", "sum", "avg", "min", "max", "uniq", "quantile", "median", "p99"];
/// Figures and fields to group by; each costs memory in every group.
const MOST: usize = 16;
const MILLISECOND: i64 = 1;

/// Reads all pipes of a query: `stats` or `top` first, then `sort` and `limit`.
pub fn parse(pipes: &[Pipe<'_>]) -> Result<Stats, SyntaxError> {
    let mut stats: Option<Stats> = None;
    for pipe in pipes {
        let mut parser = Parser { text: pipe.text, at: 0, base: pipe.at };
        let (name, at) = parser.word()?;
        match (name.as_str(), &mut stats) {
            ("stats", None) => stats = Some(parser.stats()?),
            ("top", None) => stats = Some(parser.top()?),
            ("sort", Some(stats)) => stats.sort = Some(parser.sort(stats)?),
            ("limit", Some(stats)) => stats.limit = Some(parser.count("limit")?),
            ("stats" | "top", Some(_)) => {
                return Err(SyntaxError::new(at, format!("'{name}' may come once only")));
            }
            ("sort" | "limit", None) => {
                return Err(SyntaxError::new(at, format!("'{name}' follows 'stats' or 'top'")));
            }
            _ => {
                let hint = did_you_mean(&name, &PIPES);
                let message = format!("unknown pipe '{name}'{hint}; there are stats, top, sort and limit");
                return Err(SyntaxError::new(at, message));
            }
        }
        parser.end()?;
    }
    stats.ok_or_else(|| {
        SyntaxError::new(0, "add what is to be counted, as in: … | stats count() by (service)")
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Where the text begins in the query.
    base: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// The next character that is no space, and its place in the query.
    fn peek(&mut self) -> Option<char> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        self.rest().chars().next()
    }

    fn place(&mut self) -> usize {
        self.peek();
        self.base + self.at
    }

    fn error<T>(&mut self, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.place(), message))
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    fn expect(&mut self, c: char, after: &str) -> Result<(), SyntaxError> {
        if self.take(c) { Ok(()) } else { self.error(format!("'{c}' is missing after {after}")) }
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => {
                let rest: String = self.rest().chars().take(20).collect();
                self.error(format!("'{rest}' is not understood here; figures are separated by commas"))
            }
        }
    }

    /// A name, quoted or not, with its place.
    fn word(&mut self) -> Result<(String, usize), SyntaxError> {
        let at = self.place();
        if self.take('"') {
            let Some(end) = self.rest().find('"') else {
                return Err(SyntaxError::new(at, "the quote that opens here is not closed"));
            };
            let word = self.rest()[..end].to_owned();
            self.at += end + 1;
            return Ok((word, at));
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '|' | '"');
        let word = self.rest().split(ends).next().unwrap_or_default().to_owned();
        if word.is_empty() {
            return Err(SyntaxError::new(at, "a name is missing here"));
        }
        self.at += word.len();
        Ok((word, at))
    }

    /// The word if it is the next one.
    fn keyword(&mut self, word: &str) -> bool {
        self.peek();
        let after = self.rest().strip_prefix(word);
        let found = after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn count(&mut self, what: &str) -> Result<usize, SyntaxError> {
        let (word, at) = self.word()?;
        let wrong = || SyntaxError::new(at, format!("'{word}' is no number of groups; write {what} 10"));
        word.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
    }

    fn stats(&mut self) -> Result<Stats, SyntaxError> {
        let mut columns = Vec::new();
        loop {
            columns.push(self.column()?);
            if !self.take(',') {
                break;
            }
        }
        let keys = if self.keyword("by") { self.keys()? } else { Vec::new() };
        self.bounded(columns.len(), "figures")?;
        Ok(Stats { keys, columns, sort: None, limit: None })
    }

    fn bounded(&mut self, count: usize, what: &str) -> Result<(), SyntaxError> {
        if count > MOST { self.error(format!("{count} {what} are more than {MOST}")) } else { Ok(()) }
    }

    /// `top 10 by field`: the groups with most records.
    fn top(&mut self) -> Result<Stats, SyntaxError> {
        let limit = self.count("top")?;
        if !self.keyword("by") {
            return self.error("'by' and a field are missing: top 10 by service");
        }
        let keys = self.keys()?;
        let columns = vec![Column { name: "count".to_owned(), function: Function::Count, of: None }];
        let sort = Some(Sort { column: keys.len(), ascending: false });
        Ok(Stats { keys, columns, sort, limit: Some(limit) })
    }

    fn sort(&mut self, stats: &Stats) -> Result<Sort, SyntaxError> {
        if !self.keyword("by") {
            return self.error("'by' and a column are missing: sort by count desc");
        }
        let from = self.at;
        let (name, at) = self.word()?;
        // `sort by count()` repeats what `stats` says.
        let name = if self.peek() == Some('(') {
            let end = self.rest().find(')').map_or(self.rest().len(), |end| end + 1);
            self.at += end;
            self.text[from..self.at].trim().to_owned()
        } else {
            name
        };
        let keys = stats.keys.iter().map(Key::name);
        let names: Vec<&str> = keys.chain(stats.columns.iter().map(|column| column.name.as_str())).collect();
        let same = |column: &str| column == name || column.strip_suffix("()") == Some(name.as_str());
        let Some(column) = names.iter().copied().position(same) else {
            let hint = did_you_mean(&name, &names);
            let message = format!("there is no column '{name}'{hint}; there are {}", names.join(", "));
            return Err(SyntaxError::new(at, message));
        };
        let ascending = self.keyword("asc") || !self.keyword("desc") && column < stats.keys.len();
        Ok(Sort { column, ascending })
    }

    fn keys(&mut self) -> Result<Vec<Key>, SyntaxError> {
        let open = self.take('(');
        let mut keys = Vec::new();
        loop {
            self.peek();
            let at = self.at;
            let key = self.key()?;
            let is_time = |key: &Key| matches!(key, Key::Time { .. });
            if is_time(&key) && keys.iter().any(is_time) {
                return Err(SyntaxError::new(at, "records are grouped by time once; leave one of them out"));
            }
            keys.push(key);
            if !self.take(',') {
                break;
            }
        }
        if open {
            self.expect(')', "the fields")?;
        }
        self.bounded(keys.len(), "fields to group by")?;
        Ok(keys)
    }

    /// A field, or `time(5m)`.
    fn key(&mut self) -> Result<Key, SyntaxError> {
        let (name, at) = self.word()?;
        if name != "time" {
            return Ok(Key::Field { field: Field::parse(&name), name });
        }
        if !self.take('(') {
            return Ok(Key::Time { step_ms: None });
        }
        if self.take(')') {
            return Ok(Key::Time { step_ms: None });
        }
        let (step, _) = self.word()?;
        self.expect(')', "the width of a bucket")?;
        let step_ms = duration_ms(&step).ok_or_else(|| {
            SyntaxError::new(at, format!("'{step}' is no width; write time(30s), 5m, 1h or 1d"))
        })?;
        Ok(Key::Time { step_ms: Some(step_ms) })
    }

    fn column(&mut self) -> Result<Column, SyntaxError> {
        self.peek();
        let from = self.at;
        let (name, at) = self.word()?;
        let function = function(&name, at)?;
        self.expect('(', &format!("'{name}'"))?;
        let function = match function {
            Some(function) => function,
            None => {
                let (word, at) = self.word()?;
                let part = word.parse::<f64>().ok().filter(|part| (0.0..=1.0).contains(part));
                let wrong = || {
                    SyntaxError::new(at, format!("'{word}' is not from 0 to 1; write quantile(0.99, field)"))
                };
                self.expect(',', "the quantile")?;
                Function::Quantile(part.ok_or_else(wrong)?)
            }
        };
        let of = match self.peek() {
            Some(')') => None,
            _ => Some(self.word()?.0),
        };
        if of.is_none() && !matches!(function, Function::Count | Function::Rate) {
            return self.error(format!("'{name}' needs a field: {name}(duration_ms)"));
        }
        self.expect(')', &format!("what '{name}' is about"))?;
        let written = self.text[from..self.at].split_whitespace().collect::<Vec<_>>().join(" ");
        let name = if self.keyword("as") { self.word()?.0 } else { written };
        Ok(Column { name, function, of: of.map(|of| (of.clone(), Field::parse(&of))) })
    }
}

impl Key {
    pub fn name(&self) -> &str {
        match self {
            Key::Field { name, .. } => name,
            Key::Time { .. } => "time",
        }
    }
}

/// `None` for a quantile whose part comes first among its arguments.
fn function(name: &str, at: usize) -> Result<Option<Function>, SyntaxError> {
    Ok(Some(match name {
        "count" => Function::Count,
        "rate" => Function::Rate,
        "sum" => Function::Sum,
        "avg" | "mean" => Function::Avg,
        "min" => Function::Min,
        "max" => Function::Max,
        "uniq" | "count_uniq" | "distinct" => Function::Uniq,
        "median" => Function::Quantile(0.5),
        "quantile" | "percentile" => return Ok(None),
        name => match name.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok()) {
            Some(percent) if (0.0..=100.0).contains(&percent) => Function::Quantile(percent / 100.0),
            _ => {
                let hint = did_you_mean(name, &FUNCTIONS);
                let message = format!("unknown function '{name}'{hint}; there are {}", FUNCTIONS.join(", "));
                return Err(SyntaxError::new(at, message));
            }
        },
    }))
}

/// `30s`, `5m`: whole numbers of one unit.
fn duration_ms(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[digits..] {
        "ms" => MILLISECOND,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        _ => return None,
    };
    text[..digits].parse::<i64>().ok()?.checked_mul(unit).filter(|ms| (1..=i64::MAX / 1_000_000).contains(ms))
}
