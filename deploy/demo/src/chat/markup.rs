//! Slack's texts as HTML: all of it is text, but links to the web.

use std::fmt::Write;

/// As it is, whatever it holds.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // What isn't shown could hide what is: directions of writing, control characters.
            c if c.is_control() && c != '\n' && c != '\t' => html.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
    html
}

/// A link, if the address is one of the web; otherwise what it was to be called and the address, as text.
pub(super) fn link(url: &str, label: &str) -> String {
    if !is_web(url) {
        return escape(&format!("{label} ({url})"));
    }
    format!("<a href=\"{}\" rel=\"noreferrer noopener\" target=\"_blank\">{}</a>", escape(url), escape(label))
}

/// Slack's `mrkdwn`: `<address|label>` and `<address>` are links, `&amp;`, `&lt;` and `&gt;` the characters.
/// Other marks stay as they are written.
pub(super) fn mrkdwn(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        html.push_str(&escape(&unescape(before)));
        let Some((inside, behind)) = after.split_once('>') else {
            let _ = write!(html, "&lt;{}", escape(&unescape(after)));
            return html;
        };
        let (url, label) = inside.split_once('|').unwrap_or((inside, inside));
        let (url, label) = (unescape(url), unescape(label));
        if is_web(&url) {
            html.push_str(&link(&url, &label));
        } else {
            html.push_str(&escape(&format!("<{}>", unescape(inside))));
        }
        rest = behind;
    }
    html.push_str(&escape(&unescape(rest)));
    html
}

fn is_web(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn unescape(text: &str) -> String {
    // The ampersand last, so that nothing is unescaped twice.
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_web_are_links() {
        let a = |url: &str, label: &str| {
            format!("<a href=\"{url}\" rel=\"noreferrer noopener\" target=\"_blank\">{label}</a>")
        };
        for (text, html) in [
            (
                "see <http://a/b?c=1&amp;d=2|the traces>",
                format!("see {}", a("http://a/b?c=1&amp;d=2", "the traces")),
            ),
            ("<https://a>", a("https://a", "https://a")),
            (
                "<https://a|x> and <https://b|y>!",
                format!("{} and {}!", a("https://a", "x"), a("https://b", "y")),
            ),
            ("<http://a/\"onclick=x|&lt;b&gt;>", a("http://a/&quot;onclick=x", "&lt;b&gt;")),
        ] {
            assert_eq!(mrkdwn(text), html, "{text}");
        }
    }

    #[test]
    fn all_else_is_text() {
        for (text, html) in [
            ("a & b", "a &amp; b"),
            ("1 &lt; 2 &amp;lt;", "1 &lt; 2 &amp;lt;"),
            ("*bold* `code`", "*bold* `code`"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
            ("<!here> <@U1>", "&lt;!here&gt; &lt;@U1&gt;"),
            ("<http://|x>", "&lt;http://|x&gt;"),
            ("<http://a b|x>", "&lt;http://a b|x&gt;"),
            ("a < b", "a &lt; b"),
            ("\u{202e}x\u{7}", "\u{fffd}x\u{fffd}"),
        ] {
            assert_eq!(mrkdwn(text), html, "{text}");
        }
        assert_eq!(link("data:text/html,x", "<b>"), "&lt;b&gt; (data:text/html,x)");
    }
}
