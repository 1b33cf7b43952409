//! Which page a path names.

use super::query_string::decode_segment;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/` and `/services`.
    Services,
    /// `/services/:name`
    Service(String),
    /// `/traces`
    Traces,
    /// `/traces/explain`
    Explain,
    /// `/traces/diff`
    Diff,
    /// `/map`
    Map,
    /// `/traces/:id`
    Trace(String),
    /// `/logs`
    Logs,
    /// `/metrics`
    Metrics,
    /// `/alerts`
    Alerts,
    /// `/alerts/:fingerprint`
    Alert(String),
    /// `/slos`
    Slos,
    /// `/slos/:id`
    Slo(String),
    /// `/dashboards`
    Dashboards,
    /// `/dashboards/:id`
    Dashboard(String),
    /// `/system`
    System,
    /// Anything else, with the path as it was given.
    Unknown(String),
}

impl Route {
    pub fn of(path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            [] | ["services"] => Self::Services,
            ["services", name] => Self::Service(decode_segment(name)),
            ["traces"] => Self::Traces,
            ["traces", "explain"] => Self::Explain,
            ["traces", "diff"] => Self::Diff,
            ["map"] => Self::Map,
            ["traces", id] => Self::Trace(decode_segment(id)),
            ["logs"] => Self::Logs,
            ["metrics"] => Self::Metrics,
            ["alerts"] => Self::Alerts,
            ["alerts", fingerprint] => Self::Alert(decode_segment(fingerprint)),
            ["slos"] => Self::Slos,
            ["slos", id] => Self::Slo(decode_segment(id)),
            ["dashboards"] => Self::Dashboards,
            ["dashboards", id] => Self::Dashboard(decode_segment(id)),
            ["system"] => Self::System,
            _ => Self::Unknown(path.to_owned()),
        }
    }

    /// A page of one thing, rather than of all of a kind.
    pub fn is_thing(&self) -> bool {
        matches!(self, Self::Service(_) | Self::Trace(_) | Self::Alert(_) | Self::Slo(_))
    }

    /// The name of the page for the window's title.
    pub fn title(&self) -> String {
        match self {
            Self::Services => "Services".to_owned(),
            Self::Service(name) => name.clone(),
            Self::Traces => "Traces".to_owned(),
            Self::Explain => "Explain".to_owned(),
            Self::Diff => "Two traces".to_owned(),
            Self::Map => "Map".to_owned(),
            Self::Trace(id) => format!("Trace {}", id.get(..8).unwrap_or(id)),
            Self::Logs => "Logs".to_owned(),
            Self::Metrics => "Metrics".to_owned(),
            Self::Alerts => "Alerts".to_owned(),
            Self::Alert(fingerprint) => format!("Alert {}", fingerprint.get(..8).unwrap_or(fingerprint)),
            Self::Slos => "Objectives".to_owned(),
            Self::Slo(id) => id.clone(),
            Self::Dashboards => "Dashboards".to_owned(),
            Self::Dashboard(id) => id.clone(),
            Self::System => "System".to_owned(),
            Self::Unknown(_) => "Not found".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{dashboards, links};

    #[test]
    fn every_path() {
        assert_eq!(Route::of("/"), Route::Services);
        assert_eq!(Route::of("/services/"), Route::Services);
        assert_eq!(Route::of("/traces/4bf9"), Route::Trace("4bf9".into()));
        assert_eq!(Route::of("/traces/explain"), Route::Explain);
        assert_eq!(Route::of("/traces/diff/"), Route::Diff);
        assert_eq!(Route::of("/map"), Route::Map);
        assert_eq!(Route::of("/logs"), Route::Logs);
        assert_eq!(Route::of("/alerts"), Route::Alerts);
        assert_eq!(Route::of("/slos/"), Route::Slos);
        assert_eq!(Route::of("/dashboards"), Route::Dashboards);
        assert_eq!(Route::of("/nope/x"), Route::Unknown("/nope/x".into()));
    }

    #[test]
    fn a_hostile_name_is_a_path_and_back() {
        for name in ["a/b", "50%", "q?x#y", "sp ace+", "日本"] {
            assert_eq!(Route::of(&links::service_path(name)), Route::Service(name.into()), "{name}");
            assert_eq!(Route::of(&links::slo_path(name)), Route::Slo(name.into()), "{name}");
            assert_eq!(Route::of(&dashboards::path(name)), Route::Dashboard(name.into()), "{name}");
            assert_eq!(Route::of(&links::alert_path(name)), Route::Alert(name.into()), "{name}");
        }
    }
}
