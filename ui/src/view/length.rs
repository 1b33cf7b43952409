//! Lengths as styles have them.

use super::scale::within;
use super::text::fixed;

/// Of the box around it: `12.34%`.
pub fn percent(hundredths: f64) -> String {
    fixed(hundredths, 2) + "%"
}

/// A share of 1 of the box around it, which it never leaves.
pub fn share(share: f64) -> String {
    percent(within(share, 0.0, 1.0) * 100.0)
}

/// `12.3px`.
pub fn px(px: f64) -> String {
    fixed(px, 1) + "px"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(
            [percent(50.0), share(-0.1), share(1.5), px(-1.26)],
            ["50.00%", "0.00%", "100.00%", "-1.3px"]
        );
    }
}
