//! Keys that have a field id of their own in every file: those of OpenTelemetry's semantic conventions
//! (1.38) that spans and logs are asked for by, and the names that they had before.

use super::ValueType;

/// Field id, type and key. Append only: an id is never used again for anything else.
#[rustfmt::skip]
static PROMOTED: &[(i32, ValueType, &str)] = &[
    (1000, ValueType::String, "http.request.method"),
    (1001, ValueType::String, "http.route"),
    (1002, ValueType::String, "url.path"),
    (1003, ValueType::String, "url.full"),
    (1004, ValueType::String, "url.query"),
    (1005, ValueType::String, "url.scheme"),
    (1006, ValueType::String, "server.address"),
    (1007, ValueType::String, "client.address"),
    (1008, ValueType::String, "user_agent.original"),
    (1009, ValueType::String, "http.method"),
    (1010, ValueType::String, "http.url"),
    (1011, ValueType::String, "http.target"),
    (1012, ValueType::String, "http.host"),
    (1013, ValueType::String, "http.scheme"),
    (1014, ValueType::String, "http.user_agent"),
    (1015, ValueType::String, "http.client_ip"),
    (1016, ValueType::String, "net.peer.name"),
    (1017, ValueType::String, "net.peer.ip"),
    (1018, ValueType::String, "net.host.name"),
    (1019, ValueType::String, "network.protocol.name"),
    (1020, ValueType::String, "network.protocol.version"),
    (1021, ValueType::String, "network.peer.address"),
    (1022, ValueType::String, "network.transport"),
    (1023, ValueType::String, "network.type"),
    (1024, ValueType::String, "error.type"),
    (1025, ValueType::String, "exception.type"),
    (1026, ValueType::String, "exception.message"),
    (1027, ValueType::String, "exception.stacktrace"),
    (1028, ValueType::String, "db.system.name"),
    (1029, ValueType::String, "db.system"),
    (1030, ValueType::String, "db.namespace"),
    (1031, ValueType::String, "db.name"),
    (1032, ValueType::String, "db.collection.name"),
    (1033, ValueType::String, "db.operation.name"),
    (1034, ValueType::String, "db.operation"),
    (1035, ValueType::String, "db.query.text"),
    (1036, ValueType::String, "db.statement"),
    (1037, ValueType::String, "db.query.summary"),
    (1038, ValueType::String, "db.sql.table"),
    (1039, ValueType::String, "db.user"),
    (1040, ValueType::String, "db.response.status_code"),
    (1041, ValueType::String, "rpc.system"),
    (1042, ValueType::String, "rpc.service"),
    (1043, ValueType::String, "rpc.method"),
    (1044, ValueType::String, "rpc.system.name"),
    (1045, ValueType::String, "messaging.system"),
    (1046, ValueType::String, "messaging.destination.name"),
    (1047, ValueType::String, "messaging.destination"),
    (1048, ValueType::String, "messaging.operation"),
    (1049, ValueType::String, "messaging.operation.name"),
    (1050, ValueType::String, "messaging.operation.type"),
    (1051, ValueType::String, "messaging.message.id"),
    (1052, ValueType::String, "messaging.consumer.group.name"),
    (1053, ValueType::String, "messaging.client.id"),
    (1054, ValueType::String, "code.function.name"),
    (1055, ValueType::String, "code.function"),
    (1056, ValueType::String, "code.namespace"),
    (1057, ValueType::String, "code.filepath"),
    (1058, ValueType::String, "code.file.path"),
    (1059, ValueType::String, "thread.name"),
    (1060, ValueType::String, "log.logger.name"),
    (1061, ValueType::String, "log.file.path"),
    (1062, ValueType::String, "log.iostream"),
    (1063, ValueType::String, "event.name"),
    (1064, ValueType::String, "session.id"),
    (1065, ValueType::String, "user.id"),
    (1066, ValueType::String, "enduser.id"),
    (1067, ValueType::String, "peer.service"),
    (1068, ValueType::String, "gen_ai.operation.name"),
    (1069, ValueType::String, "gen_ai.request.model"),
    (1070, ValueType::String, "faas.trigger"),
    (1071, ValueType::String, "aws.requestId"),
    (1072, ValueType::String, "graphql.operation.name"),
    (1073, ValueType::String, "graphql.operation.type"),
    (1074, ValueType::String, "k8s.pod.name"),
    (1075, ValueType::String, "k8s.namespace.name"),
    (1076, ValueType::String, "container.id"),
    (1077, ValueType::String, "host.name"),
    (1200, ValueType::Int, "http.response.status_code"),
    (1201, ValueType::Int, "http.status_code"),
    (1202, ValueType::Int, "server.port"),
    (1203, ValueType::Int, "client.port"),
    (1204, ValueType::Int, "net.peer.port"),
    (1205, ValueType::Int, "net.host.port"),
    (1206, ValueType::Int, "network.peer.port"),
    (1207, ValueType::Int, "http.request.body.size"),
    (1208, ValueType::Int, "http.response.body.size"),
    (1209, ValueType::Int, "http.request.resend_count"),
    (1210, ValueType::Int, "http.request_content_length"),
    (1211, ValueType::Int, "http.response_content_length"),
    (1212, ValueType::Int, "rpc.grpc.status_code"),
    (1213, ValueType::Int, "rpc.jsonrpc.error_code"),
    (1214, ValueType::Int, "messaging.batch.message_count"),
    (1215, ValueType::Int, "messaging.message.body.size"),
    (1216, ValueType::Int, "messaging.kafka.partition"),
    (1217, ValueType::Int, "messaging.kafka.offset"),
    (1218, ValueType::Int, "messaging.destination.partition.id"),
    (1219, ValueType::Int, "code.line.number"),
    (1220, ValueType::Int, "code.lineno"),
    (1221, ValueType::Int, "thread.id"),
    (1222, ValueType::Int, "db.response.returned_rows"),
    (1223, ValueType::Int, "process.pid"),
    (1224, ValueType::Int, "gen_ai.usage.input_tokens"),
    (1225, ValueType::Int, "gen_ai.usage.output_tokens"),
    (1300, ValueType::Bool, "error"),
    (1301, ValueType::Bool, "exception.escaped"),
    (1302, ValueType::Bool, "messaging.destination.temporary"),
];

/// Field ids from here on are given by the order within a file and mean something only there.
pub const FIRST_ID_OF_FILE: i32 = 5000;

/// The field id of a key's values of a type, if it is the same in all files.
pub fn field_id(key: &str, value_type: ValueType) -> Option<i32> {
    PROMOTED.iter().find(|(_, promoted, name)| *promoted == value_type && *name == key).map(|(id, ..)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_keys_are_there_once_and_apart_from_other_ids() {
        let ids: HashSet<i32> = PROMOTED.iter().map(|(id, ..)| *id).collect();
        let keys: HashSet<_> = PROMOTED.iter().map(|(_, value_type, key)| (value_type, key)).collect();
        assert_eq!((ids.len(), keys.len()), (PROMOTED.len(), PROMOTED.len()));
        assert!(ids.iter().all(|id| (1000..FIRST_ID_OF_FILE).contains(id)));
        assert_eq!(field_id("http.request.method", ValueType::String), Some(1000));
        assert_eq!(field_id("http.request.method", ValueType::Int), None);
    }
}
