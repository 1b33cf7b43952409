//! Queries in TraceQL that the pages make of what was filled in or clicked. The language itself is the
//! server's.

use super::query_string::QueryString;

/// The parameters of a search for traces: of the page's address, and of the API.
pub const FILTERS: [&str; 8] =
    ["service", "operation", "status", "min_duration", "max_duration", "q", "query", "sort"];

/// The fields of the form that stand for one span, and how TraceQL says them.
const FIELDS: [(&str, &str); 5] = [
    ("service", "resource.service.name ="),
    ("operation", "name ="),
    ("status", "status ="),
    ("min_duration", "duration >="),
    ("max_duration", "duration <="),
];

/// Which of the fields choose spans among those of a service and an operation.
const CHOOSES: [&str; 3] = ["status", "min_duration", "max_duration"];

/// Longer values are cut in an explanation.
const MOST_VALUE_BYTES: usize = 250;

/// Text in quotes.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What the page's address asks for, as TraceQL. `None` where it has `q`, whose conditions compare texts
/// and cannot be said in it.
pub fn of_page(page: &QueryString) -> Option<String> {
    match (page.get("query"), page.get("q")) {
        (Some(query), _) => Some(query.to_owned()),
        (None, Some(_)) => None,
        (None, None) => Some(of_fields(page, |_| true)),
    }
}

/// What an explanation's address selects: within its service and operation, or as they are left out of it.
pub fn selected(page: &QueryString, with_scope: bool) -> String {
    let is_scope = |key: &str| !CHOOSES.contains(&key);
    match page.get("query") {
        None => of_fields(page, |key| with_scope || !is_scope(key)),
        Some(query) if with_scope => conditions(page, is_scope)
            .iter()
            .fold(query.to_owned(), |query, condition| and(&query, condition)),
        Some(query) => query.to_owned(),
    }
}

fn of_fields(page: &QueryString, wanted: impl Fn(&str) -> bool) -> String {
    let conditions = conditions(page, wanted);
    if conditions.is_empty() { "{ }".to_owned() } else { format!("{{ {} }}", conditions.join(" && ")) }
}

fn conditions(page: &QueryString, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let condition = |(key, before): (&str, &str)| {
        let value = page.get(key).filter(|_| wanted(key))?;
        let is_text = matches!(key, "service" | "operation");
        Some(if is_text { format!("{before} {}", quote(value)) } else { format!("{before} {value}") })
    };
    FIELDS.into_iter().filter_map(condition).collect()
}

/// The parameters by which the same spans are explained; `None` where none are chosen, or by `q`.
pub fn explained(page: &QueryString) -> Option<Vec<(&'static str, String)>> {
    let has = |key: &&str| page.get(key).is_some();
    if has(&"q") {
        return None;
    }
    if has(&"query") {
        return Some(vec![("query", page.text("query"))]);
    }
    let parameters = || FIELDS.map(|(key, _)| (key, page.text(key))).to_vec();
    CHOOSES.iter().any(has).then(parameters)
}

/// The query with one more condition on the spans that it finds.
pub fn and(query: &str, condition: &str) -> String {
    match inside(query) {
        Some("") => format!("{{ {condition} }}"),
        Some(inside) if inside.contains("||") => format!("{{ ({inside}) && {condition} }}"),
        Some(inside) => format!("{{ {inside} && {condition} }}"),
        None => format!("{} | {{ {condition} }}", query.trim()),
    }
}

/// The query within a band of durations, instead of the band that was added before. An end may be empty.
pub fn within(query: &str, least: &str, most: &str) -> String {
    const ENDS: [&str; 2] = ["duration >= ", "duration <= "];
    let is_end = |part: &str| {
        ENDS.iter().any(|end| part.strip_prefix(end).is_some_and(|value| !value.contains([' ', ')'])))
    };
    let ends: Vec<String> = ENDS
        .iter()
        .zip([least, most])
        .filter(|(_, value)| !value.is_empty())
        .map(|(end, value)| format!("{end}{value}"))
        .collect();
    let query = match (inside(query), query.rsplit_once(" | ")) {
        (Some(inside), _) if !inside.contains("||") => {
            let rest: Vec<&str> = inside.split(" && ").filter(|part| !is_end(part)).collect();
            format!("{{ {} }}", rest.join(" && "))
        }
        (None, Some((rest, stage)))
            if self::inside(stage).is_some_and(|inside| inside.split(" && ").all(is_end)) =>
        {
            rest.to_owned()
        }
        _ => query.to_owned(),
    };
    if ends.is_empty() { query } else { and(&query, &ends.join(" && ")) }
}

/// The condition that an attribute has a value, both as an explanation names them. `None` where the
/// value may be only the beginning of what was sent.
pub fn has(name: &str, value: &str) -> Option<String> {
    if matches!(name, "kind" | "status") {
        return Some(format!("{name} = {value}"));
    }
    let name = attribute(name);
    let text = format!("{name} = {}", quote(value));
    // What reads as a number or as a truth value was sent as that or as text.
    let is_number =
        value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && super::text::number(value).is_some();
    let may_be_bare = is_number || matches!(value, "true" | "false");
    let condition = if may_be_bare { format!("({text} || {name} = {value})") } else { text };
    (value.len() < MOST_VALUE_BYTES).then_some(condition)
}

/// `span.KEY` or `resource.KEY` with quotes around a key that needs them.
fn attribute(name: &str) -> String {
    let Some((scope, key)) = name.split_once('.') else { return name.to_owned() };
    let is_plain = |c: char| c.is_alphanumeric() || "._-/:".contains(c);
    match key.chars().all(is_plain) && !key.starts_with(|c: char| c.is_ascii_digit()) {
        true => name.to_owned(),
        false => format!("{scope}.{}", quote(key)),
    }
}

/// What is between the braces of a query that is one filter.
fn inside(query: &str) -> Option<&str> {
    let inside = query.trim().strip_prefix('{')?.strip_suffix('}')?;
    let (mut quote, mut escaped) = (None, false);
    for c in inside.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '`') => quote = Some(c),
            (None, '{' | '}') => return None,
            _ => {}
        }
    }
    Some(inside.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> QueryString {
        QueryString::parse(text)
    }

    #[test]
    fn the_form_as_a_query() {
        assert_eq!(of_page(&page("from=now-1h")).unwrap(), "{ }");
        let fields = page("service=a%22b&status=error&min_duration=1s&max_duration=2.5s&operation=GET%20/");
        assert_eq!(
            of_page(&fields).unwrap(),
            r#"{ resource.service.name = "a\"b" && name = "GET /" && status = error && duration >= 1s && duration <= 2.5s }"#
        );
        assert_eq!(of_page(&page("query=%7B%7D&service=a")).unwrap(), "{}");
        assert_eq!(of_page(&page("q=user:5&service=a")), None);
    }

    #[test]
    fn what_an_explanation_selects() {
        let fields = page("service=a&min_duration=1s");
        assert_eq!(selected(&fields, true), r#"{ resource.service.name = "a" && duration >= 1s }"#);
        assert_eq!(selected(&fields, false), "{ duration >= 1s }");
        let query = page("operation=b&query=%7B%20x%20%7D");
        assert_eq!(selected(&query, true), r#"{ x && name = "b" }"#);
        assert_eq!(selected(&query, false), "{ x }");
    }

    #[test]
    fn what_can_be_explained() {
        assert_eq!(explained(&page("service=a&operation=b")), None);
        assert_eq!(explained(&page("status=error&q=user:5")), None);
        assert_eq!(explained(&page("query=%7B%7D")), Some(vec![("query", "{}".to_owned())]));
        let chosen = explained(&page("service=a&min_duration=1s")).unwrap();
        assert!(
            chosen.contains(&("service", "a".to_owned()))
                && chosen.contains(&("min_duration", "1s".to_owned()))
        );
    }

    #[test]
    fn conditions_are_added_where_they_hold_of_the_spans_found() {
        for (query, expect) in [
            ("{}", "{ x }"),
            ("{ a = 1 }", "{ a = 1 && x }"),
            ("{ a = 1 || b = 2 }", "{ (a = 1 || b = 2) && x }"),
            (r#"{ a = "}" }"#, r#"{ a = "}" && x }"#),
            (r#"{ a = "\"{" }"#, r#"{ a = "\"{" && x }"#),
            ("{ a } > { b }", "{ a } > { b } | { x }"),
            ("{ a } | count() > 2", "{ a } | count() > 2 | { x }"),
            ("({ a })", "({ a }) | { x }"),
        ] {
            assert_eq!(and(query, "x"), expect, "{query}");
        }
    }

    #[test]
    fn a_band_takes_the_place_of_the_one_before() {
        assert_eq!(within("{ }", "1s", "2s"), "{ duration >= 1s && duration <= 2s }");
        let within_a = within("{ a && duration >= 1s && duration <= 5s }", "2s", "3s");
        assert_eq!(within_a, "{ a && duration >= 2s && duration <= 3s }");
        assert_eq!(
            within("{ a || duration >= 1s }", "2s", ""),
            "{ (a || duration >= 1s) && duration >= 2s }"
        );
        let piped = within("{ a } > { b }", "2s", "3s");
        assert_eq!(piped, "{ a } > { b } | { duration >= 2s && duration <= 3s }");
        assert_eq!(within(&piped, "", "1s"), "{ a } > { b } | { duration <= 1s }");
    }

    #[test]
    fn values_of_any_kind() {
        assert_eq!(has("name", "GET /").unwrap(), r#"name = "GET /""#);
        assert_eq!(has("status", "error").unwrap(), "status = error");
        assert_eq!(has("span.retry", "true").unwrap(), r#"(span.retry = "true" || span.retry = true)"#);
        assert_eq!(has("span.n", "-5").unwrap(), r#"(span.n = "-5" || span.n = -5)"#);
        assert_eq!(has("span.n", "nan").unwrap(), r#"span.n = "nan""#);
        assert_eq!(has("resource.a b", "x").unwrap(), r#"resource."a b" = "x""#);
        assert_eq!(has("span.long", &"x".repeat(300)), None);
    }
}
