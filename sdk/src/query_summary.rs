//! A short, low-cardinality name for a SQL query: its operations and the tables they work on.
//!
//! Semantic conventions, database spans, "Generating a summary of the query text": operations and
//! targets in the order in which they appear, nothing of the values.

/// What is known of a query by its text.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary {
    /// `db.operation.name`: the first operation in upper case; empty when there is none.
    pub(crate) operation: String,
    /// `db.collection.name`: the table, when there is exactly one.
    pub(crate) collection: Option<String>,
    /// `db.query.summary`, for example `INSERT orders SELECT carts`.
    pub(crate) text: String,
}

const OPERATIONS: [&str; 12] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "BEGIN", "COMMIT",
    "ROLLBACK", "PRAGMA",
];

/// Words after which a table's name stands.
const BEFORE_TARGET: [&str; 6] = ["FROM", "INTO", "JOIN", "UPDATE", "TABLE", "EXISTS"];

/// Longer summaries are cut at a word, as the conventions ask for.
const MAX_BYTES: usize = 255;

/// Reads a query. Comments and string literals are passed over.
pub(crate) fn summarize(query: &str) -> Summary {
    let words = words(query);
    let mut parts: Vec<String> = Vec::new();
    let mut targets: Vec<String> = Vec::new();
    let mut before = "";
    for word in &words {
        let upper = word.to_ascii_uppercase();
        let is_target = BEFORE_TARGET.contains(&before.to_ascii_uppercase().as_str());
        // `DO UPDATE SET` of an upsert and `FOR UPDATE` are no operations of their own.
        let continues = ["DO", "FOR"].contains(&before.to_ascii_uppercase().as_str());
        if OPERATIONS.contains(&upper.as_str())
            && !continues
            && !(upper == "REPLACE" && before.eq_ignore_ascii_case("OR"))
        {
            parts.push(upper);
        } else if is_target && is_name(word) && !["IF", "NOT", "SET", "SELECT"].contains(&upper.as_str()) {
            if !targets.contains(word) {
                targets.push(word.clone());
            }
            parts.push(word.clone());
        }
        before = word;
    }
    let operation =
        parts.first().filter(|part| OPERATIONS.contains(&part.as_str())).cloned().unwrap_or_default();
    let collection = if targets.len() == 1 { targets.pop() } else { None };
    Summary { operation, collection, text: cut(parts) }
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
}

fn cut(parts: Vec<String>) -> String {
    let mut text = String::new();
    for part in parts {
        if text.len() + 1 + part.len() > MAX_BYTES {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&part);
    }
    text
}

/// Names, keywords and `(`; everything else separates them.
fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = query.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => skip_until(&mut characters, '\''),
            '-' if characters.peek() == Some(&'-') => skip_until(&mut characters, '\n'),
            '"' | '`' => continue,
            character if character.is_alphanumeric() || character == '_' || character == '.' => {
                word.push(character);
                continue;
            }
            _ => {}
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character == '(' {
            words.push("(".to_owned());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn skip_until(characters: &mut impl Iterator<Item = char>, end: char) {
    characters.find(|character| *character == end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_named_by_operation_and_table() {
        // query | operation | collection | summary
        let cases = [
            ("SELECT id, total FROM orders WHERE id = ?", "SELECT", "orders", "SELECT orders"),
            ("insert into \"orders\" (id) values (?)", "INSERT", "orders", "INSERT orders"),
            ("UPDATE products SET stock = stock - ? WHERE sku = ?", "UPDATE", "products", "UPDATE products"),
            ("DELETE FROM sessions WHERE expires_at < ?", "DELETE", "sessions", "DELETE sessions"),
            (
                "SELECT c.name FROM sessions s JOIN customers c ON c.id = s.customer_id",
                "SELECT",
                "",
                "SELECT sessions customers",
            ),
            ("INSERT OR REPLACE INTO stock VALUES ('FROM secrets')", "INSERT", "stock", "INSERT stock"),
            (
                "INSERT INTO kept SELECT * FROM carts -- FROM comment\n WHERE 1",
                "INSERT",
                "",
                "INSERT kept SELECT carts",
            ),
            (
                "INSERT INTO stock (sku) VALUES (?) ON CONFLICT (sku) DO UPDATE SET amount = 1",
                "INSERT",
                "stock",
                "INSERT stock",
            ),
            ("CREATE TABLE IF NOT EXISTS orders (id TEXT)", "CREATE", "orders", "CREATE orders"),
            ("SELECT 1", "SELECT", "", "SELECT"),
            (
                "SELECT n FROM (SELECT 1 AS n FROM inner_table)",
                "SELECT",
                "inner_table",
                "SELECT SELECT inner_table",
            ),
            ("", "", "", ""),
        ];
        for (query, operation, collection, text) in cases {
            let summary = summarize(query);
            let found = (
                summary.operation.as_str(),
                summary.collection.as_deref().unwrap_or(""),
                summary.text.as_str(),
            );
            assert_eq!(found, (operation, collection, text), "{query}");
        }
    }

    #[test]
    fn a_long_summary_is_cut_between_words() {
        let joins: String = (0..60).map(|number| format!(" JOIN table_{number}")).collect();
        let text = summarize(&format!("SELECT 1 FROM a{joins}")).text;
        assert!(text.len() <= MAX_BYTES && text.ends_with(char::is_numeric), "{text}");
    }
}
