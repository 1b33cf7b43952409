//! What the server counts over the records that a query finds: `… | stats count() by (service)`.

use crate::client::Fetched;
use crate::components::log_records::Hints;
use crate::components::moment::Moment;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::format;
use crate::view::text::{fixed, shortest};
use ocelli_api::UnixNano;
use ocelli_api::logs::{LogStatsResponse, StatsColumn, StatsKind};
use serde_json::Value;

#[component]
pub fn Figures(figures: Fetched<LogStatsResponse>) -> impl IntoView {
    let table = move || {
        let answer = figures.get()?;
        let heads = answer.columns.iter().map(|column| {
            let about = column.approximate.then_some("about");
            view! { <th scope="col" title=about>{column.approximate.then_some("≈ ")}{column.name.clone()}</th> }
        });
        let row = |row: &Vec<Value>| {
            let cells =
                row.iter().zip(&answer.columns).map(|(value, column)| cell(value, column)).collect_view();
            view! { <tr>{cells}</tr> }
        };
        let other = answer.other.as_ref().map(|other| {
            view! { <p class="hint">{format::plural(other.groups, "more group is", "more groups are")}" not shown, with "{format::plural(other.records, "record", "records")}"."</p> }
        });
        let hints = answer.hints.clone().map(|hints| view! { <Hints hints/> });
        Some(view! {
            <div class="scroll" tabindex="0"><table class="data" data-testid="log-figures">
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{answer.rows.iter().map(row).collect_view()}</tbody>
            </table></div>
            {other}{hints}
        })
    };
    view! { {dynamic(table)} }
}

fn cell(value: &Value, column: &StatsColumn) -> AnyView {
    match (column.kind, value) {
        (_, Value::Null) => view! { <td class="hint">"none"</td> }.into_any(),
        (StatsKind::Time, Value::String(text)) => match text.parse() {
            Ok(at) => view! { <td><Moment at=UnixNano(at)/></td> }.into_any(),
            Err(_) => view! { <td>{text.clone()}</td> }.into_any(),
        },
        (StatsKind::Field, Value::String(text)) => {
            view! { <td class="clip">{format::clip(text, 512).0.to_owned()}</td> }.into_any()
        }
        (_, value) => view! { <td class="num">{number(value)}</td> }.into_any(),
    }
}

/// Whole numbers as they are, others with four digits behind the point at most.
fn number(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if number.fract() != 0.0 => {
            let text = fixed(number, 4);
            text.trim_end_matches('0').to_owned()
        }
        Some(number) => shortest(number),
        None => value.as_str().unwrap_or("…").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [5.0, 0.5, 1.0 / 3.0, 1e9].map(|number| super::number(&Value::from(number)));
        assert_eq!(texts, ["5", "0.5", "0.3333", "1000000000"]);
    }
}
