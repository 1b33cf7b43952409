//! Reads server-sent events as they come.

use anyhow::{Context, bail};
use ocelli_api::logs::LogTailEvent;

/// An event is a record, whose body may be large; a line that never ends is no event.
const MAX_BYTES: usize = 64 << 20;

pub struct Events {
    answer: reqwest::Response,
    /// What came in and is not a whole event yet.
    open: Vec<u8>,
}

impl Events {
    pub fn new(answer: reqwest::Response) -> Events {
        Events { answer, open: Vec::new() }
    }

    /// The next event, comments left out; `None` at the end. What was read stays when it is dropped
    /// half-way.
    pub async fn next(&mut self) -> anyhow::Result<Option<LogTailEvent>> {
        loop {
            while let Some(end) = self.open.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.open.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8_lossy(&event))? {
                    return Ok(Some(event));
                }
                // A comment: the server is there, which is all that it says.
            }
            if self.open.len() > MAX_BYTES {
                bail!("an event has more than {} MiB", MAX_BYTES >> 20);
            }
            match self.answer.chunk().await.context("reading what comes in")? {
                Some(chunk) => self.open.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

fn parse(event: &str) -> anyhow::Result<Option<LogTailEvent>> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let (Some(name), Some(data)) = (field("event: "), field("data: ")) else { return Ok(None) };
    let not_understood = || format!("an event '{name}' is not understood");
    Ok(match name {
        "record" => Some(LogTailEvent::Record(serde_json::from_str(data).with_context(not_understood)?)),
        "skipped" => Some(LogTailEvent::Skipped(serde_json::from_str(data).with_context(not_understood)?)),
        // Of a later version.
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::logs::LogTailSkipped;

    #[test]
    fn events_are_told_from_comments() {
        assert_eq!(parse(":\n\n").unwrap(), None);
        assert_eq!(parse("event: later\ndata: {}\n\n").unwrap(), None);
        let skipped = LogTailEvent::Skipped(LogTailSkipped { records: 7 });
        assert_eq!(parse("event: skipped\ndata: {\"records\":7}\n\n").unwrap(), Some(skipped));
        assert!(parse("event: record\ndata: {\n\n").is_err());
    }
}
