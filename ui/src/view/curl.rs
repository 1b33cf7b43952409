//! "Copy as curl": the request that a view made, for a terminal.

/// One shell command; the address is quoted so that no byte of it is read by the shell.
pub fn command(origin: &str, path_and_query: &str) -> String {
    format!("curl -sS {}", shell_quote(&format!("{origin}{path_and_query}")))
}

/// Single quotes of a POSIX shell.
fn shell_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_left() {
        let command = command("http://127.0.0.1:4319", "/api/logs?q='; rm -rf ~'");
        assert_eq!(command, r"curl -sS 'http://127.0.0.1:4319/api/logs?q='\''; rm -rf ~'\'''");
    }
}
