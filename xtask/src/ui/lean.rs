//! Scripts and styles without what only their readers need.

/// The same without comments that begin a line, blank lines, and blanks at both ends of lines.
///
/// What is served has no string over several lines, of which this would change the blanks.
pub fn lean(text: &str) -> String {
    let mut lean = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        let mut kept = line;
        if in_comment || line.starts_with("/*") {
            let end = line.split_once("*/");
            in_comment = end.is_none();
            kept = end.map_or("", |(_, after)| after.trim());
        }
        if !kept.is_empty() && !kept.starts_with("//") {
            lean.push_str(kept);
            lean.push('\n');
        }
    }
    lean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_and_blanks_are_left_out() {
        let script = "// of one line\n/**\n * of more\n */\nexport class A {\n    a() { return \"/* no */ // no\"; } // kept\n\n}\n";
        assert_eq!(lean(script), "export class A {\na() { return \"/* no */ // no\"; } // kept\n}\n");
        assert_eq!(lean("  /* about a */ a {\n  b: c;\n}"), "a {\nb: c;\n}\n");
        assert_eq!(lean("/* never\nended"), "");
    }
}
