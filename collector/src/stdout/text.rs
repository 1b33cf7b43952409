//! Bytes of a line as text that can be stored and read.

/// Bytes that are not UTF-8 are written as `\xNN`, so that they can be seen and told apart.
pub fn visible(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Takes away what only paints: ANSI control sequences such as colours.
pub fn unpainted(text: String) -> String {
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        let sequence = &rest[at + 2..];
        // Parameters, then one final byte from @ to ~.
        match sequence.find(|c: char| ('@'..='~').contains(&c)) {
            Some(end) => rest = &sequence[end + 1..],
            None => {
                rest = &rest[at..];
                break;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_shown() {
        assert_eq!(visible(b"caf\xc3\xa9 \xff\xfe!"), "caf\u{e9} \\xff\\xfe!");
        assert_eq!(visible(b"cut \xe2\x82"), "cut \\xe2\\x82");
    }

    #[test]
    fn colours_go_and_the_rest_stays() {
        assert_eq!(unpainted("\u{1b}[1;31mERROR\u{1b}[0m x".into()), "ERROR x");
        assert_eq!(unpainted("\u{1b}[31".into()), "\u{1b}[31");
        assert_eq!(unpainted("\u{1b}é".into()), "\u{1b}é");
    }
}
