//! `/metrics`: a query over time, every metric with what it costs, and which labels and values make it dear.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Answer, Empty};
use crate::components::cardinality::{Cardinality, Numbers};
use crate::components::find::Find;
use crate::components::metric_query::MetricQuery;
use crate::components::saved_searches::SavedSearches;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::{costs, format, links, metric_query};
use ocelli_api::metrics::{Cost, MetricSummary, MetricsResponse};
use ocelli_api::searches::SearchPage;

/// Rows of a table; more are found by name.
const ROWS: usize = 200;

#[component]
pub fn Metrics() -> impl IntoView {
    let context = Context::get();
    let chosen = context.location.value("metric");
    let metrics = fetch::<MetricsResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/metrics", &range, &[]))
    });
    let all = move || context.location.href(&[("metric", "")]);
    view! {
        <section class="page">
            <header class="page-head"><h1>"Metrics"</h1><SavedSearches page=SearchPage::Metrics/><Find what="a metric"/></header>
            <MetricQuery metrics/>
            <Answer asked=metrics.asked stats=metrics.map(|answer| answer.stats.clone())>
                <Table metrics/>
            </Answer>
            <h2>{dynamic(move || match chosen.get() {
                name if name.is_empty() => "What the labels of all series cost".to_owned(),
                name => format!("What the labels of {name} cost"),
            })}</h2>
            <Show when=move || chosen.with(|name| !name.is_empty())><p><a href=dynamic(all)>"All metrics"</a></p></Show>
            <Cardinality metric=chosen/>
        </section>
    }
}

#[component]
fn Table(metrics: Fetched<MetricsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let rows = memo(move || {
        let find = find.get();
        metrics.with(|answer| answer.map(|answer| costs::found(&answer.metrics, &find)).unwrap_or_default())
    });
    let left_out = move || {
        let more = rows.with(Vec::len).saturating_sub(ROWS);
        (more > 0).then(|| {
            let more = format::plural(more as u64, "metric", "metrics");
            view! { <p class="hint">{more}" more with fewer series: find them by name."</p> }
        })
    };
    let none = move || {
        rows.with(Vec::is_empty).then(|| {
            let what = match find.get() {
                find if find.is_empty() => "No metric has been seen".to_owned(),
                find => format!("No metric whose name holds “{find}” has been seen"),
            };
            view! { <Empty what><p class="hint">"Metrics come over OTLP and Prometheus remote write."</p></Empty> }
        })
    };
    view! {
        <div class="scroll-table" class:hide=dynamic(move || rows.with(Vec::is_empty))>
        <table class="rows">
            <thead><tr>
                <th>"Metric"</th><th>"In PromQL"</th><th>"Kind"</th><th>"Unit"</th>
                <th class="num">"Series"</th><th class="num">"Points"</th><th class="num">"Bytes"</th>
            </tr></thead>
            <tbody>{dynamic(move || rows.get().into_iter().take(ROWS).map(|metric| view! { <Row metric/> }).collect_view())}</tbody>
        </table>
        </div>
        {dynamic(left_out)}{dynamic(none)}
    }
}

#[component]
fn Row(metric: MetricSummary) -> impl IntoView {
    let location = Context::get().location;
    let query = metric_query::begin(&metric);
    let MetricSummary { name, prometheus_name, kind, unit, description, series, points, bytes } = metric;
    let chosen = location.value("metric");
    let (own, shown) = (name.clone(), name.clone());
    let current = move || chosen.with(|chosen| *chosen == own).then_some("true");
    let prometheus = (prometheus_name != name).then_some(prometheus_name);
    view! {
        <tr data-testid="metric-row" aria-current=dynamic(current)>
            <th scope="row"><a data-nav="" title=description href=dynamic(move || location.href(&[("metric", &name), ("query", &query)]))>{shown}</a></th>
            <td class="mono">{prometheus}</td>
            <td>{kind.replace('_', " ")}</td>
            <td>{unit}</td>
            <Numbers cost=Cost { series, points, bytes }/>
        </tr>
    }
}
