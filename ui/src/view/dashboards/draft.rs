//! A dashboard as a page holds it: its panels by keys that stay while they move, and where they lie.

use crate::view::order::sort_by;
use ocelli_api::dashboards::limits::MAX_HEIGHT;
use ocelli_api::dashboards::{COLUMNS, Dashboard, Grid, Panel};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    pub dashboard: Dashboard,
    /// Of each panel of the dashboard.
    keys: Vec<u32>,
    next: u32,
}

impl Draft {
    pub fn new(dashboard: Dashboard) -> Self {
        let count = dashboard.panels.len() as u32;
        Self { dashboard, keys: (0..count).collect(), next: count }
    }

    fn place(&self, key: u32) -> Option<usize> {
        self.keys.iter().position(|known| *known == key)
    }

    pub fn panel(&self, key: u32) -> Option<&Panel> {
        self.dashboard.panels.get(self.place(key)?)
    }

    pub fn panel_mut(&mut self, key: u32) -> Option<&mut Panel> {
        let place = self.place(key)?;
        self.dashboard.panels.get_mut(place)
    }

    /// The key of the panel that the API calls `panels[number]`.
    pub fn key(&self, number: usize) -> Option<u32> {
        self.keys.get(number).copied()
    }

    /// How the API calls a panel: `panels[number]`.
    pub fn number(&self, key: u32) -> Option<usize> {
        self.place(key)
    }

    pub fn keys(&self) -> Vec<u32> {
        self.keys.clone()
    }

    /// The keys as one reads: row after row.
    pub fn in_order(&self) -> Vec<u32> {
        let mut places: Vec<usize> = (0..self.keys.len()).collect();
        let grid = |place: &usize| self.dashboard.panels[*place].grid;
        sort_by(&mut places, |a, b| (grid(a).y, grid(a).x).cmp(&(grid(b).y, grid(b).x)));
        places.into_iter().map(|place| self.keys[place]).collect()
    }

    /// Below all others.
    pub fn add(&mut self, mut panel: Panel) -> u32 {
        let key = self.next;
        self.next += 1;
        let bottoms = self.dashboard.panels.iter().map(|panel| panel.grid.y.saturating_add(panel.grid.h));
        panel.grid.y = bottoms.max().unwrap_or_default();
        panel.grid.x = panel.grid.x.min(COLUMNS.saturating_sub(panel.grid.w));
        self.dashboard.panels.push(panel);
        self.keys.push(key);
        self.settle(Some(key));
        key
    }

    pub fn remove(&mut self, key: u32) {
        if let Some(place) = self.place(key) {
            self.dashboard.panels.remove(place);
            self.keys.remove(place);
            self.settle(None);
        }
    }

    /// Moves a panel or gives it another size, inside of the grid; what is in its way moves down, and everything
    /// moves up as far as it can.
    pub fn lay(&mut self, key: u32, grid: Grid) {
        let w = grid.w.clamp(1, COLUMNS);
        let grid = Grid { x: grid.x.min(COLUMNS - w), y: grid.y, w, h: grid.h.clamp(1, MAX_HEIGHT) };
        if let Some(panel) = self.panel_mut(key) {
            panel.grid = grid;
            self.settle(Some(key));
        }
    }

    /// Changes places with the panel that is read before it, or after it.
    pub fn swap(&mut self, key: u32, with_next: bool) {
        let order = self.in_order();
        let at = order.iter().position(|known| *known == key).unwrap_or_default();
        let pair = if with_next { at..at + 2 } else { at.saturating_sub(1)..at + 1 };
        let Some(&[first, second]) = order.get(pair) else { return };
        let [Some(a), Some(b)] = [first, second].map(|key| self.panel(key).map(|panel| panel.grid)) else {
            return;
        };
        for (key, grid, to) in [(first, a, b), (second, b, a)] {
            if let Some(panel) = self.panel_mut(key) {
                panel.grid = Grid { x: to.x.min(COLUMNS.saturating_sub(grid.w)), y: to.y, ..grid };
            }
        }
        self.settle(None);
    }

    /// `first` stays where another is in its way.
    fn settle(&mut self, first: Option<u32>) {
        let panels = &mut self.dashboard.panels;
        let mut places: Vec<usize> = (0..panels.len()).collect();
        let rank =
            |place: usize| (panels[place].grid.y, Some(self.keys[place]) != first, panels[place].grid.x);
        sort_by(&mut places, |a, b| rank(*a).cmp(&rank(*b)));
        let mut laid: Vec<Grid> = Vec::with_capacity(panels.len());
        for place in places {
            let grid = &mut panels[place].grid;
            let beside = |other: &&Grid| other.x < grid.x + grid.w && grid.x < other.x + other.w;
            grid.y = laid.iter().filter(beside).map(|other| other.y + other.h).max().unwrap_or_default();
            laid.push(*grid);
        }
    }
}

/// Where a key moves a panel, or with Shift makes it larger or smaller.
pub fn by_key(grid: Grid, key: &str, size: bool) -> Option<Grid> {
    let less = |number: u32| number.saturating_sub(1);
    let Grid { x, y, w, h } = grid;
    Some(match (key, size) {
        ("ArrowLeft", false) => Grid { x: less(x), ..grid },
        ("ArrowRight", false) => Grid { x: x + 1, ..grid },
        ("ArrowUp", false) => Grid { y: less(y), ..grid },
        ("ArrowDown", false) => Grid { y: y + h, ..grid },
        ("ArrowLeft", true) => Grid { w: less(w).max(1), ..grid },
        ("ArrowRight", true) => Grid { w: (w + 1).min(COLUMNS.saturating_sub(x)), ..grid },
        ("ArrowUp", true) => Grid { h: less(h).max(1), ..grid },
        ("ArrowDown", true) => Grid { h: h + 1, ..grid },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(grids: &[(u32, u32, u32, u32)]) -> Draft {
        let panel =
            |&(x, y, w, h): &(u32, u32, u32, u32)| Panel { grid: Grid { x, y, w, h }, ..Panel::default() };
        Draft::new(Dashboard { panels: grids.iter().map(panel).collect(), ..Dashboard::default() })
    }

    fn grid(draft: &Draft, key: u32) -> (u32, u32, u32, u32) {
        let Grid { x, y, w, h } = draft.panel(key).unwrap().grid;
        (x, y, w, h)
    }

    #[test]
    fn what_is_in_the_way_moves_down_and_up_again() {
        let mut all = draft(&[(0, 0, 12, 8), (12, 0, 12, 8), (0, 8, 24, 4)]);
        all.lay(1, Grid { x: 0, y: 0, w: 12, h: 8 });
        assert_eq!([0, 1, 2].map(|key| grid(&all, key)), [(0, 8, 12, 8), (0, 0, 12, 8), (0, 16, 24, 4)]);
        all.lay(1, Grid { x: 40, y: 0, w: 99, h: 0 });
        assert_eq!(grid(&all, 1), (0, 0, 24, 1), "inside of the grid");
        all.remove(1);
        assert_eq!((grid(&all, 0), grid(&all, 2)), ((0, 0, 12, 8), (0, 8, 24, 4)));
        assert_eq!((all.in_order(), all.key(1), all.number(2)), (vec![0, 2], Some(2), Some(1)));
    }

    #[test]
    fn a_new_panel_comes_below_all_others() {
        let mut all = draft(&[(0, 3, 24, 4)]);
        let key = all.add(Panel::default());
        assert_eq!((grid(&all, 0), grid(&all, key)), ((0, 0, 24, 4), (0, 4, 12, 8)));
        all.remove(0);
        assert_eq!(all.add(Panel::default()), key + 1, "a key is not used again");
    }

    #[test]
    fn neighbours_change_places() {
        let mut all = draft(&[(0, 0, 12, 8), (12, 0, 12, 8), (0, 8, 24, 4)]);
        all.swap(1, false);
        assert_eq!([0, 1, 2].map(|key| grid(&all, key)), [(12, 0, 12, 8), (0, 0, 12, 8), (0, 8, 24, 4)]);
        all.swap(0, true);
        assert_eq!(all.in_order(), [1, 2, 0], "of another width");
        let before = all.clone();
        all.swap(1, false);
        all.swap(0, true);
        assert_eq!(all, before, "the ends stay");
    }

    #[test]
    fn arrows_move_and_with_shift_size() {
        let at = Grid { x: 0, y: 2, w: 12, h: 4 };
        assert_eq!(by_key(at, "ArrowLeft", false), Some(at));
        assert_eq!(by_key(at, "ArrowDown", false), Some(Grid { y: 6, ..at }));
        assert_eq!(by_key(at, "ArrowRight", true), Some(Grid { w: 13, ..at }));
        assert_eq!(by_key(Grid { h: 1, ..at }, "ArrowUp", true).map(|grid| grid.h), Some(1));
        assert_eq!(by_key(at, "Enter", false), None);
    }
}
