//! `/api/rules/groups`: the groups of rules as they are written, and those that are written over the API.

use super::Rules;
use super::past::{most_steps, over_the_past};
use crate::Error;
use crate::http::Api;
use crate::http::answer::{Answer, ok};
use crate::http::asked::remembered;
use crate::http::params::Params;
use crate::http::run::run;
use crate::http::written::{Document, Kept, Kind, Nothing, SAVED, Saved, Written, id, revision};
use crate::rules::file::parse_one;
use crate::rules::preview::{Episode, Over, verdict};
use crate::rules::{Group, Problem, Rule, form_of};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get, post, put};
use ocelli_api::rules::{
    GroupPreview, GroupSaved, RuleGroup, RuleGroupsResponse, RuleHealth, RuleVerdict, WrittenGroup,
};
use ocelli_api::{QueryStats, TimeRange, UnixNano};
use std::sync::Arc;

const DAY_NS: i64 = 86_400_000_000_000;
const MINUTE_MS: i64 = 60_000;
/// Alerts of a group whose past is told.
const MOST_PREVIEWS: usize = 20;

#[derive(Clone)]
struct Shared {
    api: Api,
    rules: Rules,
    written: Arc<dyn Written>,
}

pub fn endpoints(api: Api, rules: Rules, written: Arc<dyn Written>) -> Vec<(&'static str, MethodRouter)> {
    let shared = Shared { api, rules, written };
    remembered(vec![
        ("GET /api/rules/groups", get(list).with_state(shared.clone())),
        ("POST /api/rules/groups", post(create).with_state(shared.clone())),
        ("POST /api/rules/groups/preview", post(preview).with_state(shared.clone())),
        ("GET /api/rules/groups/{name}", get(one).with_state(shared.clone())),
        ("PUT /api/rules/groups/{name}", put(replace).with_state(shared.clone())),
        ("DELETE /api/rules/groups/{name}", delete(remove).with_state(shared)),
    ])
}

async fn list(State(shared): State<Shared>) -> Answer<RuleGroupsResponse> {
    ok(RuleGroupsResponse { groups: shared.groups() })
}

async fn one(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
) -> Answer<WrittenGroup> {
    let name = id(path, "name")?;
    let saved = shared.written.saved(Kind::Group).into_iter().find(|saved| saved.id == name);
    let found = shared.groups().into_iter().filter(|group| group.name == name);
    // A saved one first: it can be changed.
    let found = found.max_by_key(|group| group.revision.is_some());
    let mut group = found.ok_or_else(|| Error::NotFound(format!("there is no group {name:?}")))?;
    group.form = saved.as_ref().and_then(|saved| form_of(&parse_one(SAVED, &saved.text).ok()?));
    group.document = saved.map(|saved| saved.text);
    ok(group)
}

async fn create(State(shared): State<Shared>, Document(text): Document) -> Answer<GroupSaved> {
    let kept = shared.written.create(Kind::Group, text.clone()).await?;
    shared.told(kept, text).await
}

async fn preview(
    State(shared): State<Shared>,
    params: Params,
    Document(text): Document,
) -> Answer<GroupPreview> {
    let range = match params.get("from") {
        Some(_) => params.range(shared.api.now())?,
        None => shared.last_day(),
    };
    let group = match parse_one("preview", &text) {
        Ok(group) => group,
        Err(problems) => {
            let problems = problems.iter().map(Problem::shown).collect();
            return ok(GroupPreview { problems, ..GroupPreview::default() });
        }
    };
    let form = form_of(&group);
    let (previews, preview_problem, stats) = shared.previews(group, range).await?;
    ok(GroupPreview { problems: Vec::new(), form, previews, preview_problem, stats })
}

async fn replace(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    params: Params,
    Document(text): Document,
) -> Answer<GroupSaved> {
    let (name, revision) = (id(path, "name")?, revision(&params)?);
    let kept = shared.written.replace(Kind::Group, name, revision, text.clone()).await?;
    shared.told(kept, text).await
}

async fn remove(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    params: Params,
) -> Answer<Nothing> {
    shared.written.delete(Kind::Group, id(path, "name")?, revision(&params)?).await?;
    ok(Nothing {})
}

/// Of the worst rule.
fn health(runs: &RuleGroup) -> RuleHealth {
    let of = |wanted| runs.rules.iter().any(|rule| rule.health == wanted);
    match (of(RuleHealth::Err), of(RuleHealth::Unknown)) {
        (true, _) => RuleHealth::Err,
        (_, true) => RuleHealth::Unknown,
        _ => RuleHealth::Ok,
    }
}

fn last_error(runs: &RuleGroup) -> Option<String> {
    let failed = runs.rules.iter().find(|rule| rule.health == RuleHealth::Err)?;
    Some(format!("{}: {}", failed.name, failed.last_error.as_deref().unwrap_or("it failed")))
}

impl Shared {
    fn groups(&self) -> Vec<WrittenGroup> {
        let saved = self.written.saved(Kind::Group);
        let revision = |group: &Group| {
            let saved = saved.iter().find(|saved| saved.id == group.name && saved.left_out.is_none());
            saved.filter(|_| *group.file == *SAVED).map(|saved| saved.revision)
        };
        let running = (self.rules.0)().groups;
        let in_force = |group: Group| {
            let runs = running.iter().find(|runs| runs.name == group.name && *runs.file == *group.file);
            WrittenGroup {
                revision: revision(&group),
                names: group.rules.iter().map(|rule| rule.name.clone()).collect(),
                alerts: group.rules.iter().filter(|rule| rule.alert.is_some()).count() as u64,
                file: group.file.to_string(),
                health: runs.map(health).unwrap_or_default(),
                last_error: runs.and_then(last_error),
                last_evaluation: runs.and_then(|runs| runs.last_evaluation),
                interval_ms: runs.map(|runs| runs.interval_ms),
                name: group.name,
                ..WrittenGroup::default()
            }
        };
        let mut all: Vec<WrittenGroup> = self.written.groups().into_iter().map(in_force).collect();
        let left_out = saved.iter().filter(|saved| saved.left_out.is_some());
        all.extend(left_out.map(|Saved { id, revision, left_out, .. }| WrittenGroup {
            name: id.clone(),
            file: SAVED.to_owned(),
            revision: Some(*revision),
            left_out: left_out.clone(),
            ..WrittenGroup::default()
        }));
        all.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
        all
    }

    /// It is saved whatever becomes of its preview.
    async fn told(&self, Kept { id, revision }: Kept, text: String) -> Answer<GroupSaved> {
        let mut saved = GroupSaved { name: id, revision, ..GroupSaved::default() };
        let Ok(group) = parse_one(SAVED, &text) else { return ok(saved) };
        match self.previews(group, self.last_day()).await {
            Ok((previews, problem, stats)) => {
                (saved.previews, saved.preview_problem, saved.stats) = (previews, problem, stats);
            }
            Err(error) => saved.preview_problem = Some(error.to_string()),
        }
        ok(saved)
    }

    fn last_day(&self) -> TimeRange {
        let to = self.api.now();
        TimeRange { from: UnixNano(to.0.saturating_sub(DAY_NS)), to }
    }

    async fn previews(
        &self,
        group: Group,
        range: TimeRange,
    ) -> Result<(Vec<RuleVerdict>, Option<String>, QueryStats), Error> {
        let (from_ms, to_ms) = (range.from.0.div_euclid(1_000_000), range.to.0.div_euclid(1_000_000));
        run(&self.api, move |api, budget| {
            let snapshot = budget.snapshot(api);
            let (mut found, mut problem) = (Vec::new(), None);
            let alerts: Vec<&Rule> = group.rules.iter().filter(|rule| rule.alert.is_some()).collect();
            if alerts.len() > MOST_PREVIEWS {
                problem = Some(format!("only the first {MOST_PREVIEWS} alerts have a preview"));
            }
            for rule in alerts.into_iter().take(MOST_PREVIEWS) {
                let least_ms = (to_ms - from_ms) / most_steps(rule.language) + 1;
                let interval_ms = group.interval_ms.unwrap_or(MINUTE_MS).max(least_ms);
                let over = Over { from_ms, to_ms, interval_ms, max_samples: api.limits.samples };
                match over_the_past(api, &snapshot, budget, rule, over) {
                    Ok(past) => found.push(RuleVerdict {
                        alert: rule.name.clone(),
                        verdict: verdict(&past, over),
                        count: past.count,
                        firing_ms: past.firing_ms,
                        episodes: past.episodes.into_iter().map(Episode::shown).collect(),
                    }),
                    Err(error @ (Error::Cancelled | Error::Timeout(_))) => return Err(error),
                    Err(error) => problem = Some(format!("{}: {error}", rule.name)),
                }
            }
            Ok((found, problem, budget.stats()))
        })
        .await
    }
}
