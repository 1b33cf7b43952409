//! Everything of one log record, with ± filters on each value and the way to its trace.

use crate::components::attributes::{Attributes, FilterLinks, Filters, LongText, Section};
use crate::components::copy::CopyButton;
use crate::components::log_text::{self, JsonTree};
use crate::components::moment::Moment;
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::{ansi, links};
use ocelli_api::logs::LogRecord;
use ocelli_api::traces::{Resource, Scope};
use std::sync::Arc;

/// A longer text is shown without its colours.
const COLOURED_BYTES: usize = 64 << 10;

#[component]
pub fn LogDetail(record: Arc<LogRecord>, close: Callback<()>) -> impl IntoView {
    let body = record.body_text.clone();
    let (attributes, dropped) = (record.attributes.clone(), record.dropped_attributes_count);
    let (count, resource, scope) = (attributes.len(), record.resource.clone(), record.scope.clone());
    let location = Context::get().location;
    let id = record.id.clone();
    let around = move || location.href(&[("around", &id), ("record", &id), ("live", ""), ("view", "")]);
    view! {
        <aside class="panel" data-testid="log-detail" aria-label="Log record">
            <header class="panel-head">
                <h2>"Log record"</h2>
                <a href=dynamic(around) data-testid="log-around" title="What was logged before and after it">"Around it"</a>
                <CopyButton label="Copy body" text=Signal::stored(body.clone())/>
                <button type="button" class="icon" aria-label="Close" on:click=handler(move |_| close.run(()))>"✕"</button>
            </header>
            <div class="panel-body">
                <Body text=body/>
                <Facts record/>
                <Section title="Attributes" count>
                    <Attributes items=attributes dropped filters=Filters::Logs/>
                </Section>
                <Origin resource scope filters=Filters::Logs/>
            </div>
        </aside>
    }
}

/// The text as it is, or as a tree where it is JSON.
#[component]
fn Body(text: String) -> impl IntoView {
    let tree = log_text::structure(&text);
    let as_text = RwSignal::new(tree.is_none());
    let has_tree = tree.is_some();
    let (tree, text) = (StoredValue::new(tree), StoredValue::new(text));
    let shown = move || match tree.get_value().filter(|_| !as_text.get()) {
        Some(value) => view! { <JsonTree value depth=0/> }.into_any(),
        None => {
            let text = text.get_value();
            match ansi::has_escapes(&text) && text.len() <= COLOURED_BYTES {
                true => view! { <span class="value mono">{log_text::coloured(&text)}</span> }.into_any(),
                false => view! { <LongText text/> }.into_any(),
            }
        }
    };
    let other = move || {
        let label = if as_text.get() { "As a tree" } else { "As text" };
        has_tree.then(|| view! { <button type="button" class="quiet" data-testid="log-tree" on:click=handler(move |_| as_text.update(|text| *text = !*text))>{label}</button> })
    };
    view! { <div class="body-text">{dynamic(shown)}{dynamic(other)}</div> }
}

/// The fields of the record itself.
#[component]
fn Facts(record: Arc<LogRecord>) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let trace_id = record.trace_id.clone();
    let span_id = record.span_id.clone();
    let trace = (!trace_id.is_empty()).then(|| {
        let path = links::trace_path(&trace_id);
        let span = span_id.clone();
        let href = move || location.link(&path, &[("span", &span)]);
        view! {
            <tr><th scope="row">"trace"</th><td class="mono"><a href=dynamic(href)>{trace_id.clone()}</a></td>
            <td class="filters"><FilterLinks key_name="trace_id".to_owned() value=trace_id filters=Filters::Logs/></td></tr>
        }
    });
    let service_href = location.carry(&links::service_at(&record.service, record.time, record.time));
    let observed = (record.observed_time != record.time && record.observed_time.0 != 0).then(|| {
        view! { <tr><th scope="row">"observed"</th><td><Moment at=record.observed_time/></td><td></td></tr> }
    });
    let level = if record.severity_text.is_empty() {
        ocelli_api::logs::severity_class(record.severity_number).to_owned()
    } else {
        record.severity_text.clone()
    };
    view! {
        <table class="attributes"><tbody>
            <tr><th scope="row">"time"</th><td><Moment at=record.time/></td><td></td></tr>
            {observed}
            <tr><th scope="row">"level"</th><td>{level.clone()}" ("{record.severity_number}")"</td>
                <td class="filters"><FilterLinks key_name="level".to_owned() value=ocelli_api::logs::severity_class(record.severity_number).to_owned() filters=Filters::Logs/></td></tr>
            <tr><th scope="row">"service"</th><td><a href=service_href>{record.service.clone()}</a></td>
                <td class="filters"><FilterLinks key_name="service".to_owned() value=record.service.clone() filters=Filters::Logs/></td></tr>
            {trace}
            {(!record.span_id.is_empty()).then(|| view! { <tr><th scope="row">"span"</th><td class="mono">{record.span_id.clone()}</td><td></td></tr> })}
            {(!record.event_name.is_empty()).then(|| view! { <tr><th scope="row">"event"</th><td>{record.event_name.clone()}</td><td></td></tr> })}
        </tbody></table>
    }
}

/// Who sent it, and which library made it.
#[component]
pub fn Origin(resource: Resource, scope: Scope, filters: Filters) -> impl IntoView {
    let scope_name = match (scope.name.as_str(), scope.version.as_str()) {
        ("", _) => "not named".to_owned(),
        (name, "") => name.to_owned(),
        (name, version) => format!("{name} {version}"),
    };
    let schema = |url: String| (!url.is_empty()).then(|| view! { <p class="hint mono">{url}</p> });
    view! {
        <Section title="Resource" count=resource.attributes.len()>
            <Attributes items=resource.attributes dropped=resource.dropped_attributes_count filters/>
            {schema(resource.schema_url)}
        </Section>
        <Section title="Scope" closed=true>
            <p class="mono">{scope_name}</p>
            <Attributes items=scope.attributes dropped=scope.dropped_attributes_count filters=Filters::None/>
            {schema(scope.schema_url)}
        </Section>
    }
}
