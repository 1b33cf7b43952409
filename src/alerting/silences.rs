//! Silences of the API and those of the dispatcher, one as the other.

use super::core::Core;
use super::letter::nanos;
use super::requests::{Ask, Request};
use super::settings::Loaded;
use ocelli_api::alerts::{LabelMatcher, Silence as Shown, SilenceRequest, SilenceState as ShownState};
use ocelli_query::Error;
use ocelli_query::alerting::dispatch::SilenceError;
use ocelli_query::alerting::matcher;
use ocelli_query::alerting::silence::{Silence, SilenceState};
use ocelli_query::promql::select::MatchOp;
use serde::{Deserialize, Serialize};

pub fn shown(silence: &Silence, now_ms: i64) -> Shown {
    let matchers = silence.matchers.iter().flat_map(|text| matcher::parse(text).unwrap_or_default());
    let one = |matcher: ocelli_query::promql::select::Matcher| LabelMatcher {
        is_regex: matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex),
        is_equal: matches!(matcher.op, MatchOp::Equal | MatchOp::Regex),
        name: matcher.name,
        value: matcher.value,
    };
    Shown {
        id: silence.id.clone(),
        state: match silence.state(now_ms) {
            SilenceState::Pending => ShownState::Pending,
            SilenceState::Active => ShownState::Active,
            SilenceState::Expired => ShownState::Expired,
        },
        matchers: matchers.map(one).collect(),
        starts_at: nanos(silence.starts_at_ms),
        ends_at: nanos(silence.ends_at_ms),
        updated_at: nanos(silence.updated_at_ms),
        created_by: silence.created_by.clone(),
        comment: silence.comment.clone(),
    }
}

/// A matcher as it is written.
fn written(matcher: &LabelMatcher) -> String {
    let op = match (matcher.is_equal, matcher.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    // Quoted, so that any name and value come through.
    format!("{:?}{op}{:?}", matcher.name, matcher.value)
}

/// A silence is to be made, or changed.
#[derive(Serialize, Deserialize)]
pub struct PutSilence {
    silence: Silence,
    /// Of a new one.
    id: String,
}

impl PutSilence {
    pub fn new(asked: SilenceRequest, now_ms: i64) -> PutSilence {
        let ms = |at: ocelli_api::UnixNano| at.0.div_euclid(1_000_000);
        let silence = Silence {
            id: asked.id.unwrap_or_default(),
            matchers: asked.matchers.iter().map(written).collect(),
            starts_at_ms: asked.starts_at.map_or(now_ms, ms),
            ends_at_ms: ms(asked.ends_at),
            created_by: asked.created_by,
            comment: asked.comment,
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
        };
        PutSilence { silence, id: uuid(rand::random()) }
    }
}

impl Ask for PutSilence {
    type Answer = Silence;

    fn carry_out(&self, core: &mut Core, _: &Loaded, now_ms: i64) -> Result<Silence, Error> {
        core.dispatcher.put_silence(self.silence.clone(), &self.id, now_ms).map_err(|why| match why {
            SilenceError::NotFound(_) => Error::NotFound(why.to_string()),
            other => Error::bad_parameter("silence", other.to_string()),
        })
    }

    fn written(self) -> Request {
        Request::PutSilence(self)
    }
}

/// A silence is to end now.
#[derive(Serialize, Deserialize)]
pub struct EndSilence {
    pub id: String,
}

impl Ask for EndSilence {
    type Answer = Silence;

    fn carry_out(&self, core: &mut Core, _: &Loaded, now_ms: i64) -> Result<Silence, Error> {
        core.dispatcher.expire_silence(&self.id, now_ms).map_err(|why| match why {
            SilenceError::NotFound(id) => Error::NotFound(format!("there is no silence {id}")),
            other => Error::bad_parameter("id", other.to_string()),
        })
    }

    fn written(self) -> Request {
        Request::EndSilence(self)
    }
}

/// Version 4 of RFC 9562.
pub(super) fn uuid(random: u128) -> String {
    let bits = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn matchers_are_written_so_that_they_are_read_again() {
        for (name, value) in [("job", "a \"b\" \\ ü\n"), ("a.b", ""), ("x", "{}~=,")] {
            let matcher =
                LabelMatcher { name: name.into(), value: value.into(), is_regex: false, is_equal: true };
            let read = matcher::parse(&written(&matcher)).unwrap();
            assert_eq!((read.len(), read[0].name.as_str(), read[0].value.as_str()), (1, name, value));
        }
    }
}
