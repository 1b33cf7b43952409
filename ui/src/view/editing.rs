//! What is wrong with a document, at the fields of the form that it was made of.

use ocelli_api::DocumentProblem;

/// The fields of the forms, as documents call them.
const FIELDS: [&str; 18] = [
    "name",
    "description",
    "service",
    "operation",
    "under",
    "good",
    "bad",
    "total",
    "objective",
    "window",
    "time_zone",
    "alert",
    "expr",
    "for",
    "interval",
    "severity",
    "summary",
    "runbook_url",
];

/// The last part of the way to a field: `under` of `slos[0].latency.under`.
fn key(field: &str) -> &str {
    field.rsplit(['.', ']']).next().unwrap_or(field)
}

/// What is told at a field of the form, several on lines of their own.
pub fn at_field(problems: &[DocumentProblem], wanted: &str) -> Option<String> {
    let found = problems.iter().filter(|problem| key(&problem.field) == wanted);
    let told: Vec<&str> = found.map(|problem| problem.message.as_str()).collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

/// What is told at none of the fields.
pub fn elsewhere(problems: &[DocumentProblem]) -> Vec<String> {
    let rest = problems.iter().filter(|problem| !FIELDS.contains(&key(&problem.field)));
    rest.map(|problem| problem.message.clone()).collect()
}

/// Everything, with its place in the text.
pub fn all(problems: &[DocumentProblem]) -> Vec<String> {
    let one = |problem: &DocumentProblem| format!("{}:{}: {}", problem.line, problem.column, problem.message);
    problems.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_told_where_they_are() {
        let problem = |field: &str, message: &str| DocumentProblem {
            line: 2,
            column: 5,
            field: field.to_owned(),
            message: message.to_owned(),
        };
        let problems = [
            problem("slos[0].latency.under", "a latency needs `under`"),
            problem("slos[0].objective", "above 0"),
            problem("slos[0]", "only one"),
            problem("", "did not find"),
        ];
        assert_eq!(at_field(&problems, "under").as_deref(), Some("a latency needs `under`"));
        assert_eq!(at_field(&problems, "name"), None);
        assert_eq!(elsewhere(&problems), ["only one", "did not find"]);
        assert_eq!(all(&problems)[1], "2:5: above 0");
    }
}
