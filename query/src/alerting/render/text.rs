//! Texts that came from outside, within bounds.

/// Behind what was cut.
const CUT: char = '…';

/// Without characters that only change how others are shown: controls, and those that turn the direction
/// of writing. A line stays a line.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !(c.is_control() || turns(*c))).collect()
}

/// In one line.
pub fn line(text: &str) -> String {
    let words = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !turns(*c));
    words.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// At most so many units of UTF-16, as JavaScript counts, and never more than so many characters.
pub fn cut(text: &str, most: usize) -> String {
    cut_with(text, most, String::from)
}

/// Cuts what `escape` makes of the text, and not within what it makes of one character.
pub fn cut_with(text: &str, most: usize, escape: impl Fn(char) -> String) -> String {
    let mut out = String::new();
    let mut length = 0;
    // Where it must be cut if it turns out to be too long.
    let mut end = 0;
    for c in text.chars() {
        let piece = escape(c);
        length += units(&piece);
        if length > most {
            out.truncate(end);
            out.push(CUT);
            return out;
        }
        out.push_str(&piece);
        if length < most {
            end = out.len();
        }
    }
    out
}

pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Of Slack: no link, mention or entity can be made of it.
pub fn slack_escaped(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c => c.to_string(),
    }
}

/// Whether a link leads to a page, and is not longer than receivers take.
pub fn is_link(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_web = matches!(scheme.as_deref(), Some("http" | "https"));
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !turns(c) && !"<>\"|\\^`{}".contains(c);
    is_web && url.len() <= 2_000 && url.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_whole_to_its_last_character() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("a😀b", 3), "a…");
        assert_eq!(cut("a😀b", 4), "a😀b");
        assert_eq!(cut_with("a<b>", 8, slack_escaped), "a&lt;b…");
        assert_eq!(cut_with("<>", 5, slack_escaped), "&lt;…");
        assert_eq!(cut_with("<>", 4, slack_escaped), "…");
    }

    #[test]
    fn what_only_changes_the_look_is_left_out() {
        assert_eq!(clean("a\u{202e}b\u{0}\r\nc\u{7}"), "ab\nc");
        assert_eq!(line(" a\r\nBcc: x\u{2028}\ty\u{2066} "), "a Bcc: x y");
    }

    #[test]
    fn links_are_of_the_web() {
        for good in ["http://a", "https://a/b?c=%20", "HTTPS://a"] {
            assert!(is_link(good), "{good}");
        }
        let long = format!("https://a/{}", "b".repeat(2_000));
        for bad in ["", "/a", "javascript:alert(1)", "javascript://a", "https://a b", "https://a|b>", &long] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
