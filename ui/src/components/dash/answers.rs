//! The queries of a panel and their answers, whatever language they are in.
//!
//! Each kind of answer is read into one of few types, so that what follows is there once for all of them.

use crate::client::{Answer, Asked, Decode, Fetched, fetch_as};
use crate::dynamic::memo;
use crate::json;
use crate::prelude::*;
use crate::view::dashboards::lines::{self, Line, Source};
use crate::view::dashboards::request::{self, Scope};
use crate::view::expression::RangeAnswer;
use ocelli_api::dashboards::{Panel, PanelKind, PanelQuery, QueryLanguage};
use ocelli_api::logs::LogStatsResponse;
use ocelli_api::services::ServiceResponse;
use ocelli_api::traces::TraceMetricsResponse;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What all panels are asked for; none while that is not known.
pub type Scoped = Signal<Option<Scope>>;

/// A question of a panel; cheap to copy.
#[derive(Clone, Copy)]
pub struct Answered {
    pub asked: Asked,
    /// The address, or why there is none.
    url: Memo<Option<Result<String, String>>>,
    /// Why the answer is not whole.
    pub partial: Signal<Option<String>>,
}

impl Answered {
    /// Why it cannot be asked.
    pub fn wrong(self) -> Option<String> {
        self.url.with(|url| url.as_ref().and_then(|url| url.as_ref().err().cloned()))
    }
}

/// Asks a query; what comes of it is a `T`, which may tell that it is not whole.
pub fn ask<T: Send + Sync + 'static>(
    kind: PanelKind,
    query: &PanelQuery,
    scope: Scoped,
    decode: Decode,
    partial: fn(&T) -> Option<&String>,
) -> (Answered, Fetched<T>) {
    let query = query.clone();
    let url = memo(move || scope.with(|scope| scope.as_ref().map(|scope| request::url(&query, kind, scope))));
    let answer = fetch_as::<T>(move || url.get()?.ok(), decode);
    let partial = Signal::derive(move || answer.with(|of| of.and_then(partial).cloned()));
    (Answered { asked: answer.asked, url, partial }, answer)
}

/// Reads an answer and keeps what is made of it.
pub fn read<T: DeserializeOwned, R: Send + Sync + 'static>(
    text: &str,
    make: fn(T) -> R,
) -> Result<Answer, json::Error> {
    json::from_str::<T>(text).map(|answer| Arc::new(make(answer)) as Answer)
}

/// An answer of figures.
enum Figures {
    Range(RangeAnswer),
    Logs(LogStatsResponse),
    Spans(TraceMetricsResponse),
    Service(ServiceResponse),
}

impl Figures {
    fn partial(&self) -> Option<&String> {
        match self {
            Self::Range(_) => None,
            Self::Logs(answer) => answer.stats.partial.as_ref(),
            Self::Spans(answer) => answer.stats.partial.as_ref(),
            Self::Service(answer) => answer.stats.partial.as_ref(),
        }
    }

    fn lines(&self, source: &Source, scope: &Scope) -> Vec<Line> {
        match self {
            Self::Range(answer) => lines::of_range(answer, source, scope.steps(source.query.instant)),
            Self::Logs(answer) => lines::of_logs(answer, source),
            Self::Spans(answer) => lines::of_spans(answer, source),
            Self::Service(answer) => lines::of_service(answer, source),
        }
    }
}

fn decode(language: QueryLanguage) -> Decode {
    match language {
        QueryLanguage::PromQl | QueryLanguage::LogQl => |text| read(text, Figures::Range),
        QueryLanguage::Logs => |text| read(text, Figures::Logs),
        QueryLanguage::TraceQl => |text| read(text, Figures::Spans),
        QueryLanguage::Red => |text| read(text, Figures::Service),
    }
}

/// The questions of a panel, and the lines of all of them in their colours.
pub fn figures(panel: &Panel, scope: Scoped) -> (Vec<Answered>, Memo<Vec<Line>>) {
    let ask = |query: &PanelQuery| ask(panel.kind, query, scope, decode(query.language), Figures::partial);
    let (answers, found): (Vec<Answered>, Vec<Fetched<Figures>>) = panel.queries.iter().map(ask).unzip();
    let queries = panel.queries.iter().cloned().enumerate();
    let sources: Vec<Source> = queries.map(|(number, query)| Source { number, query }).collect();
    let lines = memo(move || {
        scope.with(|scope| {
            let Some(scope) = scope else { return Vec::new() };
            let mut lines = Vec::new();
            for (answer, source) in found.iter().zip(&sources) {
                answer.with(|answer| {
                    lines.extend(answer.map(|answer| answer.lines(source, scope)).unwrap_or_default())
                });
            }
            lines::coloured(lines)
        })
    });
    (answers, lines)
}
