//! String literals with Go's escapes, which PromQL took over.

/// Reads the literal that `text` starts with: its value and its length in bytes with the quotes.
/// Escapes can spell bytes that are not UTF-8; each of these becomes U+FFFD, which no name may hold.
pub fn unquote(text: &str) -> Result<(String, usize), String> {
    let quote = text.chars().next().unwrap_or_default();
    let body = &text[1..];
    if quote == '`' {
        let end = body.find('`').ok_or("unterminated raw string")?;
        return Ok((body[..end].to_owned(), end + 2));
    }
    let mut value = Vec::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => {
                return Ok((String::from_utf8_lossy(&value).into_owned(), at + 2));
            }
            '\n' => break,
            '\\' => escape(&mut chars, quote, &mut value)?,
            c => value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("unterminated quoted string".to_owned())
}

/// What follows a backslash.
fn escape(chars: &mut std::str::CharIndices, quote: char, value: &mut Vec<u8>) -> Result<(), String> {
    let (_, c) = chars.next().ok_or("escape sequence not terminated")?;
    let simple = match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        c if c == quote => c as u8,
        'x' => digits(chars, String::new(), 2, 16)? as u8,
        '0'..='7' => {
            let byte = digits(chars, c.to_string(), 3, 8)?;
            u8::try_from(byte).map_err(|_| "octal escape value > 255".to_owned())?
        }
        'u' | 'U' => {
            let code = digits(chars, String::new(), if c == 'u' { 4 } else { 8 }, 16)?;
            let c = char::from_u32(code).ok_or("escape sequence is an invalid Unicode code point")?;
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        c => return Err(format!("unknown escape sequence {c:?}")),
    };
    value.push(simple);
    Ok(())
}

fn digits(
    chars: &mut std::str::CharIndices,
    mut text: String,
    count: usize,
    radix: u32,
) -> Result<u32, String> {
    while text.len() < count {
        text.push(chars.next().ok_or("escape sequence not terminated")?.1);
    }
    u32::from_str_radix(&text, radix).map_err(|_| format!("illegal character in escape sequence {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn escapes() {
        assert_eq!(unquote(r#""a\n\x41\u00e9\101" rest"#), Ok(("a\nA\u{e9}A".to_owned(), 19)));
        assert_eq!(unquote(r"'it\'s'"), Ok(("it's".to_owned(), 7)));
        assert_eq!(unquote(r"`raw\n`"), Ok((r"raw\n".to_owned(), 7)));
        for wrong in ["\"open", "\"\\q\"", "\"new\nline\"", "\"\\xZZ\""] {
            assert!(unquote(wrong).is_err(), "{wrong}");
        }
    }
}
