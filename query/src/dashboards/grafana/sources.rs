//! Which kind of data source a panel asks. Names and ids mean nothing here; types do.

use super::{list, text};
use ocelli_api::dashboards::QueryLanguage;
use serde_json::Value;
use std::collections::BTreeMap;

/// The type of the data source behind a name: of `__inputs`, and of variables of that kind.
pub struct Sources(BTreeMap<String, String>);

/// The document with the constants of `__inputs` in their places.
pub fn with_inputs(document: &Value) -> Value {
    let constants: Vec<(String, &str)> = list(&document["__inputs"])
        .filter(|input| input["type"] == "constant")
        .map(|input| (format!("${{{}}}", text(&input["name"])), text(&input["value"])))
        .collect();
    let mut document = document.clone();
    if !constants.is_empty() {
        replace(&mut document, &constants);
    }
    document
}

fn replace(value: &mut Value, constants: &[(String, &str)]) {
    match value {
        Value::String(text) => {
            for (name, constant) in constants {
                if text.contains(name.as_str()) {
                    *text = text.replace(name, constant);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, constants)),
        Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, constants)),
        _ => {}
    }
}

impl Sources {
    pub fn of(document: &Value) -> Sources {
        let inputs = list(&document["__inputs"]).map(|input| (&input["name"], &input["pluginId"]));
        let variables =
            list(&document["templating"]["list"]).filter(|variable| variable["type"] == "datasource");
        let variables = variables.map(|variable| (&variable["name"], &variable["query"]));
        let named =
            inputs.chain(variables).map(|(name, kind)| (text(name).to_owned(), text(kind).to_owned()));
        Sources(named.filter(|(_, kind)| !kind.is_empty()).collect())
    }

    /// The language of a query, or why there is none. What does not say its source is Prometheus', unless it looks
    /// like another's.
    pub fn language(&self, panel: &Value, target: &Value) -> Result<QueryLanguage, String> {
        let kind = self.kind(&target["datasource"]).or_else(|| self.kind(&panel["datasource"]));
        let kind = kind.unwrap_or_else(|| guessed(panel, target).to_owned());
        match kind.as_str() {
            "prometheus" | "grafana-amazonprometheus-datasource" | "victoriametrics-metrics-datasource" => {
                Ok(QueryLanguage::PromQl)
            }
            "loki" => Ok(QueryLanguage::LogQl),
            "tempo" => Ok(QueryLanguage::TraceQl),
            other => Err(format!(
                "its data source is {other}; queries of Prometheus, Loki and Tempo are understood"
            )),
        }
    }

    fn kind(&self, source: &Value) -> Option<String> {
        if let Some(kind) = source["type"].as_str().filter(|kind| *kind != "datasource") {
            return Some(kind.to_owned());
        }
        let name = source.as_str().or_else(|| source["uid"].as_str())?;
        let bare = name.trim_start_matches("${").trim_start_matches('$').trim_end_matches('}');
        if let Some(kind) = self.0.get(bare) {
            return Some(kind.clone());
        }
        let lower = name.to_lowercase();
        ["prometheus", "loki", "tempo"].into_iter().find(|kind| lower.contains(kind)).map(str::to_owned)
    }
}

fn guessed(panel: &Value, target: &Value) -> &'static str {
    if panel["type"] == "logs" {
        "loki"
    } else if target["queryType"] == "traceql" || panel["type"] == "traces" {
        "tempo"
    } else {
        "prometheus"
    }
}
