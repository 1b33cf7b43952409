//! `metric{labels}@st …`: a line in front of a series that tells when the counters of its samples
//! began, as durations from each sample's time: `-1m`, `-30sx3`, `-1m-1mx3`, `_`.

use super::notation::{SeriesLine, series_line};
use crate::promql::duration;

/// The series of a `load` block, each with the starts that the line before it gives.
pub fn series_lines(block: &[String]) -> Result<Vec<SeriesLine>, String> {
    let mut all = Vec::with_capacity(block.len());
    let mut pending: Option<SeriesLine> = None;
    for line in block {
        if let Some(started) = starts_line(line)? {
            if pending.replace(started).is_some() {
                return Err("two lines of starts in a row".to_owned());
            }
            continue;
        }
        let mut series = series_line(line)?;
        if let Some(started) = pending.take() {
            if started.labels != series.labels || started.starts.len() != series.samples.len() {
                return Err(format!("the starts before {line:?} are of another series or length"));
            }
            series.starts = started.starts;
        }
        all.push(series);
    }
    match pending {
        None => Ok(all),
        Some(_) => Err("no series follows a line of starts".to_owned()),
    }
}

/// None where the line is a series of samples.
fn starts_line(line: &str) -> Result<Option<SeriesLine>, String> {
    let (series, items) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(series) = series.strip_suffix("@st") else { return Ok(None) };
    let mut starts = Vec::new();
    for item in items.split_whitespace() {
        expand(item, &mut starts).map_err(|why| format!("{why} in {item:?}"))?;
    }
    Ok(Some(SeriesLine { starts, ..series_line(series)? }))
}

/// `_`, `_x3`, `-1m`, `-1mx3` (four of them), `-1m+10sx3`.
fn expand(item: &str, starts: &mut Vec<Option<i64>>) -> Result<(), String> {
    if let Some(rest) = item.strip_prefix('_') {
        let count = if rest.is_empty() { 1 } else { times(rest)? };
        starts.extend(std::iter::repeat_n(None, count));
        return Ok(());
    }
    let (mut offset, rest) = signed(item)?;
    let (step, rest) = if rest.starts_with(['+', '-']) { signed(rest)? } else { (0, rest) };
    let count = if rest.is_empty() { 0 } else { times(rest)? };
    starts.push(Some(offset));
    for _ in 0..count {
        offset += step;
        starts.push(Some(offset));
    }
    Ok(())
}

fn times(text: &str) -> Result<usize, String> {
    let count = text.strip_prefix('x').ok_or("expected x and a count")?;
    count.parse().map_err(|_| format!("{count:?} is not a count"))
}

/// A duration with its sign at the start of the text, and what follows it.
fn signed(text: &str) -> Result<(i64, &str), String> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_alphanumeric() || c == 'x').unwrap_or(unsigned.len());
    let (duration, rest) = unsigned.split_at(end);
    let ms = duration::parse(duration).ok_or_else(|| format!("{duration:?} is not a duration"))?;
    Ok((if negative { -ms } else { ms }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_come_before_their_series() {
        let block = ["m{a=\"b\"}@st -1m _ -10s-5sx2 0sx1 _x2", "m{a=\"b\"} 0+1x8"].map(str::to_owned);
        let series = series_lines(&block).unwrap();
        let expect = [Some(-60), None, Some(-10), Some(-15), Some(-20), Some(0), Some(0), None, None];
        assert_eq!(series[0].starts, expect.map(|start: Option<i64>| start.map(|seconds| seconds * 1000)));
        assert!(series_lines(&block[..1]).is_err());
        assert!(series_lines(&[block[0].clone(), "other 0+1x8".to_owned()]).is_err());
    }
}
