//! What the palette offers for a text: everything that holds all of its words, the best first.

use super::links;
use super::order::order;
use super::text::lower;
use ocelli_api::dashboards::DashboardSummary;
use ocelli_api::searches::{SavedSearch, SearchPage};

/// Entries that are shown.
pub const MOST: usize = 40;

/// Something that is done rather than gone to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Theme,
    Zone,
    Refresh,
    CopyPinned,
    CopyCurl,
    Help,
    Tour,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Go {
    /// An address of this program; the range of the page goes along where it has none.
    To(String),
    Do(Action),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Of which sort it is, in one word.
    pub kind: &'static str,
    pub label: String,
    pub go: Go,
}

impl Entry {
    pub fn to(kind: &'static str, label: &str, href: &str) -> Self {
        Self { kind, label: label.to_owned(), go: Go::To(href.to_owned()) }
    }
}

const PAGES: [(&str, &str); 10] = [
    ("Services", "/services"),
    ("Traces", "/traces"),
    ("Map", "/map"),
    ("Logs", "/logs"),
    ("Live logs", "/logs?live=1"),
    ("Metrics", "/metrics"),
    ("Dashboards", "/dashboards"),
    ("Alerts", "/alerts"),
    ("SLOs", "/slos"),
    ("System", "/system"),
];

const ACTIONS: [(&str, Action); 7] = [
    ("Switch between dark and light", Action::Theme),
    ("Switch between local time and UTC", Action::Zone),
    ("Refresh", Action::Refresh),
    ("Copy link pinned to absolute times", Action::CopyPinned),
    ("Copy the request of this page as curl", Action::CopyCurl),
    ("Keyboard help", Action::Help),
    ("Tour", Action::Tour),
];

/// All that does not depend on what is typed, in the order in which it is shown without a text.
pub fn entries(
    recent: &[(String, String)],
    searches: &[SavedSearch],
    dashboards: &[DashboardSummary],
    services: &[String],
) -> Vec<Entry> {
    let recent = recent.iter().map(|(label, href)| Entry::to("recent", label, href));
    let pages = PAGES.iter().map(|(label, href)| Entry::to("page", label, href));
    let searches = searches.iter().map(|search| Entry::to("search", &search.name, &search_href(search)));
    let dashboards =
        dashboards.iter().map(|one| Entry::to("dashboard", &one.title, &super::dashboards::path(&one.id)));
    let services = services.iter().map(|name| Entry::to("service", name, &links::service_path(name)));
    let actions = ACTIONS.iter().map(|(label, action)| Entry {
        kind: "action",
        label: (*label).to_owned(),
        go: Go::Do(*action),
    });
    pages.chain(actions).chain(dashboards).chain(searches).chain(recent).chain(services).collect()
}

pub fn page_path(page: SearchPage) -> &'static str {
    match page {
        SearchPage::Logs => "/logs",
        SearchPage::Traces => "/traces",
        SearchPage::Metrics => "/metrics",
    }
}

/// The address of a saved search.
pub fn search_href(search: &SavedSearch) -> String {
    let path = page_path(search.page);
    if search.query.is_empty() { path.to_owned() } else { format!("{path}?{}", search.query) }
}

/// A text that is the id of a trace, as hex or as a UUID.
fn trace_id(text: &str) -> Option<String> {
    let id: String = text.trim().chars().filter(|c| *c != '-').collect();
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_ascii_lowercase())
}

/// What fits the text. An id of a trace leads to it, and any text to the logs that hold it.
pub fn found(entries: &[Entry], text: &str) -> Vec<Entry> {
    if let Some(id) = trace_id(text) {
        let logs = format!("/logs?q={}", links::term("trace_id", &id));
        return vec![
            Entry::to("trace", &format!("Trace {id}"), &links::trace_path(&id)),
            Entry::to("logs", &format!("Logs of trace {id}"), &logs),
        ];
    }
    let text = lower(text.trim());
    let words: Vec<&str> = text.split_whitespace().collect();
    let scored: Vec<(u32, &Entry)> =
        entries.iter().filter_map(|entry| Some((score(entry, &text, &words)?, entry))).collect();
    let order = order(scored.len(), &|a, b| scored[a].0.cmp(&scored[b].0));
    let mut found: Vec<Entry> = order.into_iter().take(MOST).map(|at| scored[at].1.clone()).collect();
    if !text.is_empty() {
        let query = super::query_string::encode(&links::quote(&text));
        found.push(Entry::to(
            "logs",
            &format!("Logs with \u{201c}{text}\u{201d}"),
            &format!("/logs?q={query}"),
        ));
    }
    found
}

/// None where a word is missing; less is better: the whole, the beginning, the beginning of a word, any place.
fn score(entry: &Entry, text: &str, words: &[&str]) -> Option<u32> {
    let label = lower(&entry.label);
    if !words.iter().all(|word| label.contains(word) || entry.kind.contains(word)) {
        return None;
    }
    Some(match () {
        () if text.is_empty() || label == text => 0,
        () if label.starts_with(text) => 1,
        () if label.split([' ', '-', '_', '.', '/']).any(|word| word.starts_with(text)) => 2,
        () => 3,
    })
}

/// The newest first, each address once.
pub fn remember(recent: &mut Vec<(String, String)>, label: &str, href: &str) {
    const KEPT: usize = 8;
    recent.retain(|(_, other)| other != href);
    recent.insert(0, (label.to_owned(), href.to_owned()));
    recent.truncate(KEPT);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let search = SavedSearch {
            name: "Failures of checkout".into(),
            query: "q=level:error".into(),
            ..SavedSearch::default()
        };
        let board =
            DashboardSummary { id: "orders".into(), title: "Orders".into(), ..DashboardSummary::default() };
        let services = ["checkout".to_owned(), "check-in".to_owned(), "maps".to_owned()];
        let all = entries(&[("Trace 0a1b".into(), "/traces/0a1b".into())], &[search], &[board], &services);
        found(&all, text).into_iter().map(|entry| entry.label).collect()
    }

    #[test]
    fn the_best_comes_first() {
        assert_eq!(labels("map")[..2], ["Map", "maps"]);
        assert_eq!(labels("check")[..3], ["checkout", "check-in", "Failures of checkout"]);
        assert_eq!(labels("service maps")[0], "maps", "the sort is a word too");
        assert_eq!(labels("checkout failures")[0], "Failures of checkout");
        assert_eq!(labels(" nowhere "), ["Logs with “nowhere”"]);
        assert_eq!(labels("")[0], "Services");
        assert_eq!(labels("dashboard ord")[0], "Orders");
    }

    #[test]
    fn an_id_leads_to_its_trace() {
        let all = found(&[], " 4BF92F35-77b3-4da6-a3ce-929d0e0e4736 ");
        assert_eq!(all[0].go, Go::To("/traces/4bf92f3577b34da6a3ce929d0e0e4736".into()));
        assert_eq!(all[1].go, Go::To("/logs?q=trace_id:4bf92f3577b34da6a3ce929d0e0e4736".into()));
        assert_eq!(found(&[], "4bf9")[0].kind, "logs");
    }

    #[test]
    fn what_was_seen_is_remembered_once() {
        let mut recent = Vec::new();
        for n in 0..10 {
            remember(&mut recent, &n.to_string(), &format!("/traces/{n}"));
        }
        remember(&mut recent, "5", "/traces/5");
        assert_eq!((recent.len(), &*recent[0].0, &*recent[1].0), (8, "5", "9"));
    }

    #[test]
    fn a_saved_search_is_an_address() {
        let search =
            SavedSearch { page: SearchPage::Traces, query: "q=a%20b".into(), ..SavedSearch::default() };
        assert_eq!(search_href(&search), "/traces?q=a%20b");
    }
}
