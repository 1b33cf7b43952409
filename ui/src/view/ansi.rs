//! Terminal colours in texts: what programs write for a screen is read on this one. Colours become those of
//! the theme; everything else that a terminal would do is left out.

/// A piece of text and the class of the style sheet that it has; empty for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub class: &'static str,
}

/// More changes of colour than this are one piece: each is an element.
const MOST_PIECES: usize = 200;

pub fn has_escapes(text: &str) -> bool {
    text.contains('\u{1b}')
}

/// The text in pieces. What is no whole escape is dropped, as a terminal does.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut class = "";
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        push(&mut pieces, &rest[..at], class);
        let (after, parameters) = escape(&rest[at + 1..]);
        rest = after;
        if let Some(parameters) = parameters {
            class = styled(class, parameters);
        }
    }
    push(&mut pieces, rest, class);
    pieces
}

/// The text alone.
pub fn plain(text: &str) -> String {
    pieces(text).into_iter().map(|piece| piece.text).collect()
}

fn push(pieces: &mut Vec<Piece>, text: &str, class: &'static str) {
    let is_full = pieces.len() >= MOST_PIECES;
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if is_full || last.class == class => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), class }),
    }
}

/// What follows an escape character: the rest of the text, and the parameters of a change of style.
fn escape(text: &str) -> (&str, Option<&str>) {
    if let Some(body) = text.strip_prefix('[') {
        let end = body.find(|c: char| ('@'..='~').contains(&c));
        return match end {
            Some(end) => (&body[end + 1..], body[end..].starts_with('m').then_some(&body[..end])),
            None => ("", None),
        };
    }
    // A title of a window or a link: up to a bell or another escape.
    if let Some(body) = text.strip_prefix(']') {
        let end = body.find(['\u{7}', '\u{1b}']);
        return (
            end.map_or("", |end| {
                body[end..].trim_start_matches(['\u{7}', '\u{1b}']).trim_start_matches('\\')
            }),
            None,
        );
    }
    let mut chars = text.chars();
    chars.next();
    (chars.as_str(), None)
}

/// The class after a change of style. Colours that a terminal would mix are left as they are.
fn styled(before: &'static str, parameters: &str) -> &'static str {
    let mut class = before;
    let mut codes = parameters.split([';', ':']).map(|code| code.parse::<u32>().unwrap_or_default());
    while let Some(code) = codes.next() {
        class = match code {
            0 | 39 => "",
            1 if class.is_empty() => "ansi-bold",
            2 => "ansi-grey",
            31 | 91 => "ansi-red",
            32 | 92 => "ansi-green",
            33 | 93 => "ansi-yellow",
            34 | 94 => "ansi-blue",
            35 | 95 => "ansi-magenta",
            36 | 96 => "ansi-cyan",
            30 | 90 => "ansi-grey",
            37 | 97 => "",
            // A colour of 256 has one number more, one of all three.
            38 | 48 => {
                let more = if codes.next() == Some(2) { 3 } else { 1 };
                codes.by_ref().take(more).for_each(drop);
                class
            }
            _ => class,
        };
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, &'static str)> {
        pieces(text).into_iter().map(|piece| (piece.text, piece.class)).collect()
    }

    #[test]
    fn colours_are_those_of_the_theme() {
        let expect = |pairs: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            pairs.iter().map(|(text, class)| ((*text).to_owned(), *class)).collect()
        };
        assert_eq!(of("plain"), expect(&[("plain", "")]));
        assert_eq!(of("\u{1b}[31mERROR\u{1b}[0m: x"), expect(&[("ERROR", "ansi-red"), (": x", "")]));
        assert_eq!(of("\u{1b}[1;32mok\u{1b}[m"), expect(&[("ok", "ansi-green")]));
        assert_eq!(of("a\u{1b}[38;5;196mb\u{1b}[38;2;31;32;33mc"), expect(&[("abc", "")]));
        assert_eq!(of("\u{1b}[2Kgone\u{1b}]0;title\u{7}!"), expect(&[("gone!", "")]));
    }

    #[test]
    fn hostile_texts() {
        assert_eq!(plain("a\u{1b}[31"), "a");
        assert_eq!(plain("a\u{1b}"), "a");
        assert_eq!(plain("\u{1b}é\u{1b}]8;;http://x\u{1b}\\link"), "link");
        assert!(pieces(&"\u{1b}[31ma\u{1b}[32mb".repeat(10_000)).len() <= MOST_PIECES);
        assert_eq!(plain("\u{1b}[99999999999999mx"), "x");
    }
}
