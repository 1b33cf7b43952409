//! `/alerts`: what fires now, what became of it, who silenced what, who is told.

use crate::client::{Fetched, fetch, fetch_now};
use crate::components::alert_changes::Changes;
use crate::components::alert_table::AlertTable;
use crate::components::answer::{Answer, Empty};
use crate::components::find::Find;
use crate::components::line_chart::LineChart;
use crate::components::receivers::Receivers;
use crate::components::rule_groups::RuleGroups;
use crate::components::silence_form::SilenceForm;
use crate::components::silences::Silences;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::alerts::{self, Shown};
use crate::view::range::in_ms;
use crate::view::text::whole_match;
use crate::view::{format, links, matchers};
use ocelli_api::alerts::{
    AlertHistoryResponse, AlertSummary, AlertsResponse, SilenceState, SilencesResponse,
};

/// `view=` of the URL, and what the tab says.
const TABS: [(&str, &str); 5] = [
    ("", "Now"),
    ("history", "History"),
    ("rules", "Rules"),
    ("silences", "Silences"),
    ("receivers", "Receivers"),
];
/// What belongs to one tab.
const OF_TAB: [(&str, &str); 6] =
    [("matchers", ""), ("silence", ""), ("why", ""), ("new", ""), ("edit", ""), ("expr", "")];

const EXAMPLE: &str = "groups: [{name: shop, rules: [{alert: NoOrders, for: 5m,\n  expr: 'sum(rate(orders_total[5m])) < 1', labels: {severity: page}}]}]";

#[component]
pub fn Alerts() -> impl IntoView {
    let location = Context::get().location;
    let tab = location.value("view");
    let alerts = fetch_now::<AlertsResponse>(|| Some("/api/alerts".to_owned()));
    let silences = fetch_now::<SilencesResponse>(|| Some("/api/silences".to_owned()));
    let active = silences
        .map(|answer| answer.silences.iter().filter(|silence| silence.state == SilenceState::Active).count());
    let link = move |(key, label): (&'static str, &'static str)| {
        let href = move || location.href(&[&[("view", key)][..], &OF_TAB[..]].concat());
        let count = move || {
            (key == "silences")
                .then(|| active.get().filter(|count| *count > 0).map(|count| format!(" {count}")))
        };
        let current = move || tab.with(|tab| tab == key).then_some("page");
        view! { <a href=dynamic(href) aria-current=dynamic(current)>{label}{dynamic(count)}</a> }
    };
    let body = move || match &*tab.get() {
        "history" => view! { <History alerts/> }.into_any(),
        "rules" => view! { <RuleGroups/> }.into_any(),
        "silences" => view! { <SilencesTab silences/> }.into_any(),
        "receivers" => view! { <Receivers/> }.into_any(),
        _ => view! { <Now alerts/> }.into_any(),
    };
    view! {
        <section class="page">
            <header class="page-head">
                <h1>"Alerts"</h1>
                <nav class="ways tabs-nav" aria-label="Of alerts">{TABS.map(link)}</nav>
                <Show when=move || tab.with(|tab| ["", "history", "rules"].contains(&tab.as_str()))><Find what="an alert or a rule"/></Show>
            </header>
            {dynamic(body)}
        </section>
    }
}

#[component]
fn Now(alerts: Fetched<AlertsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let (find, state, by) = (location.value("find"), location.value("state"), location.value("by"));
    let all = alerts.map(|answer| answer.alerts.clone());
    let filter =
        memo(move || find.with(|find| matchers::filter(find)).and_then(|filter| filter.checked(whole_match)));
    let found = memo(move || {
        let mut found = all.get().unwrap_or_default();
        if let Ok(filter) = filter.get() {
            found.retain(|alert| filter.holds(alert, whole_match));
        }
        alerts::sort(&mut found);
        found
    });
    let shown = memo(move || {
        let state = state.get();
        let is_shown = |alert: &AlertSummary| state.is_empty() || Shown::of(alert).key() == state;
        found.with(|found| found.iter().filter(|alert| is_shown(alert)).cloned().collect::<Vec<_>>())
    });
    let table = move || {
        let alerts = shown.get();
        (!alerts.is_empty()).then(|| view! { <AlertTable alerts by=by.get()/> })
    };
    let mistake = move || filter.get().err().map(|why| view! { <p class="wrong" role="alert">{why}</p> });
    let none = move || {
        let (none_shown, none_at_all) =
            (shown.with(Vec::is_empty), all.with(|all| all.as_ref().is_none_or(Vec::is_empty)));
        none_shown.then(|| {
            if none_at_all { view! { <NoAlerts/> }.into_any() } else { view! { <NoneFound/> }.into_any() }
        })
    };
    view! {
        <Answer asked=alerts.asked>
            <div class="log-tools">
                <States found/>
                <span class="grow"></span>
                <SilenceFound/>
                <GroupBy all/>
            </div>
            {dynamic(mistake)}{dynamic(table)}{dynamic(none)}
        </Answer>
    }
}

/// How many are in each state, each a link that shows only these.
#[component]
fn States(found: Memo<Vec<AlertSummary>>) -> impl IntoView {
    let location = Context::get().location;
    let state = location.value("state");
    let one = move |(index, shown): (usize, Shown)| {
        let count = move || found.with(|found| alerts::counts(found)[index]);
        let is_chosen = move || state.with(|state| state == shown.key());
        let href = move || location.href(&[("state", if is_chosen() { "" } else { shown.key() })]);
        view! {
            <a class=format!("state-count {}", shown.class()) title=shown.meaning() data-testid=format!("state-{}", shown.key())
                class:none=dynamic(move || count() == 0) href=dynamic(href) aria-current=dynamic(move || is_chosen().then_some("true"))>
                <span class="glyph" aria-hidden="true">{shown.glyph()}</span>" "{dynamic(move || format::count(count()))}" "{shown.key()}
            </a>
        }
    };
    view! { <nav class="facts" aria-label="States">{Shown::ALL.into_iter().enumerate().map(one).collect_view()}</nav> }
}

/// A silence of what the filter finds, if it is one of labels.
#[component]
fn SilenceFound() -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let href = memo(move || {
        let matchers = find.with(|find| matchers::parse(find)).ok()?;
        Some(
            location
                .link("/alerts", &[("view", "silences"), ("matchers", &matchers::all_written(&matchers))]),
        )
    });
    view! { {dynamic(move || href.get().map(|href| view! { <a href=href data-testid="silence-found">"Silence these"</a> }))} }
}

#[component]
fn GroupBy(all: Memo<Option<Vec<AlertSummary>>>) -> impl IntoView {
    let location = Context::get().location;
    let by = location.value("by");
    let names = memo(move || {
        let mut names = all.with(|all| all.as_deref().map(alerts::label_names).unwrap_or_default());
        let by = by.get();
        if !by.is_empty() && !names.contains(&by) {
            names.push(by);
        }
        names
    });
    let option = move |name: String| {
        let is_chosen = by.with(|by| *by == name);
        let value = name.clone();
        view! { <option value=value selected=is_chosen>{name}</option> }
    };
    view! {
        <label>"Group by "
            <select data-testid="group-by" on:change=handler(move |event| location.set(&[("by", &event_target_value(&event))], false))>
                <option value="" selected=dynamic(move || by.with(String::is_empty))>"nothing"</option>
                {dynamic(move || names.get().into_iter().map(option).collect_view())}
            </select>
        </label>
    }
}

#[component]
fn NoAlerts() -> impl IntoView {
    let location = Context::get().location;
    view! {
        <div class="empty" data-testid="empty">
            <p><span class="ok" aria-hidden="true">"✔ "</span>"No alert fires."</p>
            <p class="hint">"Alerts come of rule files, as Prometheus has them, and of the objectives that "<a href=dynamic(move || location.link("/slos", &[]))>"SLOs"</a>" lists. "<a href=dynamic(move || location.href(&[("view", "rules"), ("new", "1")]))>"Make a rule here"</a>", or name its file in "<code>"rule_files"</code>":"</p>
            <pre class="hints" tabindex="0">{EXAMPLE}</pre>
        </div>
    }
}

#[component]
fn NoneFound() -> impl IntoView {
    let location = Context::get().location;
    let all = move || location.href(&[("find", ""), ("state", "")]);
    view! {
        <div class="empty" data-testid="empty">
            <p>"No alert of now is like this. "<a href=dynamic(all)>"All alerts"</a></p>
            <p class="hint">"Words are found in names, labels and annotations; labels as "<code>"severity=\"page\""</code>"."</p>
        </div>
    }
}

#[component]
fn SilencesTab(silences: Fetched<SilencesResponse>) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let changed = Callback::new(move |()| context.refresh());
    let saved = Callback::new(move |id: String| {
        changed.run(());
        location.set(&[("matchers", ""), ("why", ""), ("edit", ""), ("silence", &id)], false);
    });
    view! {
        <SilenceForm silences saved/>
        <h2>"Silences"</h2>
        <Answer asked=silences.asked><Silences silences changed/></Answer>
    }
}

#[component]
fn History(alerts: Fetched<AlertsResponse>) -> impl IntoView {
    let context = Context::get();
    let find = context.location.value("find");
    let history = fetch::<AlertHistoryResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/alerts/history", &range, &[]))
    });
    let range = move || context.range.get().unwrap_or_default();
    let range_ms = Signal::derive(move || {
        let range = range();
        in_ms(&range)
    });
    let series = Signal::derive(move || {
        let now = alerts.get().map(|answer| answer.alerts.clone()).unwrap_or_default();
        history
            .with(|answer| {
                answer.map(|answer| {
                    vec![alerts::firing_over_time(&answer.changes, &now, &range(), answer.truncated)]
                })
            })
            .unwrap_or_default()
    });
    let found = memo(move || {
        let mut changes = history.get().map(|answer| answer.changes.clone()).unwrap_or_default();
        if let Ok(filter) = find.with(|find| matchers::filter(find)) {
            changes.retain(|change| {
                let (name, labels) = (change.name.clone(), change.labels.clone());
                filter.holds(&AlertSummary { name, labels, ..AlertSummary::default() }, whole_match)
            });
        }
        changes
    });
    let list = move || match found.get() {
        changes if changes.is_empty() => {
            view! { <Empty what="No alert came into another state"/> }.into_any()
        }
        changes => view! { <Changes changes/> }.into_any(),
    };
    let more = move || {
        let truncated = history.with(|answer| answer.is_some_and(|answer| answer.truncated));
        truncated.then(
            || view! { <p class="hint">"There are more, which are older: look in a narrower range."</p> },
        )
    };
    view! {
        <Answer asked=history.asked>
            <LineChart title="Alerts that fired" unit=format::short range_ms series/>
            <h2>"Changes"</h2>
            {dynamic(list)}{dynamic(more)}
        </Answer>
    }
}
