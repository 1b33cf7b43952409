//! The traces of an edge of the service graph, as TraceQL. What an edge is named after is told by the
//! attributes that `collector/src/processors/peer.rs` reads.

use super::traceql::quote;
use ocelli_api::services::GraphEdge;

const DATABASES: [&str; 4] = [".db.namespace", ".db.name", ".db.system.name", ".db.system"];
const PEERS: [&str; 6] = [
    ".peer.service",
    ".server.address",
    ".net.peer.name",
    ".messaging.destination.name",
    ".messaging.system",
    ".rpc.service",
];

/// Finds the calls of the edge: spans of the server below those of the client, or the client's spans that
/// name the server where that sends none.
pub fn edge_query(edge: &GraphEdge) -> String {
    let side =
        |name: &str, kind: &str| format!("{{ resource.service.name = {} && kind = {kind} }}", quote(name));
    let naming = |kind: &str, names: &[&str]| {
        let server = quote(&edge.server);
        let any: Vec<String> = names.iter().map(|name| format!("{name} = {server}")).collect();
        format!(
            "{{ resource.service.name = {} && kind = {kind} && ({}) }}",
            quote(&edge.client),
            any.join(" || ")
        )
    };
    match &*edge.connection_type {
        "database" => naming("client", &DATABASES),
        "virtual_node" => naming("client", &PEERS),
        "messaging_system" => format!(
            "{} > {} || {}",
            side(&edge.client, "producer"),
            side(&edge.server, "consumer"),
            naming("producer", &PEERS)
        ),
        _ => format!("{} > {}", side(&edge.client, "client"), side(&edge.server, "server")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(connection_type: &str) -> String {
        let edge = |name: &str| name.to_owned();
        edge_query(&GraphEdge {
            client: edge("a"),
            server: edge("b\"c"),
            connection_type: edge(connection_type),
            ..GraphEdge::default()
        })
    }

    #[test]
    fn calls_and_what_sends_no_spans() {
        assert_eq!(
            query(""),
            r#"{ resource.service.name = "a" && kind = client } > { resource.service.name = "b\"c" && kind = server }"#
        );
        assert!(
            query("database").contains(r#"kind = client && (.db.namespace = "b\"c" || .db.name = "b\"c""#)
        );
        assert!(query("messaging_system").contains("kind = consumer } || { resource"));
    }
}
