//! Numbers with the units of panels, which have Grafana's names.

use crate::view::format;
use crate::view::text::fixed;
use ocelli_api::dashboards::{Level, Measure, Panel, QueryLanguage, Threshold};

const THIN: char = '\u{202f}';

/// How a panel writes its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    pub name: String,
    pub decimals: Option<u32>,
}

/// Units of time, in nanoseconds.
const TIMES: [(&str, f64); 7] =
    [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9), ("d", 86_400e9)];

/// Multiples of bytes, with what stands behind them.
const SIZES: [(&str, f64, &str); 8] = [
    ("bytes", 1.0, ""),
    ("decbytes", 1.0, ""),
    ("kbytes", 1024.0, ""),
    ("mbytes", 1_048_576.0, ""),
    ("gbytes", 1_073_741_824.0, ""),
    ("Bps", 1.0, "/s"),
    ("binBps", 1.0, "/s"),
    ("decBps", 1.0, "/s"),
];

/// Those that only stand behind the number.
const SIGNS: [(&str, &str); 9] = [
    ("reqps", "/s"),
    ("ops", "/s"),
    ("rps", "/s"),
    ("cps", "/s"),
    ("wps", "/s"),
    ("iops", "/s"),
    ("celsius", "°C"),
    ("short", ""),
    ("none", ""),
];

impl Unit {
    pub fn new(name: &str, decimals: Option<u32>) -> Self {
        Self { name: name.to_owned(), decimals }
    }

    /// Where a panel names no unit, that of its figures of services.
    pub fn of(panel: &Panel) -> Self {
        let measured = panel.queries.iter().all(|query| query.language == QueryLanguage::Red);
        let name = match panel.queries.first().filter(|_| measured && panel.unit.is_empty()) {
            None => &panel.unit,
            Some(query) => match query.measure {
                Measure::Rate => "reqps",
                Measure::ErrorRatio => "percentunit",
                Measure::P50 | Measure::P95 | Measure::P99 => "s",
            },
        };
        Self::new(name, panel.decimals)
    }

    pub fn write(&self, number: f64) -> String {
        if !number.is_finite() {
            return "–".to_owned();
        }
        let name = &*self.name;
        if let Some((_, factor)) = TIMES.iter().find(|unit| unit.0 == name) {
            return format::duration(number * factor);
        }
        if let Some((_, factor, per)) = SIZES.iter().find(|unit| unit.0 == name) {
            let sign = if number < 0.0 { "-" } else { "" };
            return format!("{sign}{}{per}", format::bytes((number.abs() * factor).round() as u64));
        }
        match name {
            "percent" => format!("{}%", self.plain(number)),
            "percentunit" => format!("{}%", self.plain(number * 100.0)),
            _ => match SIGNS.iter().find(|unit| unit.0 == name) {
                Some((_, sign)) => format!("{}{sign}", self.plain(number)),
                None if name.is_empty() => self.plain(number),
                None => format!("{}{THIN}{name}", self.plain(number)),
            },
        }
    }

    fn plain(&self, number: f64) -> String {
        match self.decimals {
            Some(decimals) if number.abs() < 1e15 => fixed(number, decimals as usize),
            _ => format::short(number),
        }
    }
}

/// The level of the last threshold that a number reaches.
pub fn level(thresholds: &[Threshold], number: f64) -> Option<Level> {
    let is_reached = |threshold: &&Threshold| threshold.value.is_none_or(|from| number >= from);
    thresholds.iter().rev().find(is_reached).map(|threshold| threshold.level)
}

/// What a level looks like beside its number: class, glyph and word.
pub fn look(level: Level) -> (&'static str, &'static str, &'static str) {
    match level {
        Level::Ok => ("ok", "✓", "fine"),
        Level::Info => ("sev-info", "●", "noted"),
        Level::Warn => ("sev-warn", "▲", "warning"),
        Level::Error => ("sev-error", "✖", "bad"),
    }
}

/// The custom property with the colour of a level.
pub fn colour(level: Level) -> &'static str {
    match level {
        Level::Ok => "--ok",
        Level::Info => "--info",
        Level::Warn => "--warn-fill",
        Level::Error => "--err",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_units() {
        for (unit, number, expect) in [
            ("s", 0.25, "250 ms"),
            ("ms", 1_500.0, "1.5 s"),
            ("bytes", 1_536.0, "1.5 KiB"),
            ("Bps", -2_048.0, "-2 KiB/s"),
            ("percentunit", 0.123, "12.3%"),
            ("percent", 5.0, "5%"),
            ("reqps", 1_234.0, "1.23k/s"),
            ("orders", 3.0, "3 orders"),
            ("", 12_345.0, "12.3k"),
            ("s", f64::NAN, "–"),
        ] {
            assert_eq!(Unit::new(unit, None).write(number).replace(THIN, " "), expect, "{unit}");
        }
        assert_eq!(Unit::new("", Some(2)).write(1_234.5), "1234.50");
    }

    #[test]
    fn the_highest_threshold_that_is_reached() {
        let at = |value, level| Threshold { value, level };
        let all = [at(None, Level::Ok), at(Some(1.0), Level::Warn), at(Some(5.0), Level::Error)];
        assert_eq!(level(&all, -3.0), Some(Level::Ok));
        assert_eq!(level(&all, 1.0), Some(Level::Warn));
        assert_eq!(level(&all, 9.0), Some(Level::Error));
        assert_eq!(level(&all[1..], 0.0), None);
    }
}
