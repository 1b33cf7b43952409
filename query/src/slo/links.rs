//! The pages on which the bad events of an objective are seen. Paths, without the server's address.

use super::model::{Counted, Indicator, Slo};
use crate::rules::Language;
use form_urlencoded::byte_serialize;

pub fn slo(id: &str) -> String {
    format!("/slos/{}", segment(id))
}

/// `%20` where a form would have `+`.
fn segment(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn value(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A text as TraceQL quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// TraceQL for the bad spans; none where it is about no spans and no service.
pub fn bad_spans(slo: &Slo) -> Option<String> {
    if let Indicator::Ratio { counted: Counted::Bad(bad), .. } = &slo.indicator
        && bad.language == Language::TraceQl
    {
        return bad.expr.split('|').next().map(|spans| spans.trim().to_owned());
    }
    let mut terms = spans_of(slo)?;
    terms.push(match &slo.indicator {
        Indicator::Latency { under_ms, .. } => format!("duration > {under_ms}ms"),
        _ => "status = error".to_owned(),
    });
    Some(format!("{{ {} }}", terms.join(" && ")))
}

/// TraceQL for all of the spans.
pub fn all_spans(slo: &Slo) -> Option<String> {
    spans_of(slo).map(|terms| format!("{{ {} }}", terms.join(" && ")))
}

/// Terms for all of the spans that an objective is about, or that its service has.
fn spans_of(slo: &Slo) -> Option<Vec<String>> {
    let service = |name: &str| format!("resource.service.name = {}", quoted(name));
    let Some(spans) = slo.indicator.spans() else {
        return (!slo.service.is_empty()).then(|| vec![service(&slo.service)]);
    };
    let mut terms = vec![service(&spans.service)];
    terms.extend(spans.operation.iter().map(|name| format!("name = {}", quoted(name))));
    let kind = |kind: &&str| format!("kind = {}", kind.trim_start_matches("SPAN_KIND_").to_lowercase());
    match spans.kinds.iter().map(kind).collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => terms.push(one.clone()),
        several => terms.push(format!("({})", several.join(" || "))),
    }
    Some(terms)
}

/// The traces of bad events. `from` and `to` are as the page takes them.
pub fn traces(slo: &Slo, from: &str, to: &str) -> String {
    let query = bad_spans(slo).map(|query| format!("query={}&", value(&query))).unwrap_or_default();
    format!("/traces?{query}from={from}&to={to}")
}

/// The same for one value of a dimension; the empty one stands for spans without the attribute.
pub fn traces_of(slo: &Slo, field: &str, of: &str, from: &str, to: &str) -> String {
    let Some(query) = bad_spans(slo) else { return traces(slo, from, to) };
    let inner = query.trim_start_matches('{').trim_end_matches('}').trim();
    let is_number = field.ends_with("status_code") && of.parse::<i64>().is_ok();
    let of = match of {
        "" => "nil".to_owned(),
        // A text and a number are never equal.
        number if is_number => number.to_owned(),
        text => quoted(text),
    };
    let query = format!("{{ {inner} && {field} = {of} }}");
    format!("/traces?query={}&from={from}&to={to}", value(&query))
}

/// The service's logs; of calls that failed those that say so.
pub fn logs(slo: &Slo, from: &str, to: &str) -> String {
    let service = slo.indicator.spans().map_or(&slo.service, |spans| &spans.service);
    let level = match &slo.indicator {
        Indicator::Availability(_) => " level:(warn OR error OR fatal)",
        _ => "",
    };
    let query = match service.is_empty() {
        true => String::new(),
        false => format!("q={}&", value(&format!("service:{}{level}", quoted(service)))),
    };
    format!("/logs?{query}from={from}&to={to}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logs_of_failed_calls_are_those_that_say_so() {
        let query = |slo: &str| {
            let slo = crate::slo::parse("s.yml", &format!("slos: [{{name: a, objective: 99, {slo}}}]"))
                .unwrap()
                .remove(0);
            let url = logs(&slo, "1", "2");
            let query = form_urlencoded::parse(url.trim_start_matches("/logs?").as_bytes()).next().unwrap().1;
            crate::logs::language::parse(&query).unwrap();
            query.into_owned()
        };
        let failed = "service:\"s\" level:(warn OR error OR fatal)";
        assert_eq!(query("availability: {service: s}"), failed);
        assert_eq!(query("latency: {service: s, under: 300ms}"), "service:\"s\"");
    }

    #[test]
    fn values_are_asked_for_as_what_they_are() {
        let text = "slos: [{name: a, objective: 99, availability: {service: s, kind: server}}]";
        let slo = crate::slo::parse("s.yml", text).unwrap().remove(0);
        let check = |field: &str, of: &str, expect: &str| {
            let url = traces_of(&slo, field, of, "1", "2");
            let query =
                form_urlencoded::parse(url.trim_start_matches("/traces?").as_bytes()).next().unwrap().1;
            crate::traces::traceql::parse(&query).unwrap();
            assert!(query.ends_with(&format!(" && {field} = {expect} }}")), "{query}");
        };
        check("resource.service.version", "", "nil");
        check("resource.service.version", "1", "\"1\"");
        check("span.http.response.status_code", "500", "500");
    }
}
