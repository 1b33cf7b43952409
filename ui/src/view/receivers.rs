//! How receivers do.

use ocelli_api::UnixNano;
use ocelli_api::alerts::IntegrationStatus;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Too many attempts failed: nothing is tried for a while.
    Paused,
    /// The last attempt failed.
    Failing,
    Working,
    /// Nothing was sent yet.
    Unused,
}

impl Health {
    pub fn of(integration: &IntegrationStatus, now: UnixNano) -> Self {
        let failed_at = integration.last_error.as_ref().map(|error| error.time);
        match (failed_at, integration.last_success) {
            _ if integration.breaker_open_until.is_some_and(|until| until > now) => Self::Paused,
            (Some(failed), Some(worked)) if worked >= failed => Self::Working,
            (Some(_), _) => Self::Failing,
            (None, Some(_)) => Self::Working,
            (None, None) => Self::Unused,
        }
    }

    /// Class, glyph and text.
    pub fn mark(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Paused => ("sev-error", "✖", "Paused"),
            Self::Failing => ("sev-warn", "▲", "Failing"),
            Self::Working => ("ok", "✔", "Working"),
            Self::Unused => ("sev-unset", "–", "Not used yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::alerts::DeliveryError;

    #[test]
    fn the_last_attempt_decides() {
        let health = |failed: Option<i64>, worked: Option<i64>, open: Option<i64>| {
            let error = |time| DeliveryError { time: UnixNano(time), message: "x".into() };
            let integration = IntegrationStatus {
                last_error: failed.map(error),
                last_success: worked.map(UnixNano),
                breaker_open_until: open.map(UnixNano),
                ..IntegrationStatus::default()
            };
            Health::of(&integration, UnixNano(10))
        };
        assert_eq!(health(None, None, None), Health::Unused);
        assert_eq!(health(Some(2), Some(1), None), Health::Failing);
        assert_eq!(health(Some(2), None, Some(9)), Health::Failing);
        assert_eq!(health(Some(2), Some(3), None), Health::Working);
        assert_eq!(health(Some(2), Some(3), Some(11)), Health::Paused);
    }
}
