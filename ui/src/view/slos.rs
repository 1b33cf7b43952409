//! Service level objectives as they are listed: which are at risk, and how their figures are written.

use super::format;
use super::order::sort_by;
use super::scale::within;
use super::series::Series;
use super::text::fixed;
use super::waterfall::{STATUS_ERROR, kind_name};
use ocelli_api::slos::{BurnState, SloHistory, SloSeverity, SloStatus};
use ocelli_api::traces::SpanDetail;

/// How much an objective asks for attention, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// An alert of it fires.
    Critical,
    /// The budget is spent.
    Spent,
    /// It will be spent within the window.
    Burning,
    /// Nothing is known.
    Unknown,
    Good,
}

impl Risk {
    pub fn of(slo: &SloStatus) -> Self {
        let critical = |state: BurnState| state == BurnState::Critical;
        let is_critical = slo.alerts.iter().any(|alert| alert.enabled && critical(alert.state));
        match slo.budget_left {
            _ if is_critical || !slo.firing.is_empty() => Self::Critical,
            Some(left) if left <= 0.0 => Self::Spent,
            None => Self::Unknown,
            Some(_) if slo.exhaustion.is_some() => Self::Burning,
            Some(_) => Self::Good,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Critical => "Burning fast",
            Self::Spent => "Budget spent",
            Self::Burning => "At risk",
            Self::Unknown => "No data",
            Self::Good => "Good",
        }
    }

    pub fn glyph(self) -> &'static str {
        match self {
            Self::Critical | Self::Spent => "✖",
            Self::Burning => "▲",
            Self::Unknown => "?",
            Self::Good => "✔",
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            Self::Critical | Self::Spent => "sev-error",
            Self::Burning => "sev-warn",
            Self::Unknown => "sev-unset",
            Self::Good => "ok",
        }
    }

    pub fn is_at_risk(self) -> bool {
        self <= Self::Burning
    }
}

/// What a span counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Good,
    Bad,
    /// The objective is over something else than spans.
    Unsaid,
}

impl Counted {
    /// None where an objective does not count the span.
    pub fn of(slo: &SloStatus, service: &str, span: &SpanDetail) -> Option<Self> {
        let Some(spans) = &slo.spans else { return (slo.service == service).then_some(Self::Unsaid) };
        let is_one = spans.service == service
            && spans.operation.as_ref().is_none_or(|name| *name == span.name)
            && (spans.kinds.is_empty() || spans.kinds.iter().any(|kind| kind == kind_name(span.kind)));
        let is_bad = match spans.under_ms {
            Some(under_ms) => span.end.0.saturating_sub(span.start.0) > under_ms.saturating_mul(1_000_000),
            None => span.status_code == STATUS_ERROR,
        };
        is_one.then_some(if is_bad { Self::Bad } else { Self::Good })
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Good => "counted as good",
            Self::Bad => "counted as bad",
            Self::Unsaid => "of this service",
        }
    }
}

/// Text, glyph and class of a pair of burn windows.
pub fn burn_state(state: BurnState) -> (&'static str, &'static str, &'static str) {
    match state {
        BurnState::Critical => ("critical", "✖", "sev-error"),
        BurnState::Increasing => ("increasing", "▲", "sev-warn"),
        BurnState::Recovering => ("recovering", "▼", "sev-info"),
        BurnState::Acceptable => ("acceptable", "✔", "ok"),
        BurnState::Unknown => ("no data", "?", "sev-unset"),
    }
}

/// What the state says of the two windows.
pub fn burn_meaning(state: BurnState) -> &'static str {
    match state {
        BurnState::Critical => "both windows are over the threshold",
        BurnState::Increasing => "only the short window is over the threshold",
        BurnState::Recovering => "only the long window is over the threshold",
        BurnState::Acceptable => "neither window is over the threshold",
        BurnState::Unknown => "a window has no data",
    }
}

pub fn severity(severity: SloSeverity) -> &'static str {
    match severity {
        SloSeverity::Page => "page",
        SloSeverity::Ticket => "ticket",
    }
}

/// The most at risk first, then the least budget.
pub fn sort(slos: &mut [SloStatus]) {
    sort_by(slos, |a, b| {
        let left = |slo: &SloStatus| slo.budget_left.unwrap_or(f64::INFINITY);
        let order = Risk::of(a).cmp(&Risk::of(b)).then(left(a).total_cmp(&left(b)));
        order.then_with(|| a.id.cmp(&b.id))
    });
}

/// A share that may be below 0: `-12.5%`.
pub fn signed(share: Option<f64>) -> String {
    match share {
        Some(share) if share < 0.0 => format!("−{}", format::ratio(Some(-share))),
        share => format::ratio(share),
    }
}

/// An objective or indicator: as many nines as it has, where three digits would say 100 %.
pub fn precise(share: Option<f64>) -> String {
    let Some(share) = share.filter(|share| share.is_finite()) else { return "–".to_owned() };
    let percent = fixed(share * 100.0, 4);
    format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// Where the bar of a budget begins and how wide it is, in per cent of its cell: the middle is 0 where
/// something is overspent, else the left end. One overspend of many times the budget fills its half.
pub fn budget_bar(left: f64, with_overspent: bool) -> (f64, f64) {
    let share = within(left, -1.0, 1.0) * 100.0;
    match (with_overspent, share < 0.0) {
        (false, _) => (0.0, share.max(0.0)),
        (true, false) => (50.0, share / 2.0),
        (true, true) => (50.0 + share / 2.0, -share / 2.0),
    }
}

/// One column of the history.
pub fn line(history: &SloHistory, name: &str, colour: &'static str, values: &[Option<f64>]) -> Series {
    Series {
        name: name.to_owned(),
        colour,
        start_ms: history.start_ms,
        step_ms: history.step_ms,
        values: values.to_vec(),
    }
}

/// The burn rate of each window, the shortest first.
pub fn burn_lines(history: &SloHistory) -> Vec<Series> {
    let colours = ["--c2", "--c4", "--c1", "--c6", "--c7", "--c5", "--c8", "--c3"];
    let line = |(rate, colour): (&ocelli_api::slos::BurnRateSeries, &'static str)| {
        line(history, &rate.window, colour, &rate.rate)
    };
    history.burn_rates.iter().zip(colours).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::slos::{Exhaustion, SloAlert, SloSpans};

    fn slo(id: &str, budget_left: Option<f64>) -> SloStatus {
        SloStatus { id: id.into(), budget_left, ..SloStatus::default() }
    }

    #[test]
    fn the_most_at_risk_come_first() {
        let mut critical = slo("critical", Some(0.9));
        let alert = SloAlert { state: BurnState::Critical, enabled: true, ..SloAlert::default() };
        critical.alerts = vec![alert.clone()];
        let mut off = slo("off", Some(0.7));
        off.alerts = vec![SloAlert { enabled: false, ..alert }];
        let mut burning = slo("burning", Some(0.5));
        burning.exhaustion = Some(Exhaustion::default());
        let mut slos =
            vec![slo("good", Some(0.8)), slo("none", None), off, burning, slo("spent", Some(-0.1)), critical];
        slos.push(slo("worse", Some(-3.0)));
        sort(&mut slos);
        let ids: Vec<&str> = slos.iter().map(|slo| slo.id.as_str()).collect();
        assert_eq!(ids, ["critical", "worse", "spent", "burning", "none", "off", "good"]);
        assert_eq!(slos.iter().filter(|slo| Risk::of(slo).is_at_risk()).count(), 4);
    }

    #[test]
    fn a_span_counts_for_what_is_over_its_kind_and_name() {
        let of = |spans: SloSpans| SloStatus { service: "shop".into(), spans: Some(spans), ..slo("a", None) };
        let spans =
            || SloSpans { service: "shop".into(), kinds: vec!["server".into()], ..SloSpans::default() };
        let span = |kind, ms: i64, status_code| SpanDetail {
            name: "POST /order".into(),
            kind,
            end: ocelli_api::UnixNano(ms * 1_000_000),
            status_code,
            ..SpanDetail::default()
        };
        let counted = |slo: &SloStatus, span: SpanDetail| Counted::of(slo, "shop", &span);
        let available = of(spans());
        assert_eq!(counted(&available, span(2, 5, 0)), Some(Counted::Good));
        assert_eq!(counted(&available, span(2, 5, STATUS_ERROR)), Some(Counted::Bad));
        assert_eq!(counted(&available, span(3, 5, 0)), None, "a call to another service");
        assert_eq!(Counted::of(&available, "bank", &span(2, 5, 0)), None);
        let fast = of(SloSpans { under_ms: Some(300), ..spans() });
        assert_eq!(counted(&fast, span(2, 300, STATUS_ERROR)), Some(Counted::Good));
        assert_eq!(counted(&fast, span(2, 301, 0)), Some(Counted::Bad));
        let other = of(SloSpans { operation: Some("GET /cart".into()), ..spans() });
        assert_eq!(counted(&other, span(2, 5, 0)), None);
        let of_metrics = SloStatus { service: "shop".into(), ..slo("b", None) };
        assert_eq!(counted(&of_metrics, span(1, 5, 0)), Some(Counted::Unsaid));
    }

    #[test]
    fn shares_are_written_with_sign_and_nines() {
        assert_eq!(signed(Some(-0.125)), "−12.5%");
        assert_eq!(signed(Some(0.5)), "50%");
        assert_eq!(signed(None), "–");
        assert_eq!(precise(Some(0.9995)), "99.95%");
        assert_eq!(precise(Some(1.0)), "100%");
        assert_eq!(precise(Some(0.999_987)), "99.9987%");
        assert_eq!(precise(Some(f64::NAN)), "–");
    }

    #[test]
    fn a_bar_goes_below_zero() {
        assert_eq!(budget_bar(0.5, false), (0.0, 50.0));
        assert_eq!(budget_bar(0.5, true), (50.0, 25.0));
        assert_eq!(budget_bar(-0.5, true), (25.0, 25.0));
        assert_eq!(budget_bar(-40.0, true), (0.0, 50.0));
        assert_eq!(budget_bar(-1.0, false), (0.0, 0.0));
    }
}
