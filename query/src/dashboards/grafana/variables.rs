//! Grafana's `templating` as variables.

use super::{Notes, line, list, text};
use ocelli_api::dashboards::limits::{MAX_OPTIONS, MAX_VARIABLES};
use ocelli_api::dashboards::{ALL, Variable, VariableKind};
use serde_json::Value;

pub fn variables(document: &Value, notes: &mut Notes) -> Vec<Variable> {
    let mut found = Vec::new();
    for one in list(&document["templating"]["list"]) {
        let place = format!("variable {}", text(&one["name"]));
        if found.len() == MAX_VARIABLES {
            notes.add(&place, format!("more than {MAX_VARIABLES} variables are not kept"));
            continue;
        }
        match variable(one) {
            Ok(variable) => found.push(variable),
            Err(why) => notes.add(&place, why),
        }
    }
    found
}

fn variable(one: &Value) -> Result<Variable, String> {
    let common = Variable {
        name: text(&one["name"]).to_owned(),
        title: line(text(&one["label"])),
        multi: one["multi"] == true,
        include_all: one["includeAll"] == true,
        all_value: text(&one["allValue"]).to_owned(),
        default: current(one),
        hidden: one["hide"] == 2,
        ..Variable::default()
    };
    match text(&one["type"]) {
        "query" => asked(one, common),
        "custom" => {
            let options = options(text(&one["query"]), one);
            if options.is_empty() {
                return Err("it has no values".to_owned());
            }
            Ok(Variable { kind: VariableKind::Custom, options, ..common })
        }
        "constant" => {
            let options = vec![text(&one["query"]).to_owned()];
            Ok(Variable { kind: VariableKind::Custom, options, hidden: true, default: Vec::new(), ..common })
        }
        "textbox" => {
            let first = text(&one["query"]);
            let default =
                if common.default.is_empty() { vec![first.to_owned()] } else { common.default.clone() };
            Ok(Variable { kind: VariableKind::Text, default, ..common })
        }
        "interval" => {
            let mut options = options(text(&one["query"]), one);
            options.retain(|option| crate::promql::duration_ms(option).is_some_and(|ms| ms >= 1_000));
            if options.is_empty() {
                return Err("it has no durations".to_owned());
            }
            let default = common.default.iter().filter(|value| options.contains(value)).cloned().collect();
            Ok(Variable { kind: VariableKind::Interval, options, default, ..common })
        }
        "datasource" => Err("there is one source of data here".to_owned()),
        "adhoc" => Err("filters that are put into every query are not known here".to_owned()),
        other => Err(format!("variables of the type {other} are not known here")),
    }
}

/// One whose values a data source is asked for. What is chosen elsewhere means nothing here, but for `All`.
fn asked(one: &Value, common: Variable) -> Result<Variable, String> {
    let query = &one["query"];
    let query =
        query.as_str().or_else(|| query["query"].as_str()).unwrap_or_else(|| text(&one["definition"])).trim();
    if query.is_empty() {
        return Err("its query is not one of Prometheus".to_owned());
    }
    let (function, inside) = query.split_once('(').ok_or_else(|| format!("{query:?} is not known here"))?;
    let inside = inside.trim_end().strip_suffix(')').ok_or_else(|| format!("{query:?} is not closed"))?;
    match function.trim() {
        "label_values" => {}
        known @ ("query_result" | "metrics" | "label_names") => {
            return Err(format!(
                "{known}() is not known here: values can be those of a label, services and operations"
            ));
        }
        other => return Err(format!("{other}() is not known here")),
    }
    let (selector, label) = inside.rsplit_once(',').unwrap_or(("", inside));
    let label = label.trim().trim_matches('"');
    let is_label =
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
    if !is_label {
        return Err(format!("{label:?} is not the name of a label"));
    }
    Ok(Variable {
        kind: VariableKind::LabelValues,
        selector: selector.trim().to_owned(),
        label: label.to_owned(),
        regex: bare_regex(text(&one["regex"])).to_owned(),
        default: common.default.iter().filter(|value| *value == ALL).cloned().collect(),
        ..common
    })
}

/// `/pattern/` without its slashes.
fn bare_regex(text: &str) -> &str {
    let inside = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')).map(|(inside, _)| inside);
    inside.unwrap_or(text)
}

fn current(one: &Value) -> Vec<String> {
    let value = &one["current"]["value"];
    let values: Vec<&str> =
        value.as_str().map_or_else(|| list(value).filter_map(Value::as_str).collect(), |one| vec![one]);
    values.into_iter().filter(|value| !value.is_empty()).take(MAX_OPTIONS).map(str::to_owned).collect()
}

/// `a, b, name : value`: with the values only; a comma in a value has a backslash before it.
fn options(query: &str, one: &Value) -> Vec<String> {
    // What a comma with a backslash is meanwhile.
    let parts = query.replace("\\,", "\0");
    let parts = parts.split(',').map(|part| part.replace('\0', ","));
    let value = |part: &str| part.split_once(" : ").map_or(part, |(_, value)| value).trim().to_owned();
    let mut found: Vec<String> = parts.map(|part| value(&part)).filter(|part| !part.is_empty()).collect();
    if found.is_empty() {
        let values = list(&one["options"]).map(|option| text(&option["value"]));
        found = values.filter(|value| !value.is_empty() && *value != ALL).map(str::to_owned).collect();
    }
    found.truncate(MAX_OPTIONS);
    found
}
