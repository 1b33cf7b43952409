//! The stages after a selector.

use super::{Parsed, Parser};
use crate::logs::language::SyntaxError;
use crate::logs::logql::MAX_STAGES;
use crate::logs::logql::ast::{Extraction, LabelChoice, LabelFormat, Logfmt, Stage, Step};
use crate::logs::logql::lex::Token;
use crate::logs::logql::line::{LineMatch, LineOp, LineTest};
use crate::logs::logql::pattern::Pattern;
use crate::logs::logql::template::LineTemplate;
use crate::promql::select::unanchored;

impl Parser<'_> {
    /// Stages until something that is none, `| unwrap` among it.
    pub(super) fn stages(&mut self) -> Parsed<Vec<Stage>> {
        let mut stages = Vec::new();
        loop {
            if stages.len() > MAX_STAGES {
                let message = format!("more than {MAX_STAGES} stages");
                return Err(SyntaxError::new(self.place(), message));
            }
            if let Some(op) = self.line_op() {
                self.next += 1;
                stages.push(Stage::Line(self.line_test(op)?));
                continue;
            }
            let unwraps = matches!(self.peek_at(1), Some(Token::Word(word)) if word == "unwrap");
            if !self.is_sign("|") || unwraps {
                return Ok(stages);
            }
            self.next += 1;
            stages.push(self.stage()?);
        }
    }

    fn line_op(&self) -> Option<LineOp> {
        Some(match self.peek()? {
            Token::Sign("|=") => LineOp::Contains,
            Token::Sign("!=") => LineOp::NotContains,
            Token::Sign("|~") => LineOp::Regex,
            Token::Sign("!~") => LineOp::NotRegex,
            Token::Sign("|>") => LineOp::Pattern,
            Token::Sign("!>") => LineOp::NotPattern,
            _ => return None,
        })
    }

    fn line_test(&mut self, op: LineOp) -> Parsed<LineTest> {
        let mut any = vec![self.line_match(op)?];
        while self.take_word("or") {
            any.push(self.line_match(op)?);
        }
        Ok(LineTest { op, any })
    }

    fn line_match(&mut self, op: LineOp) -> Parsed<LineMatch> {
        self.term()?;
        if matches!(op, LineOp::Regex | LineOp::NotRegex) {
            self.pattern()?;
        }
        if self.is_word("ip") && matches!(op, LineOp::Contains | LineOp::NotContains) {
            self.next += 1;
            self.expect("(")?;
            let made = self.made(LineMatch::ip)?;
            self.expect(")")?;
            return Ok(made);
        }
        self.made(|text| LineMatch::new(op, text))
    }

    /// What is made of a text; what is wrong with it is told at its place.
    fn made<T>(&mut self, make: impl FnOnce(&str) -> Result<T, String>) -> Parsed<T> {
        let at = self.place();
        let text = self.quoted()?;
        make(&text).map_err(|why| SyntaxError::new(at, why))
    }

    fn stage(&mut self) -> Parsed<Stage> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return self.label_filter().map(Stage::Labels);
        };
        // A label may be called as a stage is; what a line filter looks like is one.
        let is_label =
            matches!(self.peek_at(1), Some(Token::Sign("=" | "==" | "=~" | ">" | ">=" | "<" | "<=")));
        if is_label {
            return self.label_filter().map(Stage::Labels);
        }
        let start = self.next;
        self.next += 1;
        match word.as_str() {
            "json" => self.extractions().map(Stage::Json),
            "logfmt" => self.logfmt(),
            "regexp" => {
                self.pattern()?;
                self.made(|pattern| {
                    let regex = unanchored(pattern)?;
                    match regex.capture_names().flatten().next() {
                        Some(_) => Ok(Stage::Regexp(regex)),
                        None => Err("at least one named capture must be supplied".to_owned()),
                    }
                })
            }
            "pattern" => self.made(Pattern::of_parser).map(Stage::Pattern),
            "unpack" => Ok(Stage::Unpack),
            "decolorize" => Ok(Stage::Decolorize),
            "line_format" => self.made(LineTemplate::new).map(Stage::LineFormat),
            "label_format" => self.label_formats().map(Stage::LabelFormat),
            "drop" => self.choices().map(Stage::Drop),
            "keep" => self.choices().map(Stage::Keep),
            _ => {
                self.next = start;
                self.label_filter().map(Stage::Labels)
            }
        }
    }

    fn logfmt(&mut self) -> Parsed<Stage> {
        let (mut strict, mut keep_empty) = (false, false);
        while let Some(Token::Flag(flag)) = self.peek() {
            match flag.as_str() {
                "strict" => strict = true,
                "keep-empty" => keep_empty = true,
                _ => return Err(self.unexpected("--strict or --keep-empty")),
            }
            self.next += 1;
        }
        let extractions = self.extractions()?;
        Ok(Stage::Logfmt(Logfmt { strict, keep_empty, extractions }))
    }

    /// `a, b="x.y"`, or nothing.
    fn extractions(&mut self) -> Parsed<Vec<Extraction>> {
        let mut list = Vec::new();
        while let Some(Token::Word(label)) = self.peek().cloned() {
            self.next += 1;
            list.push(match self.take_sign("=") {
                true => self.made(|path| {
                    let steps = steps(path).ok_or_else(|| format!("cannot parse expression [{path}]"))?;
                    Ok(Extraction { label, path: path.to_owned(), steps })
                })?,
                false => Extraction { path: label.clone(), steps: vec![Step::Member(label.clone())], label },
            });
            if !self.take_sign(",") {
                break;
            }
        }
        Ok(list)
    }

    fn label_formats(&mut self) -> Parsed<Vec<LabelFormat>> {
        let mut list: Vec<LabelFormat> = Vec::new();
        loop {
            let at = self.place();
            let to = self.word("IDENTIFIER")?;
            let same = |known: &LabelFormat| match known {
                LabelFormat::Rename { to: known, .. } | LabelFormat::Template { to: known, .. } => {
                    *known == to
                }
            };
            if list.iter().any(same) {
                let message = format!("multiple label name '{to}' not allowed in a single format operation");
                return Err(SyntaxError::new(at, message));
            }
            self.expect("=")?;
            list.push(match self.peek() {
                Some(Token::Text(_)) => LabelFormat::Template { to, template: self.made(LineTemplate::new)? },
                _ => LabelFormat::Rename { to, from: self.word("IDENTIFIER or STRING")? },
            });
            if !self.take_sign(",") {
                return Ok(list);
            }
        }
    }

    fn choices(&mut self) -> Parsed<Vec<LabelChoice>> {
        let mut list = Vec::new();
        loop {
            let name = self.word("IDENTIFIER")?;
            let matches = matches!(self.peek(), Some(Token::Sign("=" | "==" | "!=" | "=~" | "!~")));
            let matcher = if matches { Some(self.matcher(&name)?) } else { None };
            list.push(LabelChoice { name, matcher });
            if !self.take_sign(",") {
                return Ok(list);
            }
        }
    }
}

/// `a.b[0]["c d"]`; `None` where it is no path.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            if inner.starts_with('"') {
                let (name, length) = crate::promql::unquote_prefix(inner).ok()?;
                steps.push(Step::Member(name));
                rest = inner[length..].strip_prefix(']')?;
            } else {
                let (at, after) = inner.split_once(']')?;
                steps.push(Step::Element(at.parse().ok()?));
                rest = after;
            }
            continue;
        }
        let name = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
        let end = name.find(['.', '[']).unwrap_or(name.len());
        if end == 0 {
            return None;
        }
        steps.push(Step::Member(name[..end].to_owned()));
        rest = &name[end..];
    }
    (!steps.is_empty()).then_some(steps)
}
