//! A query of PromQL over time: typed, or begun from a metric. What it shows leads to traces, to an alert and to
//! a dashboard.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Answer, Empty, error_note};
use crate::components::dash::answers::{Answered, Scoped, figures};
use crate::components::dash::bars::Table;
use crate::components::dash::chart::SeriesChart;
use crate::components::dash::variables::LabelValues;
use crate::components::folded::Folded;
use crate::components::moment::Moment;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::completion::{self, Kind, proposals};
use crate::view::dashboards::request::{Scope, labels, parsed, with_exemplars};
use crate::view::metric_query::{Exemplar, ExemplarsAnswer, Node, ParsedQuery, exemplars, tree};
use crate::view::{format, links};
use leptos::html;
use ocelli_api::UnixNano;
use ocelli_api::dashboards::interpolate::Values;
use ocelli_api::dashboards::{Panel, PanelKind, PanelQuery};
use ocelli_api::metrics::MetricsResponse;

/// Exemplars with a link.
const EXEMPLARS: usize = 8;

/// `query=` of the URL.
#[component]
pub fn MetricQuery(metrics: Fetched<MetricsResponse>) -> impl IntoView {
    let context = Context::get();
    let query = context.location.value("query");
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            context.location.set(&[("query", input.value().trim())], false);
        }
    };
    let type_in = move |_| typed.set(input.get_untracked().map(|input| input.value()).unwrap_or_default());
    let within = fetch::<LabelValues>(move || {
        let range = context.range.get().ok()?;
        typed.with(|typed| match completion::typed(typed).kind {
            Kind::Label { of, .. } => Some(labels("", of, &range)),
            Kind::Value { of, label, .. } if !label.is_empty() => Some(labels(label, of, &range)),
            _ => None,
        })
    });
    let options = move || {
        let offered = |names: &mut dyn Iterator<Item = &str>| typed.with(|typed| proposals(typed, names));
        let is_name = typed.with(|typed| matches!(completion::typed(typed).kind, Kind::Name));
        // An answer stays until the next one: it may be about another label.
        let is_stale = within.loading.get() || within.failure.with(Option::is_some);
        let found = match is_name {
            true => metrics.with(|all| {
                let all = all.into_iter().flat_map(|all| &all.metrics);
                offered(&mut all.map(|metric| metric.prometheus_name.as_str()))
            }),
            false if is_stale => Vec::new(),
            false => {
                within.with(|all| offered(&mut all.into_iter().flat_map(|all| &all.data).map(String::as_str)))
            }
        };
        found.into_iter().map(|text| view! { <option value=text></option> }).collect_view()
    };
    let shown =
        move || query.with(|query| (!query.is_empty()).then(|| view! { <Shown query=query.clone()/> }));
    view! {
        <form class="query-box" role="search" on:submit=handler(submit)>
            <label for="metric-query" class="hidden">"Query in PromQL"</label>
            <input id="metric-query" node_ref=input data-testid="metric-query" class="mono" type="text" autocomplete="off" spellcheck="false" autocapitalize="off"
                list="metric-names" placeholder="sum by (service_name) (rate(http_requests_total[$__rate_interval]))"
                prop:value=dynamic(move || query.get()) on:input=handler(type_in)/>
            <datalist id="metric-names">{dynamic(options)}</datalist>
            <button type="submit" class="primary">"Show"</button>
        </form>
        {dynamic(shown)}
    }
}

#[component]
fn Shown(query: String) -> impl IntoView {
    let context = Context::get();
    let scope: Scoped = memo(move || {
        let range = context.range.get().ok()?;
        Some(Scope { range, values: Values::default() })
    })
    .into();
    let panel = Panel {
        title: query.clone(),
        kind: PanelKind::TimeSeries,
        queries: vec![PanelQuery { expr: query.clone(), ..PanelQuery::default() }],
        ..Panel::default()
    };
    let (answers, lines) = figures(&panel, scope);
    let title = {
        let query = query.clone();
        memo(move || query.clone())
    };
    let location = context.location;
    let query_of = StoredValue::new(query.clone());
    // A rule has no range of a chart.
    let rule = query.replace("$__rate_interval", "5m").replace("$__interval", "1m");
    let alert = move || location.link("/alerts", &[("view", "rules"), ("new", "1"), ("expr", &rule)]);
    let window = ["$__rate_interval", "$__interval", "$__range"]
        .into_iter()
        .fold(query.clone(), |text, variable| text.replace(variable, "{{.window}}"));
    let slo = move || location.link("/slos", &[("new", "1"), ("total", &window)]);
    let board = {
        let query = query.clone();
        move || location.link("/dashboards", &[("new", "1"), ("query", &query)])
    };
    let chart = move |answer: Answered| {
        let panel = StoredValue::new(panel.clone());
        let nothing = move || {
            let what =
                || format!("No series gives {} a value", panel.with_value(|panel| panel.title.clone()));
            lines.with(Vec::is_empty).then(|| view! { <Empty what=what()/> })
        };
        view! {
            {dynamic(move || answer.wrong().map(|why| error_note(why, ())))}
            <Answer asked=answer.asked>
                {dynamic(nothing)}
                <div class="metric-chart" class:hide=dynamic(move || lines.with(Vec::is_empty)) data-testid="metric-chart"><SeriesChart panel=panel.get_value() title lines scope/></div>
                <details class="as-table" data-testid="metric-values" class:hide=dynamic(move || lines.with(Vec::is_empty))><summary>"As a table"</summary><Table panel=panel.get_value() lines/></details>
            </Answer>
        }
    };
    view! {
        {answers.into_iter().map(chart).collect_view()}
        <p class="facts metric-ways"><Exemplars query=query.clone() scope/>
            <a data-testid="metric-alert" href=dynamic(alert)>"Alert on this"</a>
            <a data-testid="metric-slo" href=dynamic(slo)>"Objective on this"</a>
            <a data-testid="metric-dashboard" href=dynamic(board)>"Dashboard of this"</a></p>
        <Folded summary="How it is read" test="query-tree"><Tree query=query_of.get_value() scope/></Folded>
    }
}

/// Measurements that name their trace, the largest first.
#[component]
fn Exemplars(query: String, scope: Scoped) -> impl IntoView {
    let location = Context::get().location;
    let answer =
        fetch::<ExemplarsAnswer>(move || scope.with(|scope| with_exemplars(&query, scope.as_ref()?)));
    let found =
        memo(move || answer.with(|answer| answer.map(|of| exemplars(of, EXEMPLARS)).unwrap_or_default()));
    let list = move || {
        let one = |of: Exemplar| {
            let path = links::trace_path(&of.trace_id);
            view! {
                <a data-testid="metric-exemplar" href=dynamic(move || location.link(&path, &[]))>{format::short(of.value)}</a>
                <span class="hint"><Moment at=UnixNano(of.at_ns) clock_only=true/></span>
            }
        };
        let found = found.get();
        (!found.is_empty()).then(
            || view! { <strong>"Largest example traces"</strong>{found.into_iter().map(one).collect_view()} },
        )
    };
    view! { {dynamic(list)} }
}

/// How the query is read: each part above what it is made of.
#[component]
fn Tree(query: String, scope: Scoped) -> impl IntoView {
    let answer = fetch::<ParsedQuery>(move || {
        scope.with(|scope| scope.as_ref().and_then(|scope| parsed(&query, scope)))
    });
    let rows = move || {
        let nodes = answer.with(|answer| answer.map(tree).unwrap_or_default());
        let row = |node: Node| {
            let indent = format!("{}px", node.depth.min(24) * 16);
            view! { <li class="mono" style:padding-left=indent data-testid="query-node">{node.text}</li> }
        };
        nodes.into_iter().map(row).collect_view()
    };
    view! { <ul class="plain">{dynamic(rows)}</ul> }
}
