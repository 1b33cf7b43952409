//! What the end of a query of PromQL may become while it is typed: names of metrics and functions, labels, and
//! their values.

/// Proposals at once.
const PROPOSALS: usize = 20;
/// Functions and aggregations that are asked for often; the server knows more.
const FUNCTIONS: [&str; 24] = [
    "abs(",
    "absent(",
    "avg by (",
    "avg_over_time(",
    "bottomk(",
    "ceil(",
    "changes(",
    "clamp_min(",
    "count by (",
    "count_values(",
    "delta(",
    "deriv(",
    "histogram_quantile(",
    "increase(",
    "irate(",
    "label_replace(",
    "max by (",
    "max_over_time(",
    "min by (",
    "min_over_time(",
    "predict_linear(",
    "rate(",
    "sum by (",
    "topk(",
];
/// What labels follow in parentheses.
const LABEL_LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// What is typed at the end of a text, and what is before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed<'t> {
    pub head: &'t str,
    pub word: &'t str,
    pub kind: Kind<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'t> {
    /// Of a metric or a function.
    Name,
    /// Of a metric, where it is known.
    Label {
        of: &'t str,
        in_braces: bool,
    },
    Value {
        of: &'t str,
        label: &'t str,
        quote: char,
    },
    /// A duration, an operator, a string that is no value of a label.
    Other,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// A text and the word at its end.
fn with_word(text: &str) -> (&str, &str) {
    text.split_at(text.trim_end_matches(is_word).len())
}

/// What the last word of a text is.
pub fn typed(text: &str) -> Typed<'_> {
    // The bracket that is open, and the quote.
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let mut signs = text.char_indices();
    while let Some((at, sign)) = signs.next() {
        match (quote, sign) {
            (Some((_, '"' | '\'')), '\\') => drop(signs.next()),
            (Some((_, end)), sign) if sign == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some((at, sign)),
            (None, '{' | '[' | '(') => open.push((at, sign)),
            (None, '}' | ']' | ')') => drop(open.pop()),
            _ => {}
        }
    }
    let of = |at: usize| with_word(text[..at].trim_end()).1;
    let (head, word) = with_word(text);
    let kind = match (open.last(), quote) {
        (Some(&(brace, '{')), Some((at, quote))) => {
            let label = with_word(text[..at].trim_end().trim_end_matches(['=', '!', '~']).trim_end()).1;
            let (head, word) = text.split_at(at + 1);
            return Typed { head, word, kind: Kind::Value { of: of(brace), label, quote } };
        }
        (_, Some(_)) | (Some((_, '[')), _) => Kind::Other,
        (Some(&(brace, '{')), None) if head.trim_end().ends_with(['{', ',']) => {
            Kind::Label { of: of(brace), in_braces: true }
        }
        (Some((_, '{')), None) => Kind::Other,
        (Some(&(at, '(')), None) if LABEL_LISTS.contains(&of(at)) => Kind::Label { of: "", in_braces: false },
        _ => Kind::Name,
    };
    Typed { head, word, kind }
}

/// Whole queries that a text may become, as a list of an input offers what begins with its text. `names` are those
/// of the kind that is typed.
pub fn proposals<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let Typed { head, word, kind } = typed(text);
    let with = |names: &mut dyn Iterator<Item = String>| {
        let fitting = names.filter(|name| name.starts_with(word) && name != word);
        fitting.take(PROPOSALS).map(|name| format!("{head}{name}")).collect()
    };
    match kind {
        Kind::Name if word.is_empty() => Vec::new(),
        Kind::Name => with(&mut FUNCTIONS.iter().copied().chain(names).map(str::to_owned)),
        Kind::Label { in_braces: true, .. } => with(&mut names.map(|name| format!("{name}=\""))),
        Kind::Label { .. } => with(&mut names.map(str::to_owned)),
        // Within backticks nothing is escaped.
        Kind::Value { quote: '`', .. } => {
            with(&mut names.filter(|name| !name.contains('`')).map(|name| format!("{name}`")))
        }
        Kind::Value { quote, .. } => with(&mut names.map(|name| {
            let escaped = name.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
            format!("{escaped}{quote}")
        })),
        Kind::Other => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_known_by_what_is_open() {
        let check = |text: &str, word: &str, kind: Kind| {
            let found = typed(text);
            assert_eq!((found.word, found.kind), (word, kind), "{text}");
            assert_eq!(format!("{}{word}", found.head), text);
        };
        check("", "", Kind::Name);
        check("sum(rate(http_r", "http_r", Kind::Name);
        check("up{jo", "jo", Kind::Label { of: "up", in_braces: true });
        check("sum(up {a=\"(\", jo", "jo", Kind::Label { of: "up", in_braces: true });
        check("{", "", Kind::Label { of: "", in_braces: true });
        let value = |quote| Kind::Value { of: "up", label: "job", quote };
        check("up{job=~\"a b", "a b", value('"'));
        check("up{job != \"a\\\"b", "a\\\"b", value('"'));
        check("up{job='a", "a", value('\''));
        check("up{job=`a\\", "a\\", value('`'));
        for (text, word) in [("up{job=\"api\"", ""), ("up{job=", ""), ("up{job ", ""), ("up{job=a", "a")] {
            check(text, word, Kind::Other);
        }
        check("up{a=\"b\"} / ht", "ht", Kind::Name);
        check("rate(up[5", "5", Kind::Other);
        check("sum by (jo", "jo", Kind::Label { of: "", in_braces: false });
        check("a / on(jo", "jo", Kind::Label { of: "", in_braces: false });
        check("label_replace(a, \"b", "b", Kind::Other);
        check("))}", "", Kind::Name);
    }

    #[test]
    fn whole_queries_are_proposed() {
        let check = |text: &str, names: &[&str], expect: &[&str]| {
            assert_eq!(proposals(text, names.iter().copied()), expect, "{text}");
        };
        check("sum(rate(http_r", &["http_requests_total", "up"], &["sum(rate(http_requests_total"]);
        check("ra", &["rain"], &["rate(", "rain"]);
        check("up{", &["job", "le"], &["up{job=\"", "up{le=\""]);
        check("up{job=\"", &["a\"b", "c"], &["up{job=\"a\\\"b\"", "up{job=\"c\""]);
        check("up{job='", &["a'b", "c\"d"], &["up{job='a\\'b'", "up{job='c\"d'"]);
        check("up{job=`", &["a\\b", "c`d"], &["up{job=`a\\b`"]);
        check("sum by (j", &["job"], &["sum by (job"]);
        for text in ["", "rate(up[u", "up ", "up", "up{up=\"a\"", "up{up=", "up{up "] {
            check(text, &["up"], &[]);
        }
        let many: Vec<String> = (0..100).map(|n| format!("m{n}")).collect();
        assert_eq!(proposals("m", many.iter().map(String::as_str)).len(), PROPOSALS);
    }
}
