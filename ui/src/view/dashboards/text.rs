//! Text of a panel: lines with headings, items, bold words, code and addresses. Never HTML.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Of which rank, 1 to 3.
    Heading(usize, Vec<Part>),
    Item(Vec<Part>),
    Line(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Plain(String),
    Bold(String),
    Code(String),
    Address(String),
}

pub fn blocks(text: &str) -> Vec<Block> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let block = |line: &str| {
        let rank = line.bytes().take_while(|byte| *byte == b'#').count();
        match (rank, line.get(rank..).and_then(|rest| rest.strip_prefix(' '))) {
            (1..=6, Some(rest)) => Block::Heading(rank.min(3), parts(rest)),
            _ => match line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
                Some(rest) => Block::Item(parts(rest)),
                None => Block::Line(parts(line)),
            },
        }
    };
    lines.map(block).collect()
}

/// The signs that begin and end a part.
type Sign = (&'static str, fn(String) -> Part);

fn parts(line: &str) -> Vec<Part> {
    const SIGNS: [Sign; 2] = [("**", Part::Bold), ("`", Part::Code)];
    let mut out = Vec::new();
    let mut rest = line;
    let mut plain = String::new();
    while let Some(sign) = rest.chars().next() {
        let marked = SIGNS.iter().find_map(|(sign, of)| {
            let (inside, behind) = rest.strip_prefix(sign)?.split_once(sign)?;
            (!inside.is_empty()).then(|| (of(inside.to_owned()), behind))
        });
        if let Some((part, behind)) = marked.or_else(|| address(rest)) {
            if !plain.is_empty() {
                out.push(Part::Plain(std::mem::take(&mut plain)));
            }
            out.push(part);
            rest = behind;
        } else {
            plain.push(sign);
            rest = &rest[sign.len_utf8()..];
        }
    }
    if !plain.is_empty() {
        out.push(Part::Plain(plain));
    }
    out
}

fn address(text: &str) -> Option<(Part, &str)> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']');
    let end = text.find(ends).unwrap_or(text.len());
    // A full stop behind an address ends the sentence.
    let address = text[..end].trim_end_matches(['.', ',', ';', ':']);
    is_web.then(|| (Part::Address(address.to_owned()), &text[address.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_what_they_are() {
        let plain = |text: &str| Part::Plain(text.to_owned());
        let text = "# The shop\n\n- runs **well**, see `x < y`\nmore at (https://a.b/c?d=1).\n<script>**";
        assert_eq!(
            blocks(text),
            [
                Block::Heading(1, vec![plain("The shop")]),
                Block::Item(vec![
                    plain("runs "),
                    Part::Bold("well".into()),
                    plain(", see "),
                    Part::Code("x < y".into())
                ]),
                Block::Line(vec![plain("more at ("), Part::Address("https://a.b/c?d=1".into()), plain(").")]),
                Block::Line(vec![plain("<script>**")]),
            ]
        );
        assert_eq!(blocks("#no\n####### seven\njavascript:x").len(), 3);
        assert!(blocks("#no").iter().all(|block| matches!(block, Block::Line(_))));
    }
}
