//! Bodies without what changes from one to the next.

/// Stands for it.
pub const ANY: &str = "<*>";
/// Of longer bodies the begin decides.
const BYTES: usize = 1_024;

/// A long body up to the end of a word: half a word is found nowhere.
fn begin_of_words(body: &str) -> &str {
    let begin = &body[..body.floor_char_boundary(BYTES)];
    if begin.len() == body.len() {
        return begin;
    }
    begin.rfind(|c| !goes_on(c)).map_or(begin, |end| &begin[..end])
}

/// Replaces each word that has a digit in it: numbers, ids, addresses, times. A word goes on over
/// `.`, `-` and `_`; in what is quoted or behind a `=`, too.
pub fn mask(body: &str, out: &mut String) {
    out.clear();
    let mut rest = begin_of_words(body);
    while let Some(c) = rest.chars().next() {
        if !goes_on(c) {
            // Runs of spaces and line ends are one space.
            let space = c.is_whitespace();
            if !space {
                out.push(c);
            } else if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        // A full stop ends the sentence, not the number.
        let bare = word.trim_end_matches(['.', '-', '_']);
        if bare.bytes().any(|byte| byte.is_ascii_digit()) {
            out.push_str(ANY);
            out.push_str(&word[bare.len()..]);
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    let end = out.trim_end().len();
    out.truncate(end);
}

fn goes_on(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_digits_is_masked() {
        let masked = |body: &str| {
            let mut out = String::from("before");
            mask(body, &mut out);
            out
        };
        assert_eq!(masked("order 5001 of user u-17: card declined"), "order <*> of user <*>: card declined");
        assert_eq!(masked("took=12.5ms  id=\"a1b2\"\n"), "took=<*> id=\"<*>\"");
        assert_eq!(masked("GET /api/v1/users/7 -> 200."), "GET /api/<*>/users/<*> -> <*>.");
        assert_eq!(masked("2026-11-26T12:30:05Z größe ok"), "<*>:<*>:<*> größe ok");
        assert_eq!(masked(""), "");
        assert!(masked(&"ä1 ".repeat(5_000)).len() <= 2 * BYTES);
    }
}
