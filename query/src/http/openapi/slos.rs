//! What can be asked of objectives, and of groups of rules, and how they are saved.

use super::{Change, FROM, Form, Param, Route, Schemas, TIME, TO, param};
use ocelli_api::{rules, slos};
use utoipa::openapi::path::HttpMethod;

const AT: Param = param("at", Form::Default("now"), TIME);

pub static ROUTES: &[Route] = &[
    Route {
        path: "/api/slos",
        id: "listSlos",
        tag: "slos",
        summary: "Every objective: what of its budget is left, and how fast it burns",
        parameters: &[AT],
        answer: Schemas::of::<slos::SlosResponse>,
    },
    Route {
        path: "/api/slos/{id}",
        id: "getSlo",
        tag: "slos",
        summary: "One objective: its history, what burned the budget, and when alerts fired",
        parameters: &[ID, AT, param("from", Form::Text, FROM.about), param("to", Form::Text, TO.about)],
        answer: Schemas::of::<slos::SloResponse>,
    },
    Route {
        path: "/api/rules/groups",
        id: "listRuleGroups",
        tag: "rules",
        summary: "The groups of rules as they are written, and which of them can be changed here",
        parameters: &[],
        answer: Schemas::of::<rules::RuleGroupsResponse>,
    },
    Route {
        path: "/api/rules/groups/{name}",
        id: "getRuleGroup",
        tag: "rules",
        summary: "One group, with its document if it was saved here",
        parameters: &[param("name", Form::Required, "The name of the group.")],
        answer: Schemas::of::<rules::WrittenGroup>,
    },
];

const ID: Param = param("id", Form::Required, "`SERVICE-NAME`, the label `sloth_id`.");
const REVISION: Param =
    param("revision", Form::Required, "The one that the change is made to; 409 tells of another.");

pub static CHANGES: &[Change] = &[Change {
    method: HttpMethod::Post,
    path: "/api/slos/preview",
    id: "previewSlos",
    tag: "slos",
    summary: "What is wrong with a file of objectives, or what they would have told and paged over the past",
    parameters: &[],
    body: Some(Schemas::of::<slos::SloPreviewRequest>),
    answer: Some(Schemas::of::<slos::SloPreviewResponse>),
}];

/// Bodies are YAML, or JSON of the same shape.
pub static DOCUMENTS: &[Change] = &[
    Change {
        method: HttpMethod::Post,
        path: "/api/slos",
        id: "createSlo",
        tag: "slos",
        summary: "Saves a new objective: a document in the own form, Sloth's or OpenSLO's; it is in force at once",
        parameters: &[],
        body: Some(|_| super::text()),
        answer: Some(Schemas::of::<slos::SloSaved>),
    },
    Change {
        method: HttpMethod::Put,
        path: "/api/slos/{id}",
        id: "replaceSlo",
        tag: "slos",
        summary: "Changes a saved objective; one of a file is refused with the file's name",
        parameters: &[ID, REVISION],
        body: Some(|_| super::text()),
        answer: Some(Schemas::of::<slos::SloSaved>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/slos/{id}",
        id: "deleteSlo",
        tag: "slos",
        summary: "Deletes a saved objective with its rules; its alerts are over",
        parameters: &[ID, REVISION],
        body: None,
        answer: None,
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/rules/groups",
        id: "createRuleGroup",
        tag: "rules",
        summary: "Saves a new group of rules, as a rule file has it; it is in force at once",
        parameters: &[],
        body: Some(|_| super::text()),
        answer: Some(Schemas::of::<rules::GroupSaved>),
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/rules/groups/preview",
        id: "previewRuleGroup",
        tag: "rules",
        summary: "What is wrong with a group of rules, or when its alerts would have fired",
        parameters: &[param("from", Form::Text, "The last day, where not given."), TO],
        body: Some(|_| super::text()),
        answer: Some(Schemas::of::<rules::GroupPreview>),
    },
    Change {
        method: HttpMethod::Put,
        path: "/api/rules/groups/{name}",
        id: "replaceRuleGroup",
        tag: "rules",
        summary: "Changes a saved group; one of a file is refused with the file's name",
        parameters: &[param("name", Form::Required, "The name of the group."), REVISION],
        body: Some(|_| super::text()),
        answer: Some(Schemas::of::<rules::GroupSaved>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/rules/groups/{name}",
        id: "deleteRuleGroup",
        tag: "rules",
        summary: "Deletes a saved group; its alerts are over",
        parameters: &[param("name", Form::Required, "The name of the group."), REVISION],
        body: None,
        answer: None,
    },
];
