//! A panel of Grafana's as ours, with the queries that can be asked here.

use super::sources::Sources;
use super::{Notes, layout, line, list, looks, text};
use crate::dashboards::check::{check_query, stand_ins};
use ocelli_api::dashboards::interpolate::{Values, with_format};
use ocelli_api::dashboards::limits::MAX_QUERIES;
use ocelli_api::dashboards::{Panel, PanelKind, PanelQuery, QueryLanguage, Variable, VariableKind};
use serde_json::Value;

pub struct Reader<'a> {
    variables: &'a [Variable],
    sources: &'a Sources,
    values: [Values; 2],
}

/// A row as the line above what is in it.
pub fn heading(row: &Value, notes: &mut Notes) -> Panel {
    let title = line(text(&row["title"]));
    repeated(&title, row, notes);
    Panel { title, kind: PanelKind::Text, ..Panel::default() }
}

fn repeated(title: &str, panel: &Value, notes: &mut Notes) {
    let repeat = text(&panel["repeat"]);
    if !repeat.is_empty() {
        notes.add(
            title,
            format!("it is repeated for each ${repeat} there; here it is once, for all that are chosen"),
        );
    }
}

/// The kind that shows the same, and what is lost.
fn kind(panel: &Value) -> Result<(PanelKind, Option<&'static str>), String> {
    Ok(match text(&panel["type"]) {
        "graph" | "timeseries" | "trend" => (PanelKind::TimeSeries, None),
        "state-timeline" | "status-history" => (PanelKind::TimeSeries, Some("states are shown as lines")),
        "singlestat" | "stat" => (PanelKind::Stat, None),
        "gauge" => (PanelKind::Stat, Some("a gauge is shown as its number")),
        "bargauge" | "barchart" => (PanelKind::Bar, None),
        "piechart" | "grafana-piechart-panel" => (PanelKind::Bar, Some("a pie is shown as bars")),
        "table" | "table-old" => (PanelKind::Table, None),
        "heatmap" => (PanelKind::Heatmap, None),
        "logs" => (PanelKind::Logs, None),
        "traces" => (PanelKind::Traces, None),
        "text" => (PanelKind::Text, None),
        "" if panel.get("libraryPanel").is_some() => return Err(LIBRARY.to_owned()),
        other => return Err(format!("panels of the type {other} are not known here")),
    })
}

const LIBRARY: &str = "it is a library panel, whose content is not in the file";

impl<'a> Reader<'a> {
    pub fn new(variables: &'a [Variable], sources: &'a Sources) -> Reader<'a> {
        Reader { variables, sources, values: stand_ins(variables) }
    }

    /// None where it can't be shown; then the notes say why.
    pub fn panel(&self, from: &Value, notes: &mut Notes) -> Option<Panel> {
        let title = line(text(&from["title"]));
        let place = if title.is_empty() { format!("a panel {}", text(&from["type"])) } else { title.clone() };
        let (kind, lost) = kind(from).map_err(|why| notes.add(&place, why)).ok()?;
        let mut panel =
            Panel { title, kind, description: text(&from["description"]).to_owned(), ..Panel::default() };
        panel.grid = layout::span(from);
        if kind == PanelKind::Text {
            return written(panel, from, &place, notes);
        }
        if let Some(lost) = lost {
            notes.add(&place, lost);
        }
        looks::dress(&mut panel, from);
        for target in list(&from["targets"]).filter(|target| target["hide"] != true) {
            if panel.queries.len() == MAX_QUERIES {
                notes.add(&place, format!("more than {MAX_QUERIES} queries are not kept"));
                break;
            }
            match self.query(kind, from, target) {
                Ok(query) => panel.queries.push(query),
                Err(why) => notes.add(&place, format!("query {}: {why}", text(&target["refId"]))),
            }
        }
        if panel.queries.is_empty() {
            notes.add(&place, "the panel: no query of it can be asked here");
            return None;
        }
        repeated(&place, from, notes);
        for (lost, name) in [
            ("/transformations", "transformations"),
            ("/fieldConfig/overrides", "overrides"),
            ("/fieldConfig/defaults/mappings", "value mappings"),
            ("/seriesOverrides", "overrides"),
        ] {
            if from.pointer(lost).and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
                notes.add(&place, format!("its {name} are not applied"));
            }
        }
        if from.get("alert").is_some() {
            notes.add(&place, "its alert: rules are kept in files");
        }
        Some(panel)
    }

    fn query(&self, kind: PanelKind, panel: &Value, target: &Value) -> Result<PanelQuery, String> {
        let language = self.sources.language(panel, target)?;
        let expr = match language {
            QueryLanguage::TraceQl => text(&target["query"]),
            _ => text(&target["expr"]),
        };
        if expr.trim().is_empty() {
            return Err("it has no text".to_owned());
        }
        let legend = text(&target["legendFormat"]);
        let query = PanelQuery {
            language,
            expr: with_format(expr, "raw", |name| self.is_taken_as_it_is(name)),
            legend: if legend == "__auto" { String::new() } else { legend.to_owned() },
            instant: target["instant"] == true || target["queryType"] == "instant",
            ..PanelQuery::default()
        };
        let [names, numbers] = &self.values;
        check_query(kind, &query, names)
            .or_else(|why| check_query(kind, &query, numbers).map_err(|_| why))?;
        Ok(query)
    }

    /// Grafana puts a value that is chosen alone into a pattern as it is. Those that somebody wrote may be patterns.
    fn is_taken_as_it_is(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| {
            let is_written = matches!(variable.kind, VariableKind::Custom | VariableKind::Text);
            variable.name == name && is_written && !variable.multi && !variable.include_all
        })
    }
}

fn written(panel: Panel, from: &Value, place: &str, notes: &mut Notes) -> Option<Panel> {
    let options = &from["options"];
    let of = |name: &str| if options[name].is_string() { text(&options[name]) } else { text(&from[name]) };
    if of("mode") == "html" {
        notes.add(place, "HTML is not shown");
        return None;
    }
    Some(Panel { text: of("content").to_owned(), ..panel })
}
