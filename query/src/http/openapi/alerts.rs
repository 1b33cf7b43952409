//! What can be asked of alerts, silences and receivers.

use super::{Change, FROM, Form, Param, Route, Schemas, TO, param};
use ocelli_api::alerts;
use utoipa::openapi::path::HttpMethod;

const FILTER: Param =
    param("filter", Form::Text, "Matchers as `severity=\"page\",team=~\"a|b\"`; it may be repeated.");
const ALERT: Param = param("fingerprint", Form::Required, "16 hex digits.");
const SILENCE: Param = param("id", Form::Required, "The id of a silence.");
const MESSAGE: Param = param("id", Form::Required, "The id of a message.");

pub static ROUTES: &[Route] = &[
    Route {
        path: "/api/alerts",
        id: "listAlerts",
        tag: "alerts",
        summary: "The alerts of now, the most urgent first",
        parameters: &[
            param(
                "state",
                Form::Choice(&["firing", "unknown", "pending", "resolved"]),
                "All, where not given; it may be repeated.",
            ),
            param("receiver", Form::Text, "The name of one that is told."),
            FILTER,
        ],
        answer: Schemas::of::<alerts::AlertsResponse>,
    },
    Route {
        path: "/api/alerts/history",
        id: "getAlertHistory",
        tag: "alerts",
        summary: "When alerts came into another state, the newest first",
        parameters: &[FROM, TO, param("limit", Form::Number(1_000, 1, 10_000), "Changes of the answer.")],
        answer: Schemas::of::<alerts::AlertHistoryResponse>,
    },
    Route {
        path: "/api/alerts/{fingerprint}",
        id: "getAlert",
        tag: "alerts",
        summary: "One alert: its changes, and who was told",
        parameters: &[ALERT],
        answer: Schemas::of::<alerts::AlertResponse>,
    },
    Route {
        path: "/api/silences",
        id: "listSilences",
        tag: "alerts",
        summary: "Silences: active, to come, over",
        parameters: &[],
        answer: Schemas::of::<alerts::SilencesResponse>,
    },
    Route {
        path: "/api/silences/{id}",
        id: "getSilence",
        tag: "alerts",
        summary: "One silence",
        parameters: &[SILENCE],
        answer: Schemas::of::<alerts::Silence>,
    },
    Route {
        path: "/api/receivers",
        id: "listReceivers",
        tag: "alerts",
        summary: "Who is told, how, and whether it arrives",
        parameters: &[],
        answer: Schemas::of::<alerts::ReceiversResponse>,
    },
    Route {
        path: "/api/outbox",
        id: "listOutbox",
        tag: "alerts",
        summary: "Messages that wait, and dead letters",
        parameters: &[],
        answer: Schemas::of::<alerts::OutboxResponse>,
    },
];

/// Bodies are JSON with its content type.
pub static CHANGES: &[Change] = &[
    Change {
        method: HttpMethod::Post,
        path: "/api/alerts/{fingerprint}/acknowledgement",
        id: "acknowledgeAlert",
        tag: "alerts",
        summary: "Takes an alert on: its receivers are not told of it again while it fires",
        parameters: &[ALERT],
        body: Some(Schemas::of::<alerts::AcknowledgeRequest>),
        answer: Some(Schemas::of::<alerts::AcknowledgeResponse>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/alerts/{fingerprint}/acknowledgement",
        id: "takeBackAcknowledgement",
        tag: "alerts",
        summary: "Takes an acknowledgement back, of all alerts that it was given for",
        parameters: &[ALERT],
        body: None,
        answer: Some(Schemas::of::<alerts::AcknowledgeResponse>),
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/silences",
        id: "saveSilence",
        tag: "alerts",
        summary: "Makes a silence, or changes the one of the id",
        parameters: &[],
        body: Some(Schemas::of::<alerts::SilenceRequest>),
        answer: Some(Schemas::of::<alerts::Silence>),
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/silences/preview",
        id: "previewSilence",
        tag: "alerts",
        summary: "The alerts that a silence would hide",
        parameters: &[],
        body: Some(Schemas::of::<alerts::SilencePreviewRequest>),
        answer: Some(Schemas::of::<alerts::SilencePreviewResponse>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/silences/{id}",
        id: "expireSilence",
        tag: "alerts",
        summary: "Ends a silence now",
        parameters: &[SILENCE],
        body: None,
        answer: Some(Schemas::of::<alerts::Silence>),
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/receivers/{name}/test",
        id: "testReceiver",
        tag: "alerts",
        summary: "Sends a test to every integration of a receiver; the body is {}",
        parameters: &[param("name", Form::Required, "The name of the receiver.")],
        body: None,
        answer: Some(Schemas::of::<alerts::ReceiverTestResponse>),
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/outbox/{id}/resend",
        id: "resendMessage",
        tag: "alerts",
        summary: "Has a dead letter wait again; the body is {}",
        parameters: &[MESSAGE],
        body: None,
        answer: Some(Schemas::of::<alerts::Notification>),
    },
    Change {
        method: HttpMethod::Delete,
        path: "/api/outbox/{id}",
        id: "discardMessage",
        tag: "alerts",
        summary: "Deletes a message: it is not sent any more",
        parameters: &[MESSAGE],
        body: None,
        answer: None,
    },
    Change {
        method: HttpMethod::Post,
        path: "/api/rules/preview",
        id: "previewRule",
        tag: "rules",
        summary: "When a rule that is not saved would have fired",
        parameters: &[],
        body: Some(Schemas::of::<alerts::RulePreviewRequest>),
        answer: Some(Schemas::of::<alerts::RulePreviewResponse>),
    },
];
