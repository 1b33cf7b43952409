//! Trace and span ids: whole, or by their first digits.

use crate::logs::language::{SyntaxError, Term, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum IdTest {
    Exists,
    Equals(Vec<u8>),
    /// Whole bytes, then the high half of one more if the digits are odd.
    Prefix(Vec<u8>, Option<u8>),
}

impl IdTest {
    /// An id of `bytes` bytes, as hex digits in any case.
    pub fn new(term: &Term, bytes: usize) -> Result<IdTest, SyntaxError> {
        let wrong = |text: &str| {
            let message =
                format!("'{text}' is not an id of {} hex digits; abc* finds those that begin so", 2 * bytes);
            SyntaxError::new(term.span.start, message)
        };
        match &term.value {
            Value::Any => Ok(IdTest::Exists),
            Value::Text(literal) => {
                let text = literal.text.as_str();
                parse_hex(text).filter(|id| id.len() == bytes).map(IdTest::Equals).ok_or_else(|| wrong(text))
            }
            Value::Prefix(literal) => {
                let text = literal.text.as_str();
                let (whole, half) = text.split_at_checked(text.len() / 2 * 2).ok_or_else(|| wrong(text))?;
                let half = half.chars().next().map(|digit| digit.to_digit(16).ok_or_else(|| wrong(text)));
                let half = half.transpose()?.map(|digit| digit as u8);
                parse_hex(whole).map(|whole| IdTest::Prefix(whole, half)).ok_or_else(|| wrong(text))
            }
            other => Err(wrong(&other.to_string())),
        }
    }

    /// `None` is a row without this id.
    pub fn matches(&self, id: Option<&[u8]>) -> bool {
        let Some(id) = id else { return false };
        match self {
            IdTest::Exists => true,
            IdTest::Equals(wanted) => id == wanted,
            IdTest::Prefix(whole, half) => {
                id.starts_with(whole)
                    && half.is_none_or(|half| id.get(whole.len()).is_some_and(|byte| byte >> 4 == half))
            }
        }
    }
}

/// Bytes of hex digits in any case; `None` for anything else.
pub fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| (c as char).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
    text.as_bytes().chunks(2).map(pair).collect()
}

/// Lowercase hex.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    push_hex(bytes, &mut text);
    text
}

/// Appends lowercase hex.
pub fn push_hex(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS[usize::from(half)] as char;
    bytes.iter().for_each(|byte| text.extend([digit(byte >> 4), digit(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::language::{Expr, parse};

    #[test]
    fn whole_and_by_prefix() {
        let test = |query: &str| {
            let Ok(Expr::Term(term)) = parse(&format!("span_id:{query}")) else {
                panic!("{query} is one term")
            };
            IdTest::new(&term, 2)
        };
        let id = Some(&[0xab, 0xcd][..]);
        assert!(test("ABcd").unwrap().matches(id));
        assert!(test("abc*").unwrap().matches(id) && test("ab*").unwrap().matches(id));
        assert!(!test("abd*").unwrap().matches(id) && !test("*").unwrap().matches(None));
        assert!(test("abc").unwrap_err().message.contains("'abc' is not an id of 4 hex digits"));
        assert!(test(">1").unwrap_err().message.contains("'>1' is not an id"));
        assert!(test("é*").is_err() && test("aé*").is_err());
        assert_eq!(to_hex(&[0xab, 0x01]), "ab01");
    }
}
