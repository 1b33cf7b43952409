//! Filters of labels: `status >= 500 and (took > 1s or size > 5MB)`.

use super::{Parsed, Parser};
use crate::logs::language::SyntaxError;
use crate::logs::logql::ast::{Compare, LabelFilter};
use crate::logs::logql::ip::IpTest;
use crate::logs::logql::label::LabelTest;
use crate::logs::logql::lex::Token;

impl Parser<'_> {
    /// `or` binds less than `and`, `,` and standing side by side.
    pub(super) fn label_filter(&mut self) -> Parsed<LabelFilter> {
        let mut left = self.all_of()?;
        while self.take_word("or") {
            left = LabelFilter::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Parsed<LabelFilter> {
        let mut left = self.one()?;
        loop {
            let said = self.take_word("and") || self.take_sign(",");
            let compares = matches!(
                self.peek_at(1),
                Some(Token::Sign("=" | "==" | "!=" | "=~" | "!~" | ">" | ">=" | "<" | "<="))
            );
            let beside = matches!(self.peek(), Some(Token::Word(_))) && compares || self.is_sign("(");
            if !said && !beside {
                return Ok(left);
            }
            left = LabelFilter::And(Box::new(left), Box::new(self.one()?));
        }
    }

    fn one(&mut self) -> Parsed<LabelFilter> {
        self.term()?;
        if self.take_sign("(") {
            let inner = self.deeper(Self::label_filter)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = self.word("IDENTIFIER, a parser or (")?;
        let compare = match self.peek() {
            Some(Token::Sign("=" | "==")) => Compare::Equal,
            Some(Token::Sign("!=")) => Compare::NotEqual,
            Some(Token::Sign("<")) => Compare::Less,
            Some(Token::Sign("<=")) => Compare::LessOrEqual,
            Some(Token::Sign(">")) => Compare::Greater,
            Some(Token::Sign(">=")) => Compare::GreaterOrEqual,
            Some(Token::Sign("=~" | "!~")) => return self.text(&name),
            _ => return Err(self.unexpected("a comparison")),
        };
        let equal = matches!(compare, Compare::Equal | Compare::NotEqual);
        match (self.peek_at(1).cloned(), self.peek_at(2)) {
            (Some(Token::Text(_)), _) if equal => self.text(&name),
            (Some(Token::Word(word)), Some(Token::Sign("("))) if equal && word == "ip" => {
                self.next += 3;
                let at = self.place();
                let text = self.quoted()?;
                self.expect(")")?;
                let test = IpTest::new(&text).map_err(|why| SyntaxError::new(at, why))?;
                let negated = compare == Compare::NotEqual;
                Ok(LabelFilter::Test(LabelTest::Ip { name, negated, test, text }))
            }
            _ => {
                self.next += 1;
                self.compared(name, compare)
            }
        }
    }

    fn text(&mut self, name: &str) -> Parsed<LabelFilter> {
        self.matcher(name).map(|matcher| LabelFilter::Test(LabelTest::Text(matcher)))
    }

    fn compared(&mut self, name: String, compare: Compare) -> Parsed<LabelFilter> {
        let negative = self.take_sign("-");
        let sign = if negative { -1.0 } else { 1.0 };
        let test = match self.peek().cloned() {
            Some(Token::Number(value)) => LabelTest::Number { name, compare, value: sign * value },
            Some(Token::Duration(ns, text)) => {
                let minus = if negative { "-" } else { "" };
                LabelTest::Duration { name, compare, ns: sign * ns as f64, text: format!("{minus}{text}") }
            }
            Some(Token::Bytes(bytes, text)) if !negative => LabelTest::Bytes { name, compare, bytes, text },
            _ => return Err(self.unexpected("NUMBER, DURATION, BYTES or STRING")),
        };
        self.next += 1;
        Ok(LabelFilter::Test(test))
    }
}
