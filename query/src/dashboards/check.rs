//! Whether a dashboard can be used; what is wrong is told with the field that it is about.

use crate::logs::language::{self, SyntaxError};
use crate::logs::logql;
use crate::promql;
use crate::traces::traceql;
use crate::{Error, logs};
use ocelli_api::UnixNano;
use ocelli_api::dashboards::interpolate::{Chosen, Syntax, Values, built_in, interpolate};
use ocelli_api::dashboards::limits::*;
use ocelli_api::dashboards::{
    ALL, COLUMNS, Dashboard, Grid, Panel, PanelKind, PanelQuery, QueryLanguage, Variable, VariableKind,
};
use ocelli_api::time_range::parse_time;
use std::collections::BTreeSet;

type Checked = Result<(), Error>;

fn wrong(field: impl AsRef<str>, why: impl Into<String>) -> Error {
    Error::bad_parameter(field.as_ref(), why)
}

/// The first thing that is wrong, as [`Error::BadParameter`].
pub fn check(dashboard: &Dashboard) -> Checked {
    if dashboard.title.trim().is_empty() {
        return Err(wrong("title", "is missing"));
    }
    name("title", &dashboard.title)?;
    bounded("tags", dashboard.tags.len(), MAX_TAGS)?;
    for (number, tag) in dashboard.tags.iter().enumerate() {
        let field = format!("tags[{number}]");
        name(&field, tag)?;
        if tag.trim().is_empty() {
            return Err(wrong(field, "is empty"));
        }
    }
    for (field, text) in [("from", &dashboard.from), ("to", &dashboard.to)] {
        if !text.is_empty() {
            parse_time(text, UnixNano(0)).map_err(|why| wrong(field, why))?;
        }
    }
    duration("refresh", &dashboard.refresh)?;
    bounded("variables", dashboard.variables.len(), MAX_VARIABLES)?;
    bounded("panels", dashboard.panels.len(), MAX_PANELS)?;
    let mut names = BTreeSet::new();
    for (number, variable) in dashboard.variables.iter().enumerate() {
        let field = format!("variables[{number}]");
        check_variable(&field, variable)?;
        if !names.insert(&variable.name) {
            return Err(wrong(format!("{field}.name"), format!("there are two of ${}", variable.name)));
        }
    }
    let values = stand_ins(&dashboard.variables);
    for (number, variable) in dashboard.variables.iter().enumerate() {
        let field = format!("variables[{number}].selector");
        if variable.kind == VariableKind::LabelValues && !variable.selector.trim().is_empty() {
            any_of(&values, |values| {
                let text = interpolate(&variable.selector, Syntax::PromQl, values)?;
                promql::parse_selector(&text).map(drop).map_err(|why| why.to_string())
            })
            .map_err(|why| wrong(field, why))?;
        }
    }
    for (number, panel) in dashboard.panels.iter().enumerate() {
        check_panel(&format!("panels[{number}]"), panel, &values)?;
    }
    let bytes = serde_json::to_vec(dashboard).map_err(Error::internal)?.len();
    if bytes > MAX_BYTES {
        return Err(Error::LimitExceeded(format!(
            "the dashboard has {bytes} bytes; {MAX_BYTES} is the limit"
        )));
    }
    Ok(())
}

fn name(field: &str, text: &str) -> Checked {
    let length = text.chars().count();
    if length > MAX_NAME_CHARS {
        return Err(wrong(field, format!("has {length} characters; {MAX_NAME_CHARS} is the limit")));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong(field, "has a line break or another control character"));
    }
    Ok(())
}

fn bounded(field: &str, found: usize, limit: usize) -> Checked {
    if found > limit {
        return Err(wrong(field, format!("has {found} entries; {limit} is the limit")));
    }
    Ok(())
}

fn duration(field: &str, text: &str) -> Checked {
    if !text.is_empty() && promql::duration_ms(text).is_none_or(|ms| ms < 1_000) {
        return Err(wrong(field, format!("{text:?} is not a duration of a second or more, as 30s or 5m")));
    }
    Ok(())
}

fn check_variable(field: &str, variable: &Variable) -> Checked {
    let of = |part: &str| format!("{field}.{part}");
    name(&of("name"), &variable.name)?;
    name(&of("title"), &variable.title)?;
    let mut signs = variable.name.chars();
    let is_word = signs.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && signs.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_word || variable.name.starts_with("__") {
        let why = format!(
            "{:?} is not a word of letters, digits and _ that begins with one _ at most",
            variable.name
        );
        return Err(wrong(of("name"), why));
    }
    bounded(&of("options"), variable.options.len(), MAX_OPTIONS)?;
    bounded(&of("default"), variable.default.len(), MAX_OPTIONS)?;
    match variable.kind {
        VariableKind::LabelValues if variable.label.is_empty() => Err(wrong(of("label"), "is missing")),
        VariableKind::Operations if variable.service.is_empty() => Err(wrong(of("service"), "is missing")),
        VariableKind::Custom | VariableKind::Interval if variable.options.is_empty() => {
            Err(wrong(of("options"), "has no value to choose"))
        }
        VariableKind::Interval => {
            let mut options = variable.options.iter().enumerate();
            options.try_for_each(|(number, text)| duration(&format!("{field}.options[{number}]"), text))
        }
        _ => Ok(()),
    }
}

/// Values in the place of those that nobody has chosen yet: for names, and for numbers.
pub(crate) fn stand_ins(variables: &[Variable]) -> [Values; 2] {
    ["x", "1"].map(|unknown| {
        let mut values = built_in(3_600_000, 15_000, 3_600_000);
        for variable in variables {
            let known = variable.default.iter().chain(&variable.options).find(|value| *value != ALL);
            let value = known.map_or(unknown, String::as_str);
            values.insert(variable.name.clone(), Chosen::one(value));
        }
        values
    })
}

/// Nothing is wrong for some of the stand-ins; else what is for the first.
fn any_of(values: &[Values; 2], check: impl Fn(&Values) -> Result<(), String>) -> Result<(), String> {
    check(&values[0]).or_else(|why| check(&values[1]).map_err(|_| why))
}

fn check_panel(field: &str, panel: &Panel, values: &[Values; 2]) -> Checked {
    name(&format!("{field}.title"), &panel.title)?;
    name(&format!("{field}.unit"), &panel.unit)?;
    let Grid { x, y, w, h } = panel.grid;
    let place = |part: &str, why: String| Err(wrong(format!("{field}.grid.{part}"), why));
    if w == 0 || w > COLUMNS || x > COLUMNS - w {
        return place(
            "w",
            format!("columns {x} to {} are not on the grid of {COLUMNS}", x.saturating_add(w)),
        );
    }
    if h == 0 || h > MAX_HEIGHT {
        return place("h", format!("{h} rows are not from 1 to {MAX_HEIGHT}"));
    }
    if y > MAX_ROWS {
        return place("y", format!("row {y} is below the last one, {MAX_ROWS}"));
    }
    bounded(&format!("{field}.queries"), panel.queries.len(), MAX_QUERIES)?;
    bounded(&format!("{field}.thresholds"), panel.thresholds.len(), MAX_THRESHOLDS)?;
    if panel.decimals.is_some_and(|decimals| decimals > 10) {
        return Err(wrong(format!("{field}.decimals"), "is above 10"));
    }
    // An absent value is below every other.
    if panel.thresholds.windows(2).any(|two| two[0].value >= two[1].value) {
        return Err(wrong(format!("{field}.thresholds"), "are not ascending"));
    }
    for (number, query) in panel.queries.iter().enumerate() {
        let field = format!("{field}.queries[{number}].expr");
        any_of(values, |values| check_query(panel.kind, query, values)).map_err(|why| wrong(field, why))?;
    }
    Ok(())
}

/// Whether a panel of a kind can show a query; the message is the parser's.
pub fn check_query(kind: PanelKind, query: &PanelQuery, values: &Values) -> Result<(), String> {
    let syntax = match query.language {
        QueryLanguage::PromQl => Syntax::PromQl,
        QueryLanguage::Logs => Syntax::Logs,
        QueryLanguage::LogQl => Syntax::LogQl,
        QueryLanguage::TraceQl => Syntax::TraceQl,
        QueryLanguage::Red => Syntax::Text,
    };
    if query.expr.trim().is_empty() && query.language != QueryLanguage::Logs {
        return Err("is missing".to_owned());
    }
    let text = interpolate(&query.expr, syntax, values)?;
    let gives = given(query.language, &text)?;
    let takes = match kind {
        PanelKind::Text => "nothing",
        PanelKind::Logs => "records",
        PanelKind::Traces => "traces",
        _ => "figures",
    };
    if gives != takes {
        return Err(format!("gives {gives}, and the panel shows {takes}"));
    }
    Ok(())
}

/// What a query gives: figures, records or traces.
fn given(language: QueryLanguage, text: &str) -> Result<&'static str, String> {
    let placed = |error: SyntaxError| format!("{} (at byte {})", error.message, error.offset);
    match language {
        QueryLanguage::PromQl => match promql::value_type(text) {
            Ok(promql::ValueType::Vector | promql::ValueType::Scalar) => Ok("figures"),
            Ok(other) => {
                Err(format!("gives a {}, and the panel shows an instant vector over time", other.name()))
            }
            Err(error) => Err(error.to_string()),
        },
        QueryLanguage::Logs => {
            let (filter, pipes) = language::split(text);
            let filter = language::parse(filter).map_err(placed)?;
            logs::filter_of(&filter).map_err(|why| why.to_string())?;
            if pipes.is_empty() {
                return Ok("records");
            }
            logs::stats::parse(&pipes).map_err(placed).map(|_| "figures")
        }
        QueryLanguage::LogQl => match logql::parse(text).map_err(placed)? {
            logql::ast::Query::Logs(_) => Ok("records"),
            logql::ast::Query::Metric(_) => Ok("figures"),
        },
        QueryLanguage::TraceQl => {
            let query = traceql::parse(text).map_err(placed)?;
            Ok(if query.metrics.is_some() { "figures" } else { "traces" })
        }
        QueryLanguage::Red => Ok("figures"),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
