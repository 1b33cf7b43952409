//! Silences of the dispatcher: each alert knows which ones are of it.

use super::{Dispatcher, kept};
use crate::alerting::silence::{CompiledSilence, Silence, SilenceState};

/// One that is over is remembered this long. As Alertmanager's `--data.retention`.
const KEPT_MS: i64 = 5 * 86_400_000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SilenceError {
    #[error("silence {0} not found")]
    NotFound(String),
    #[error("silence {0} already expired")]
    Expired(String),
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}

impl Dispatcher {
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.values().map(|compiled| &compiled.silence)
    }

    /// Makes a silence, which has no id yet, or changes one. One that hides other alerts than before is
    /// another one, which gets `new_id`; the one before ends.
    pub fn put_silence(
        &mut self,
        mut silence: Silence,
        new_id: &str,
        now_ms: i64,
    ) -> Result<Silence, SilenceError> {
        silence.starts_at_ms = silence.starts_at_ms.max(now_ms);
        silence.check(now_ms).map_err(SilenceError::Invalid)?;
        if silence.id.is_empty() {
            silence.id = new_id.to_owned();
        } else {
            let known = self.silences.get(&silence.id);
            let known = known.ok_or_else(|| SilenceError::NotFound(silence.id.clone()))?.silence.clone();
            let state = known.state(now_ms);
            if state != SilenceState::Expired && known.has_matchers_of(&silence) {
                silence.created_at_ms = known.created_at_ms;
                if state == SilenceState::Active {
                    silence.starts_at_ms = known.starts_at_ms;
                }
            } else {
                if state != SilenceState::Expired {
                    self.expire_silence(&known.id, now_ms)?;
                }
                silence.id = new_id.to_owned();
            }
        }
        let compiled =
            CompiledSilence::new(silence.clone()).map_err(|why| SilenceError::Invalid(vec![why]))?;
        for entry in self.entries.values_mut() {
            entry.silences.retain(|id| *id != silence.id);
            if compiled.is_of(&entry.alert.labels) {
                entry.silences.push(silence.id.clone());
            }
        }
        self.changed.note(kept::SILENCE, silence.id.clone());
        self.silences.insert(silence.id.clone(), compiled);
        Ok(silence)
    }

    /// Ends a silence now.
    pub fn expire_silence(&mut self, id: &str, now_ms: i64) -> Result<Silence, SilenceError> {
        let known = self.silences.get_mut(id).ok_or_else(|| SilenceError::NotFound(id.to_owned()))?;
        if known.silence.state(now_ms) == SilenceState::Expired {
            return Err(SilenceError::Expired(id.to_owned()));
        }
        known.silence.starts_at_ms = known.silence.starts_at_ms.min(now_ms);
        known.silence.ends_at_ms = now_ms;
        known.silence.updated_at_ms = now_ms;
        self.changed.note(kept::SILENCE, id);
        Ok(known.silence.clone())
    }

    /// Forgets those that have been over for long.
    pub(super) fn forget_silences(&mut self, now_ms: i64) {
        let is_old = |compiled: &CompiledSilence| now_ms - compiled.silence.ends_at_ms > KEPT_MS;
        let old: Vec<String> =
            self.silences.iter().filter(|(_, compiled)| is_old(compiled)).map(|(id, _)| id.clone()).collect();
        for id in old {
            self.silences.remove(&id);
            self.changed.note(kept::SILENCE, id.clone());
            self.entries.values_mut().for_each(|entry| entry.silences.retain(|known| *known != id));
        }
    }

    /// The active silences of an alert.
    pub(super) fn silenced_by(&self, ids: &[String], now_ms: i64) -> Vec<String> {
        let is_active = |id: &&String| {
            let silence = self.silences.get(*id).map(|compiled| &compiled.silence);
            silence.is_some_and(|silence| silence.state(now_ms) == SilenceState::Active)
        };
        ids.iter().filter(is_active).cloned().collect()
    }
}
