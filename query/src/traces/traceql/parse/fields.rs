//! The names of the language.

use crate::traces::traceql::ast::{Constant, Intrinsic, Scope, What};

/// Every name of an intrinsic; the first of each is how it is printed.
pub const INTRINSICS: [(&str, Intrinsic); 36] = [
    ("duration", Intrinsic::Duration),
    ("span:duration", Intrinsic::Duration),
    ("name", Intrinsic::Name),
    ("span:name", Intrinsic::Name),
    ("status", Intrinsic::Status),
    ("span:status", Intrinsic::Status),
    ("statusMessage", Intrinsic::StatusMessage),
    ("span:statusMessage", Intrinsic::StatusMessage),
    ("kind", Intrinsic::Kind),
    ("span:kind", Intrinsic::Kind),
    ("childCount", Intrinsic::ChildCount),
    ("span:childCount", Intrinsic::ChildCount),
    ("parent", Intrinsic::Parent),
    ("span:parent", Intrinsic::Parent),
    ("span:id", Intrinsic::SpanId),
    ("span:parentID", Intrinsic::ParentId),
    ("trace:id", Intrinsic::TraceId),
    ("rootName", Intrinsic::RootName),
    ("trace:rootName", Intrinsic::RootName),
    ("rootServiceName", Intrinsic::RootService),
    ("trace:rootService", Intrinsic::RootService),
    ("trace:rootServiceName", Intrinsic::RootService),
    ("traceDuration", Intrinsic::TraceDuration),
    ("trace:duration", Intrinsic::TraceDuration),
    ("nestedSetLeft", Intrinsic::NestedSetLeft),
    ("span:nestedSetLeft", Intrinsic::NestedSetLeft),
    ("nestedSetRight", Intrinsic::NestedSetRight),
    ("span:nestedSetRight", Intrinsic::NestedSetRight),
    ("nestedSetParent", Intrinsic::NestedSetParent),
    ("span:nestedSetParent", Intrinsic::NestedSetParent),
    ("event:name", Intrinsic::EventName),
    ("event:timeSinceStart", Intrinsic::EventTimeSinceStart),
    ("link:traceID", Intrinsic::LinkTraceId),
    ("link:spanID", Intrinsic::LinkSpanId),
    ("instrumentation:name", Intrinsic::ScopeName),
    ("instrumentation:version", Intrinsic::ScopeVersion),
];

/// Words that are values.
const CONSTANTS: [(&str, Constant); 12] = [
    ("nil", Constant::Nil),
    ("true", Constant::Bool(true)),
    ("false", Constant::Bool(false)),
    ("unset", Constant::Status(0)),
    ("ok", Constant::Status(1)),
    ("error", Constant::Status(2)),
    ("unspecified", Constant::Kind(0)),
    ("internal", Constant::Kind(1)),
    ("server", Constant::Kind(2)),
    ("client", Constant::Kind(3)),
    ("producer", Constant::Kind(4)),
    ("consumer", Constant::Kind(5)),
];

pub fn constant(word: &str) -> Option<Constant> {
    CONSTANTS.into_iter().find(|(name, _)| *name == word).map(|(_, constant)| constant)
}

/// How a status or a kind is written.
pub fn constant_name(constant: &Constant) -> &'static str {
    CONSTANTS.iter().find(|(_, known)| known == constant).map_or("", |(name, _)| name)
}

pub fn intrinsic(word: &str) -> Option<Intrinsic> {
    INTRINSICS.into_iter().find(|(name, _)| *name == word).map(|(_, intrinsic)| intrinsic)
}

pub fn intrinsic_name(intrinsic: Intrinsic) -> &'static str {
    INTRINSICS.iter().find(|(_, known)| *known == intrinsic).map_or("", |(name, _)| name)
}

/// Every word that can stand in a span filter.
pub fn words() -> impl Iterator<Item = &'static str> {
    INTRINSICS.into_iter().map(|(name, _)| name).chain(CONSTANTS.into_iter().map(|(name, _)| name))
}

/// What an attribute in a scope means; the lexer knows only these scopes.
pub fn attribute(scope: &str, name: String) -> (bool, What) {
    let (of_parent, scope) = match scope.strip_prefix("parent") {
        Some(rest) => (true, rest.trim_start_matches('.')),
        None => (false, scope),
    };
    let scope = match scope {
        "span" => Scope::Span,
        "resource" => Scope::Resource,
        "event" => Scope::Event,
        "link" => Scope::Link,
        "instrumentation" => Scope::Instrumentation,
        _ => Scope::Any,
    };
    (of_parent, What::Key(scope, name))
}
