//! `time_intervals`, and `mute_time_intervals` as the key was called before.

use super::reader::{Fields, Reader};
use crate::alerting::times::{self, Range, TimeInterval};
use serde_yaml_ng::Value;
use std::collections::BTreeMap;

pub fn read(reader: &mut Reader, file: &mut Fields) -> BTreeMap<String, Vec<TimeInterval>> {
    let mut all = BTreeMap::new();
    for key in ["time_intervals", "mute_time_intervals"] {
        file.each(reader, key, |reader, value| {
            let mut fields = reader.fields(value);
            let name = fields.text(reader, "name");
            let mut intervals = Vec::new();
            fields.each(reader, "time_intervals", |reader, value| intervals.push(interval(reader, value)));
            fields.finish(reader, "a named time interval", &[]);
            if name.is_empty() {
                reader.problem("a time interval needs a name");
            } else if all.insert(name.clone(), intervals).is_some() {
                reader.problem_at("name", format!("time interval {name:?} is there twice; rename one"));
            }
        });
    }
    all
}

fn interval(reader: &mut Reader, value: Value) -> TimeInterval {
    let mut fields = reader.fields(value);
    let mut interval = TimeInterval::default();
    fields.each(reader, "times", |reader, value| {
        let mut fields = reader.fields(value);
        let (start, end) = (fields.text(reader, "start_time"), fields.text(reader, "end_time"));
        fields.finish(reader, "a range of times", &[]);
        match times::parse_times(&start, &end) {
            Ok(range) => interval.times.push(range),
            Err(why) => reader.problem(why),
        }
    });
    interval.weekdays = ranges(reader, &mut fields, "weekdays", times::parse_weekdays);
    interval.days_of_month = ranges(reader, &mut fields, "days_of_month", times::parse_days_of_month);
    interval.months = ranges(reader, &mut fields, "months", times::parse_months);
    interval.years = ranges(reader, &mut fields, "years", times::parse_years);
    if let Some(name) = fields.maybe_text(reader, "location") {
        match times::parse_location(&name) {
            Ok(location) => interval.location = location,
            Err(why) => reader.problem_at("location", why),
        }
    }
    fields.finish(reader, "a time interval", &[]);
    interval
}

fn ranges(
    reader: &mut Reader,
    fields: &mut Fields,
    key: &'static str,
    parse: fn(&str) -> Result<Range, String>,
) -> Vec<Range> {
    let mut ranges = Vec::new();
    fields.each(reader, key, |reader, value| {
        let text = reader.text(value);
        match parse(&text) {
            Ok(range) => ranges.push(range),
            Err(why) => reader.problem(why),
        }
    });
    ranges
}
