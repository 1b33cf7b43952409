//! How a panel looks: its unit, thresholds, and how a series becomes one number.

use super::{list, number, text};
use ocelli_api::dashboards::limits::MAX_THRESHOLDS;
use ocelli_api::dashboards::{Level, Panel, PanelKind, Reduce, Threshold};
use serde_json::Value;

pub fn dress(panel: &mut Panel, from: &Value) {
    let defaults = &from["fieldConfig"]["defaults"];
    let units = [&defaults["unit"], &from["yaxes"][0]["format"], &from["format"]];
    let unit = units.into_iter().map(text).find(|unit| !unit.is_empty()).unwrap_or_default();
    panel.unit = if matches!(unit, "none" | "short") { String::new() } else { super::line(unit) };
    let decimals = number(&defaults["decimals"]).or_else(|| number(&from["decimals"]));
    panel.decimals = decimals.filter(|digits| (0.0..=10.0).contains(digits)).map(|digits| digits as u32);
    panel.min = number(&defaults["min"]).or_else(|| number(&from["yaxes"][0]["min"]));
    panel.max = number(&defaults["max"]).or_else(|| number(&from["yaxes"][0]["max"]));
    let stacking = text(&defaults["custom"]["stacking"]["mode"]);
    panel.stacked = matches!(stacking, "normal" | "percent") || from["stack"] == true;
    panel.reduce = reduce(from);
    panel.thresholds = thresholds(panel.kind, from);
}

fn reduce(from: &Value) -> Reduce {
    let calculation = text(&from["options"]["reduceOptions"]["calcs"][0]);
    match if calculation.is_empty() { text(&from["valueName"]) } else { calculation } {
        "mean" | "avg" => Reduce::Mean,
        "min" => Reduce::Min,
        "max" => Reduce::Max,
        "sum" | "total" => Reduce::Sum,
        _ => Reduce::Last,
    }
}

fn thresholds(kind: PanelKind, from: &Value) -> Vec<Threshold> {
    let defaults = &from["fieldConfig"]["defaults"];
    let style = text(&defaults["custom"]["thresholdsStyle"]["mode"]);
    // Every time series has some, and most do not show them.
    if kind == PanelKind::TimeSeries && matches!(style, "" | "off")
        || defaults["thresholds"]["mode"] == "percentage"
    {
        return Vec::new();
    }
    let steps = list(&defaults["thresholds"]["steps"]);
    let mut found: Vec<Threshold> = steps
        .map(|step| Threshold { value: number(&step["value"]), level: level(text(&step["color"])) })
        .collect();
    if found.is_empty() {
        found = old_thresholds(from);
    }
    found.sort_by(|a, b| a.value.partial_cmp(&b.value).unwrap_or(std::cmp::Ordering::Equal));
    found.dedup_by_key(|step| step.value);
    found.truncate(MAX_THRESHOLDS);
    // That all is well needs no saying.
    if found.len() == 1 && found[0].value.is_none() {
        found.clear();
    }
    found
}

/// `"80,90"` with three colours.
fn old_thresholds(from: &Value) -> Vec<Threshold> {
    let colours = || list(&from["colors"]).map(|colour| level(text(colour)));
    let is_coloured = from["colorValue"] == true || from["colorBackground"] == true;
    let values = text(&from["thresholds"]).split(',').filter_map(|value| value.trim().parse().ok());
    let values: Vec<Option<f64>> = std::iter::once(None).chain(values.map(Some)).collect();
    if !is_coloured || values.len() == 1 {
        return Vec::new();
    }
    values.into_iter().zip(colours()).map(|(value, level)| Threshold { value, level }).collect()
}

/// What a colour is meant to say.
fn level(colour: &str) -> Level {
    let lower = colour.to_lowercase();
    let named =
        [("green", Level::Ok), ("red", Level::Error), ("yellow", Level::Warn), ("orange", Level::Warn)];
    if let Some((_, level)) = named.into_iter().find(|(name, _)| lower.contains(name)) {
        return level;
    }
    let Some([red, green, blue]) = rgb(&lower) else { return Level::Info };
    if red > 120.0 && green > 0.45 * red && blue < 0.6 * red {
        Level::Warn
    } else if red > 120.0 && green <= 0.45 * red && blue < 0.6 * red {
        Level::Error
    } else if green > red && green >= blue {
        Level::Ok
    } else {
        Level::Info
    }
}

/// Of `#rrggbb` and `rgba(r, g, b, a)`.
fn rgb(colour: &str) -> Option<[f64; 3]> {
    if let Some(hex) = colour.strip_prefix('#') {
        let part = |at: usize| Some(f64::from(u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?));
        return Some([part(0)?, part(2)?, part(4)?]);
    }
    let inside = colour.split_once('(')?.1.split(')').next()?;
    let mut parts = inside.split(',').map(|part| part.trim().parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_say_something() {
        for (colour, expect) in [
            ("semi-dark-green", Level::Ok),
            ("#73BF69", Level::Ok),
            ("rgba(50, 172, 45, 0.97)", Level::Ok),
            ("dark-red", Level::Error),
            ("#d44a3a", Level::Error),
            ("rgba(245, 54, 54, 0.9)", Level::Error),
            ("rgba(237, 129, 40, 0.89)", Level::Warn),
            ("#EAB839", Level::Warn),
            ("blue", Level::Info),
            ("#é", Level::Info),
        ] {
            assert_eq!(level(colour), expect, "{colour}");
        }
    }
}
