//! What an option of an SLI plugin may be.

use crate::promql::ast::ExprKind;
use crate::promql::parse_expr;
use crate::rules::template::{Value, regex};
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Text,
    Number,
    /// A regular expression.
    Regex,
    /// Matchers of labels, `a="b",c!="d"`, with or without braces. In the template they end with a comma if there is any.
    Matchers,
    /// `true` or `false`.
    Flag,
}

impl Kind {
    /// What a template sees of an option; or what is wrong with it.
    pub fn value(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Kind::Text => {}
            Kind::Number => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| format!("{text:?} is no number"))?;
            }
            Kind::Regex => {
                regex(&Value::Text(text.to_owned()))?;
            }
            Kind::Flag => {
                let flag = text.parse().map_err(|_| format!("{text:?} is neither true nor false"))?;
                return Ok(Value::Bool(flag));
            }
            Kind::Matchers => return matchers(text).map(Value::Text),
        }
        Ok(Value::Text(text.to_owned()))
    }

    /// A value that any template must be able to take.
    pub fn sample(self) -> &'static str {
        match self {
            Kind::Text | Kind::Regex => "a",
            Kind::Number => "1",
            Kind::Matchers => "a=\"b\"",
            Kind::Flag => "true",
        }
    }
}

fn matchers(text: &str) -> Result<String, String> {
    let bare = text.trim_matches(['{', '}', ',', ' ']);
    if bare.is_empty() {
        return Ok(String::new());
    }
    let is_selector =
        parse_expr(&format!("x{{{bare}}}")).is_ok_and(|expr| matches!(expr.kind, ExprKind::Vector(_)));
    if is_selector {
        Ok(format!("{bare},"))
    } else {
        Err(format!("{text:?} are no matchers such as a=\"b\",c!=\"d\""))
    }
}
