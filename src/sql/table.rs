//! Rows below each other, for people.

use crate::logs::escape;
use ocelli_api::sql::SqlResponse;
use serde_json::Value;
use std::fmt::Write;

/// A header, a line, the rows. Numbers stand to the right; control characters are written as escapes: what a
/// program logged must not speak to the terminal.
pub fn text(answer: &SqlResponse) -> String {
    let header: Vec<String> = answer.columns.iter().map(|column| shown(&column.name)).collect();
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let to_right: Vec<bool> = answer
        .columns
        .iter()
        .map(|column| ["bigint", "double"].contains(&column.data_type.as_str()))
        .collect();
    let width = |at: usize| {
        let cells = rows.iter().map(|row| &row[at]).chain([&header[at]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut out = String::new();
    line(&header, &widths, &to_right, &mut out);
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let _ = writeln!(out, "{}", rule.join("  "));
    rows.iter().for_each(|row| line(row, &widths, &to_right, &mut out));
    let _ = writeln!(out, "({} row{})", rows.len(), if rows.len() == 1 { "" } else { "s" });
    out
}

fn line(cells: &[String], widths: &[usize], to_right: &[bool], out: &mut String) {
    let mut text = String::new();
    for ((cell, width), right) in cells.iter().zip(widths).zip(to_right) {
        let _ = if *right { write!(text, "{cell:>width$}  ") } else { write!(text, "{cell:<width$}  ") };
    }
    let _ = writeln!(out, "{}", text.trim_end());
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

fn shown(text: &str) -> String {
    let mut out = String::new();
    escape(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::sql::SqlColumn;
    use serde_json::json;

    #[test]
    fn columns_are_below_each_other_and_nothing_speaks_to_the_terminal() {
        let column =
            |name: &str, data_type: &str| SqlColumn { name: name.into(), data_type: data_type.into() };
        let answer = SqlResponse {
            columns: vec![column("service", "text"), column("n", "bigint"), column("of", "map")],
            rows: vec![
                vec![json!("shop\u{1b}[31m"), json!(12_345), json!({"k": "v"})],
                vec![json!(null), json!(7), json!({})],
            ],
            ..SqlResponse::default()
        };
        let expected = "\
service             n  of
--------------  -----  ---------
shop\\u{1b}[31m  12345  {\"k\":\"v\"}
                    7  {}
(2 rows)
";
        assert_eq!(text(&answer), expected);
        assert_eq!(text(&SqlResponse::default()), "\n\n(0 rows)\n");
    }
}
