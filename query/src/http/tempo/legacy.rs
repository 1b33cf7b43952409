//! The search that was there before TraceQL: tags in logfmt, and bounds of the trace's duration.

use super::super::params::Params;
use crate::Error;
use crate::traces::duration;
use std::fmt::Write;

const MAX_TAGS: usize = 64;

/// As a query: all tags hold on one span, texts as parts of a value in any case.
pub fn query(params: &Params) -> Result<String, Error> {
    let mut tests = Vec::new();
    let (low, high) = (length(params, "minDuration")?, length(params, "maxDuration")?);
    if let (Some(low), Some(high)) = (low, high)
        && high < low
    {
        return Err(Error::bad_parameter("maxDuration", "must be greater than minDuration"));
    }
    tests.extend(low.map(|ns| format!("traceDuration >= {ns}ns")));
    tests.extend(high.map(|ns| format!("traceDuration <= {ns}ns")));
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in tags(params.get("tags").unwrap_or_default())? {
        if seen.contains(&key) {
            return Err(Error::bad_parameter("tags", format!("tag {key} has been set twice")));
        }
        tests.push(test(&key, &value));
        seen.push(key);
    }
    if seen.len() > MAX_TAGS {
        return Err(Error::bad_parameter("tags", format!("{} tags; {MAX_TAGS} is the limit", seen.len())));
    }
    Ok(format!("{{ {} }}", tests.join(" && ")))
}

fn length(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let wrong = || Error::bad_parameter(name, format!("'{text}' {}", duration::FORM));
    duration::parse(text).map(Some).ok_or_else(wrong)
}

fn test(key: &str, value: &str) -> String {
    let part = format!("=~ {}", quoted(&format!("(?is).*{}.*", regex::escape(value))));
    match (key, value) {
        ("error", "true") | ("status.code" | "status", "error") => return "status = error".to_owned(),
        ("status.code" | "status", "ok" | "unset") => return format!("status = {value}"),
        ("name", _) => return format!("name {part}"),
        ("root.name", _) => return format!("rootName {part}"),
        ("root.service.name", _) => return format!("rootServiceName {part}"),
        _ => {}
    }
    let attribute = format!(".{}", quoted(key));
    let literal = value.parse::<bool>().is_ok()
        || value.parse::<i64>().is_ok_and(|number| number.to_string() == value)
        || value
            .parse::<f64>()
            .is_ok_and(|number| number.is_finite() && value.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    match literal {
        true => format!("({attribute} {part} || {attribute} = {value})"),
        false => format!("{attribute} {part}"),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                let _ = write!(out, "\\{c}");
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// `key=value key2="two words"`; a key alone has no value.
fn tags(text: &str) -> Result<Vec<(String, String)>, Error> {
    let mut tags = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if key.is_empty() || key.contains('"') {
            let at = text.len() - rest.len();
            return Err(Error::bad_parameter("tags", format!("a key was expected at pos {}", at + 1)));
        }
        let Some(after) = after.strip_prefix('=') else {
            tags.push((key.to_owned(), String::new()));
            rest = after.trim_start();
            continue;
        };
        let (value, after) = value(after).ok_or_else(|| {
            Error::bad_parameter("tags", format!("the quoted value of '{key}' is not closed"))
        })?;
        tags.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(tags)
}

/// A bare or a quoted value, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let (mut value, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::traceql;

    fn of(parameters: &str) -> String {
        query(&Params::parse(parameters.as_bytes())).unwrap()
    }

    #[test]
    fn tags_become_traceql() {
        let both = of("tags=service.name%3Dcart+http.status_code%3D500&minDuration=1s");
        assert_eq!(
            both,
            "{ traceDuration >= 1000000000ns && .\"service.name\" =~ \"(?is).*cart.*\" && \
             (.\"http.status_code\" =~ \"(?is).*500.*\" || .\"http.status_code\" = 500) }"
        );
        let quoted = of("tags=a%3D%22x+%5C%22y%5C%22.%22+error%3Dtrue+root.name%3Dr");
        assert_eq!(
            quoted,
            r#"{ ."a" =~ "(?is).*x \"y\"\\..*" && status = error && rootName =~ "(?is).*r.*" }"#
        );
        for text in [both, quoted, of("tags=f%3Dtrue+g%3D1.5+h"), of("")] {
            traceql::parse(&text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
        }
    }

    #[test]
    fn mistakes() {
        let wrong = |parameters: &str| query(&Params::parse(parameters.as_bytes())).unwrap_err().to_string();
        assert_eq!(wrong("tags=a%3D1+a%3D2"), "tags: tag a has been set twice");
        assert_eq!(wrong("tags=a%3D%22x"), "tags: the quoted value of 'a' is not closed");
        assert_eq!(wrong("tags=a%3D1+%3D2"), "tags: a key was expected at pos 5");
        assert_eq!(wrong("minDuration=2s&maxDuration=1s"), "maxDuration: must be greater than minDuration");
    }
}
