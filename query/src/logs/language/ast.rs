//! What a query says, before fields have a meaning.

use std::fmt;

/// Bytes of the query text, half-open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// An empty query, or a lone `*`.
    All,
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Term(Term),
}

/// One test. Without a field it is about the text of the row.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub field: Option<String>,
    pub value: Value,
    /// Field and value.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `*`: the field is there.
    Any,
    Text(Literal),
    /// `pre*`
    Prefix(Literal),
    Regex(String),
    Compare(Op, Literal),
    /// Both ends belong to it; `None` is open.
    Range(Option<Literal>, Option<Literal>),
}

/// A value with escapes resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    pub text: String,
    /// Quoted words are searched as a phrase.
    pub quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Op {
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Less => "<",
            Op::LessOrEqual => "<=",
            Op::Greater => ">",
            Op::GreaterOrEqual => ">=",
        }
    }

    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Op::Less => order.is_lt(),
            Op::LessOrEqual => order.is_le(),
            Op::Greater => order.is_gt(),
            Op::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Lists first what binds them: `(and a (not (or b c)))`. Tests and logs read it.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, name: &str, inner: &[Expr]| {
            write!(f, "({name}")?;
            inner.iter().try_for_each(|expr| write!(f, " {expr}"))?;
            f.write_str(")")
        };
        match self {
            Expr::All => f.write_str("*"),
            Expr::Not(inner) => list(f, "not", std::slice::from_ref(inner)),
            Expr::And(inner) => list(f, "and", inner),
            Expr::Or(inner) => list(f, "or", inner),
            Expr::Term(term) => {
                if let Some(field) = &term.field {
                    write!(f, "{field}:")?;
                }
                write!(f, "{}", term.value)
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |end: &Option<Literal>| end.as_ref().map_or("*".to_owned(), Literal::to_string);
        match self {
            Value::Any => f.write_str("*"),
            Value::Text(literal) => write!(f, "{literal}"),
            Value::Prefix(literal) => write!(f, "{literal}*"),
            Value::Regex(pattern) => write!(f, "/{pattern}/"),
            Value::Compare(op, literal) => write!(f, "{}{literal}", op.as_str()),
            Value::Range(low, high) => write!(f, "[{} TO {}]", end(low), end(high)),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted { write!(f, "{:?}", self.text) } else { f.write_str(&self.text) }
    }
}
