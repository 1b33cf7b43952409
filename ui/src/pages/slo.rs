//! `/slos/:id`: what is left of the budget of one objective, and what burned it.

use crate::client::{Fetched, fetch_now};
use crate::components::answer::Answer;
use crate::components::editor::Target;
use crate::components::line_chart::LineChart;
use crate::components::moment::Moment;
use crate::components::send_button::SendButton;
use crate::components::slo_editor::SloEditor;
use crate::components::slo_marks::{Budget, Forecast, RiskMark};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::query_string::QueryString;
use crate::view::range::in_ms;
use crate::view::slos::{self, Risk};
use crate::view::{format, length, links};
use ocelli_api::slos::{BadInterval, Episode, SloAlert, SloHistory, SloResponse, SloStatus, Spend, SpendBy};

/// Rows of a table of what burned the budget.
const SPENDERS: usize = 12;

#[component]
pub fn Slo(id: String) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let path = format!("/api{}", links::slo_path(&id));
    // Without a range in the address the history is that of the objective's own window.
    let has_range = move || location.query.with(|query| query.get("from").is_some());
    let answer = fetch_now::<SloResponse>(move || {
        if has_range() {
            return context.range.get().ok().map(|range| links::api(&path, &range, &[]));
        }
        Some(QueryString::default().on(&path))
    });
    let whole = move || {
        let href = move || location.href(&[("from", ""), ("to", "")]);
        has_range().then(|| view! { <a href=dynamic(href) data-testid="whole-window">"Its whole window"</a> })
    };
    let edit = location.value("edit");
    let body = {
        let id = id.clone();
        move || match edit.with(String::is_empty) {
            true => view! { <Body answer/> }.into_any(),
            false => view! { <Edit id=id.clone() answer/> }.into_any(),
        }
    };
    view! {
        <section class="page">
            <header class="page-head">
                <h1>{id.clone()}</h1>
                <nav class="ways" aria-label="Of this objective">
                    <a href=dynamic(move || location.link("/slos", &[]))>"All objectives"</a>{dynamic(whole)}
                    <Changes id answer/>
                </nav>
            </header>
            <Answer asked=answer.asked stats=answer.map(|answer| answer.stats.clone())>
                {dynamic(body.clone())}
            </Answer>
        </section>
    }
}

fn address(id: &str) -> String {
    format!("/api{}", links::slo_path(id))
}

/// Ways to change it; of one from a file, where that is done.
#[component]
fn Changes(id: String, answer: Fetched<SloResponse>) -> impl IntoView {
    let location = Context::get().location;
    let from = answer.map(|answer| (answer.slo.file.clone(), answer.slo.revision));
    let ways = move || {
        let id = id.clone();
        from.get().map(|(file, revision)| match revision {
            None => view! { <span class="hint" data-testid="of-file">"Written in "{file}</span> }.into_any(),
            Some(revision) => {
                let url = format!("{}?revision={revision}", address(&id));
                let sure = format!("Delete the objective {id}? Its rules and alerts end with it.");
                let done =
                    Callback::new(move |_| location.go(&untrack(|| location.link("/slos", &[])), false));
                view! {
                    <a data-testid="edit" href=dynamic(move || location.href(&[("edit", "1")]))>"Edit"</a>
                    <SendButton label="Delete" of=id method="DELETE" url sure done/>
                }
                .into_any()
            }
        })
    };
    view! { {dynamic(ways)} }
}

/// What is typed is not lost to a refresh: the document is taken once.
#[component]
fn Edit(id: String, answer: Fetched<SloResponse>) -> impl IntoView {
    let location = Context::get().location;
    let cancel = Callback::new(move |()| location.set(&[("edit", "")], false));
    let (slo, known) = answer
        .with_untracked(|answer| {
            let answer = answer?;
            let known = answer.document.clone().map(|document| (document, answer.form.clone()));
            Some((answer.slo.clone(), known))
        })
        .unwrap_or_default();
    match slo.revision {
        Some(revision) => {
            let target = Target { collection: "/api/slos", known: Some((address(&id), revision)) };
            view! { <SloEditor target known cancel/> }.into_any()
        }
        None => view! { <p class="empty">"It is written in "{slo.file}", and changed there."</p> }.into_any(),
    }
}

#[component]
fn Body(answer: Fetched<SloResponse>) -> impl IntoView {
    let status = answer.map(|answer| answer.slo.clone());
    let range = answer.map(|answer| in_ms(&answer.range));
    let history = answer.map(|answer| answer.history.clone());
    let spend = answer.map(|answer| answer.spend.clone());
    let bad = answer.map(|answer| answer.bad_intervals.clone());
    let episodes = answer.map(|answer| answer.episodes.clone());
    // Nothing is said of what nobody has counted.
    let known = memo(move || answer.with(|answer| answer.is_some_and(|answer| answer.slo.sli.is_some())));
    view! {
        {dynamic(move || status.get().map(|status| view! { <Figures status/> }))}
        <Charts range_ms=Signal::derive(move || range.get().unwrap_or_default()) history=Signal::derive(move || history.get().unwrap_or_default())/>
        {dynamic(move || spend.get().map(|spend| view! { <Spenders spend/> }))}
        {dynamic(move || bad.get().filter(|_| known.get()).map(|intervals| view! { <BadIntervals intervals/> }))}
        {dynamic(move || episodes.get().filter(|_| known.get()).map(|episodes| view! { <Episodes episodes/> }))}
    }
}

#[component]
pub fn Figures(status: SloStatus) -> impl IntoView {
    let events = format!(
        "{} bad of {}",
        format::short(status.events.bad),
        format::short(status.events.bad + status.events.good)
    );
    let window = match &status.window.time_zone {
        Some(zone) => format!("{} in {zone}", status.window.length),
        None => status.window.length.clone(),
    };
    let known = (status.known < 1.0)
        .then(|| format!("{} of the window is known yet", format::ratio(Some(status.known))));
    let problem = status.problem.clone().map(|why| {
        view! { <div class="note warn" role="status"><span class="glyph" aria-hidden="true">"▲"</span><span class="text">{why}</span></div> }
    });
    let overspent = status.budget_left.is_some_and(|left| left < 0.0);
    let tile = |label: &'static str, value: AnyView| view! { <div class="tile"><dt>{label}</dt><dd>{value}</dd></div> };
    let firing = status.firing.iter().map(|firing| {
        let severity = slos::severity(firing.severity);
        view! { <span class="sev-error">"✖ "{firing.alert.clone()}" fires ("{severity}"), since "<Moment at=firing.since/></span> }
    });
    view! {
        <p class="facts"><RiskMark risk=Risk::of(&status)/><span>{status.indicator.clone()}</span><span class="hint">{status.description.clone()}</span>{firing.collect_view()}</p>
        {problem}
        <dl class="tiles" data-testid="slo-figures">
            {tile("Budget left", view! { <Budget left=status.budget_left with_overspent=overspent/> }.into_any())}
            {tile("Good", view! { {slos::precise(status.sli)}<small>" of "{slos::precise(Some(status.objective))}</small> }.into_any())}
            {tile("Events", view! { {events} }.into_any())}
            {tile("Budget runs out", view! { <Forecast exhaustion=status.exhaustion.clone() known=status.sli.is_some()/> }.into_any())}
            {tile("Window", view! { {window}<small>{known.map(|known| format!(" {known}"))}</small> }.into_any())}
        </dl>
        <h2>"Burn windows"</h2>
        <div class="scroll-table" tabindex="0"><table class="rows burn-table">
            <thead><tr><th>"State"</th><th>"Windows"</th><th class="num">"Long"</th><th class="num">"Short"</th><th class="num">"Threshold"</th><th>"Means"</th></tr></thead>
            <tbody>{status.alerts.into_iter().map(|alert| view! { <Pair alert/> }).collect_view()}</tbody>
        </table></div>
    }
}

#[component]
fn Pair(alert: SloAlert) -> impl IntoView {
    let (text, glyph, class) = slos::burn_state(alert.state);
    let rate =
        |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), |rate| format!("{}×", format::short(rate)));
    let means = match alert.enabled {
        true => format!(
            "a {} after {} of the budget",
            slos::severity(alert.severity),
            format::ratio(Some(alert.budget_spent))
        ),
        false => "nobody is told".to_owned(),
    };
    let over = |rate: Option<f64>| rate.is_some_and(|rate| rate > alert.threshold);
    let (long, short) = (alert.long.rate, alert.short.rate);
    view! {
        <tr data-testid="burn-row">
            <td title=slos::burn_meaning(alert.state)><span class=format!("mark {class}")><span class="glyph" aria-hidden="true">{glyph}</span>" "{text}</span></td>
            <th scope="row">{alert.long.window}" and "{alert.short.window}</th>
            <td class="num" class:bad=over(long)>{rate(long)}</td>
            <td class="num" class:bad=over(short)>{rate(short)}</td>
            <td class="num">{rate(Some(alert.threshold))}</td>
            <td class="hint">{means}</td>
        </tr>
    }
}

#[component]
pub fn Charts(range_ms: Signal<(f64, f64)>, history: Signal<SloHistory>) -> impl IntoView {
    // Of an objective that is younger than its window the history begins later.
    let range_ms = Signal::derive(move || {
        let (from_ms, to_ms) = range_ms.get();
        (from_ms.max(history.with(|history| history.start_ms as f64)), to_ms)
    });
    let percent = |share: f64| slos::signed(Some(share));
    let left = Signal::derive(move || {
        history.with(|history| vec![slos::line(history, "left", "--accent", &history.budget_left)])
    });
    let burn = Signal::derive(move || history.with(slos::burn_lines));
    let bad = Signal::derive(move || {
        history.with(|history| vec![slos::line(history, "bad", "--err", &history.bad)])
    });
    view! {
        <div class="charts">
            <LineChart title="Budget left" unit=percent range_ms series=left/>
            <LineChart title="Burn rate" unit=|rate| format!("{}×", format::short(rate)) range_ms series=burn/>
            <LineChart title="Bad events" unit=format::short range_ms series=bad/>
        </div>
    }
}

#[component]
fn Spenders(spend: Vec<SpendBy>) -> impl IntoView {
    let location = Context::get().location;
    let row = |spend: Spend| {
        let value = if spend.value.is_empty() { "none".to_owned() } else { spend.value };
        let width = length::share(spend.share);
        let value = match links::safe(&spend.traces_url).map(str::to_owned) {
            Some(url) => view! { <a data-nav="" href=location.carry(&url)>{value}</a> }.into_any(),
            None => view! { {value} }.into_any(),
        };
        view! {
            <tr data-testid="spend-row">
                <th scope="row">{value}</th>
                <td class="num">{format::short(spend.bad)}</td>
                <td class="num">{format::ratio(Some(spend.share))}</td>
                <td class="bar-cell"><span class="share err" style:width=width></span></td>
                <td class="num">{slos::signed(Some(spend.budget))}</td>
            </tr>
        }
    };
    let one = move |by: SpendBy| {
        let counted = (by.source == "spans").then_some(" counted in the spans that are kept");
        view! {
            <section><h3>"By "{by.dimension}<span class="count">{counted}</span></h3>
                <div class="scroll-table" tabindex="0"><table class="rows">
                    <thead><tr><th>"Value"</th><th class="num">"Bad"</th><th class="num">"Share"</th><td class="bar-head"></td><th class="num">"Of the budget"</th></tr></thead>
                    <tbody>{by.values.into_iter().take(SPENDERS).map(row).collect_view()}</tbody>
                </table></div>
            </section>
        }
    };
    let some: Vec<SpendBy> = spend.into_iter().filter(|by| !by.values.is_empty()).collect();
    let none = some
        .is_empty()
        .then(|| view! { <p class="hint">"Nothing was bad, or nothing is known of who it was."</p> });
    view! { <h2>"Who burned it"</h2>{none}<div class="two">{some.into_iter().map(one).collect_view()}</div> }
}

#[component]
fn Evidence(traces: String, logs: String) -> impl IntoView {
    let location = Context::get().location;
    let link = |url: &str, label: &'static str| {
        links::safe(url).map(|url| view! { <a href=location.carry(url)>{label}</a> })
    };
    view! { <span class="ways">{link(&traces, "Traces")}{link(&logs, "Logs")}</span> }
}

#[component]
fn BadIntervals(intervals: Vec<BadInterval>) -> impl IntoView {
    let none = intervals
        .is_empty()
        .then(|| view! { <p class="hint">"At no time was more bad than the objective allows."</p> });
    let row = |bad: BadInterval| {
        view! {
            <tr data-testid="bad-interval">
                <td><Moment at=bad.from/></td>
                <td class="num">{format::duration_ns(bad.to.0.saturating_sub(bad.from.0))}</td>
                <td class="num">{format::short(bad.bad)}" of "{format::short(bad.good + bad.bad)}</td>
                <td class="num">{slos::signed(Some(bad.budget_spent))}</td>
                <td><Evidence traces=bad.traces_url logs=bad.logs_url/></td>
            </tr>
        }
    };
    let is_empty = intervals.is_empty();
    view! {
        <h2>"When it burned"</h2>
        {none}
        <div class="scroll-table" class:hide=is_empty><table class="rows">
            <thead><tr><th>"From"</th><th class="num">"For"</th><th class="num">"Bad"</th><th class="num">"Of the budget"</th><th>"Look at"</th></tr></thead>
            <tbody>{intervals.into_iter().map(row).collect_view()}</tbody>
        </table></div>
    }
}

#[component]
pub fn Episodes(episodes: Vec<Episode>) -> impl IntoView {
    let is_empty = episodes.is_empty();
    let none = is_empty.then(|| view! { <p class="hint">"Nobody would have been woken."</p> });
    let row = |episode: Episode| {
        let lasted = episode.to.map(|to| format::duration_ns(to.0.saturating_sub(episode.from.0)));
        view! {
            <tr data-testid="episode">
                <td>{slos::severity(episode.severity)}</td>
                <td><Moment at=episode.from/></td>
                <td class="num">{lasted.unwrap_or_else(|| "still on".to_owned())}</td>
                <td>{episode.windows}</td>
                <td class="num">{format::short(episode.peak_burn_rate)}"×"</td>
                <td class="num">{slos::signed(Some(episode.budget_spent))}</td>
                <td><Evidence traces=episode.traces_url logs=episode.logs_url/></td>
            </tr>
        }
    };
    view! {
        <h2>"What would have paged"</h2>
        {none}
        <div class="scroll-table" class:hide=is_empty><table class="rows">
            <thead><tr><th>"Kind"</th><th>"From"</th><th class="num">"For"</th><th>"Windows"</th><th class="num">"Peak"</th><th class="num">"Of the budget"</th><th>"Look at"</th></tr></thead>
            <tbody>{episodes.into_iter().map(row).collect_view()}</tbody>
        </table></div>
    }
}
