//! The attributes that a list of records shows as columns: `cols=` of the URL, by name in the order of the
//! columns.

use super::text;
use ocelli_api::KeyValue;
use ocelli_api::logs::LogRecord;

/// More do not fit beside a text.
const MOST: usize = 8;

pub fn parse(text: &str) -> Vec<String> {
    let mut columns = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if columns.len() < MOST && !columns.iter().any(|other| other == name) {
            columns.push(name.to_owned());
        }
    }
    columns
}

/// With one more, or without the one that is there.
pub fn toggled(text: &str, name: &str) -> String {
    let mut columns = parse(text);
    let before = columns.len();
    columns.retain(|column| column != name);
    if columns.len() == before {
        columns.push(name.to_owned());
    }
    columns.join(",")
}

/// Names with a comma could not be told apart in the address.
pub fn can_be_column(name: &str) -> bool {
    !name.contains(',') && !name.trim().is_empty()
}

/// The value of a record: of the record itself first, then of its resource.
pub fn value(record: &LogRecord, name: &str) -> String {
    let attribute = name.strip_prefix("attributes.").unwrap_or(name);
    let resource = name.strip_prefix("resource.").unwrap_or(name);
    let find = |items: &[KeyValue], key: &str| {
        items.iter().find(|item| item.key == key).map(|item| text::value(&item.value))
    };
    find(&record.attributes, attribute)
        .or_else(|| find(&record.resource.attributes, resource))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::AnyValue;

    #[test]
    fn columns_are_toggled_in_the_address() {
        assert_eq!(parse(" a,b,,a "), ["a", "b"]);
        assert_eq!(toggled("a,b", "c"), "a,b,c");
        assert_eq!(toggled("a,b", "a"), "b");
        assert_eq!(toggled("", "x.y"), "x.y");
        assert_eq!(parse("1,2,3,4,5,6,7,8,9").len(), MOST);
        assert!(can_be_column("http.route") && !can_be_column("a,b"));
    }

    #[test]
    fn values_of_the_record_come_first() {
        let item = |key: &str, text: &str| KeyValue {
            key: key.into(),
            value: AnyValue(serde_json::json!({ "stringValue": text })),
        };
        let mut record = LogRecord { attributes: vec![item("k", "own")], ..LogRecord::default() };
        record.resource.attributes = vec![item("k", "of all"), item("host", "h1")];
        assert_eq!(value(&record, "k"), "own");
        assert_eq!(value(&record, "resource.k"), "of all");
        assert_eq!(value(&record, "host"), "h1");
        assert_eq!(value(&record, "none"), "");
    }
}
