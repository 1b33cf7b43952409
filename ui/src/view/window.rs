//! Which rows of a long list are in view.

use super::scale::within;

/// Rows `first..first + count` are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub first: usize,
    pub count: usize,
}

/// No screen is higher. A layout that lets a list grow to its full height must not make an element of
/// each of 100 000 rows.
const MAX_VIEWPORT_PX: f64 = 10_000.0;

/// How many row elements cover a viewport wherever it is scrolled to.
pub fn pool_size(viewport_px: f64, row_px: f64) -> usize {
    (within(viewport_px, 0.0, MAX_VIEWPORT_PX) / row_px).ceil() as usize + 1
}

pub fn window(scroll_px: f64, viewport_px: f64, row_px: f64, total: usize) -> Window {
    let first = ((scroll_px.max(0.0) / row_px).floor() as usize).min(total);
    Window { first, count: pool_size(viewport_px, row_px).min(total - first) }
}

/// Where to scroll so that a row is whole in view; `None` when it is already.
pub fn scroll_to(row: usize, scroll_px: f64, viewport_px: f64, row_px: f64) -> Option<f64> {
    let (top, bottom) = (row as f64 * row_px, (row + 1) as f64 * row_px);
    if top < scroll_px {
        return Some(top);
    }
    (bottom > scroll_px + viewport_px).then_some((bottom - viewport_px).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_covers_the_viewport() {
        assert_eq!(window(0.0, 100.0, 20.0, 1_000), Window { first: 0, count: 6 });
        assert_eq!(window(30.0, 100.0, 20.0, 1_000), Window { first: 1, count: 6 });
        assert_eq!(window(90.0, 100.0, 20.0, 6), Window { first: 4, count: 2 });
        assert_eq!(window(-5.0, 0.0, 20.0, 0), Window { first: 0, count: 0 });
        assert_eq!(window(0.0, 2e6, 20.0, 100_000).count, 501);
    }

    #[test]
    fn scrolling_is_least() {
        assert_eq!(scroll_to(3, 0.0, 100.0, 20.0), None);
        assert_eq!(scroll_to(5, 0.0, 100.0, 20.0), Some(20.0));
        assert_eq!(scroll_to(0, 50.0, 100.0, 20.0), Some(0.0));
    }
}
