//! Which spans of a waterfall are folded, in few enough characters for a URL.
//!
//! A base (`none`, `all`, or every span from a depth on) and the spans that differ from it. So "collapse
//! all" of 100 000 spans is one word, and a hand-folded trace is a list of span ids. Ids are used rather
//! than rows, because a late span moves the rows.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// All open.
    #[default]
    None,
    /// All closed.
    All,
    /// Spans at this depth and below are closed; roots have depth 0.
    From(u32),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collapse {
    pub base: Base,
    /// Span ids whose state is the other one, in order.
    pub toggled: Vec<String>,
}

impl Collapse {
    /// Reads the `fold` parameter; what it does not know it ignores.
    pub fn parse(text: &str) -> Self {
        let mut collapse = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match part {
                "all" => collapse.base = Base::All,
                _ if part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    collapse.set(part, true);
                }
                _ => {
                    if let Some(depth) = part.strip_prefix('d').and_then(|depth| depth.parse().ok()) {
                        collapse.base = Base::From(depth);
                    }
                }
            }
        }
        collapse
    }

    /// The value of `fold`; empty when everything is open.
    pub fn encode(&self) -> String {
        let base = match self.base {
            Base::None => None,
            Base::All => Some("all".to_owned()),
            Base::From(depth) => Some(format!("d{depth}")),
        };
        base.into_iter().chain(self.toggled.iter().cloned()).collect::<Vec<_>>().join(",")
    }

    pub fn is_collapsed(&self, span_id: &str, depth: u32) -> bool {
        let by_base = match self.base {
            Base::None => false,
            Base::All => true,
            Base::From(from) => depth >= from,
        };
        by_base != (!self.toggled.is_empty() && self.place(span_id).is_ok())
    }

    pub fn toggle(&mut self, span_id: &str) {
        let is_toggled = self.place(span_id).is_ok();
        self.set(span_id, !is_toggled);
    }

    fn place(&self, span_id: &str) -> Result<usize, usize> {
        self.toggled.binary_search_by(|toggled| toggled.as_str().cmp(span_id))
    }

    fn set(&mut self, span_id: &str, is_toggled: bool) {
        match self.place(span_id) {
            Ok(place) if !is_toggled => drop(self.toggled.remove(place)),
            Err(place) if is_toggled => self.toggled.insert(place, span_id.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00f067aa0ba902b7";
    const B: &str = "00f067aa0ba902b8";

    #[test]
    fn the_link_holds_the_state() {
        for text in ["", "all", "d2", &format!("{A},{B}"), &format!("all,{A}"), &format!("d0,{B}")] {
            assert_eq!(Collapse::parse(text).encode(), text);
        }
        assert_eq!(Collapse::parse("bogus,d,-1,<b>").encode(), "");
    }

    #[test]
    fn a_toggle_turns_the_base_around() {
        let mut collapse = Collapse::parse("all");
        collapse.toggle(A);
        assert!(!collapse.is_collapsed(A, 0) && collapse.is_collapsed(B, 0));
        collapse.toggle(A);
        assert_eq!(collapse.encode(), "all");
        let deep = Collapse::parse("d2");
        assert!(!deep.is_collapsed(A, 1) && deep.is_collapsed(A, 2));
    }
}
