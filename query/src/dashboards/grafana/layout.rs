//! Where panels stand: Grafana's rows one below the other, and below each what is in it.

use super::{list, number, text};
use ocelli_api::dashboards::limits::MAX_HEIGHT;
use ocelli_api::dashboards::{COLUMNS, Grid, Panel};
use serde_json::Value;

/// Pixels of a row of the grid.
const ROW_PX: f64 = 30.0;

/// A row of Grafana's with its panels, or what stands before the first one.
pub struct Part<'v> {
    pub heading: Option<&'v Value>,
    pub panels: Vec<&'v Value>,
}

/// The same, read.
pub struct Section {
    pub heading: Option<Panel>,
    pub panels: Vec<(Panel, Option<Grid>)>,
}

pub fn parts(document: &Value) -> Vec<Part<'_>> {
    if document["panels"].is_array() {
        return on_grid(document);
    }
    list(&document["rows"]).map(in_row).collect()
}

fn in_row(row: &Value) -> Part<'_> {
    let heading = Some(row).filter(|row| row["showTitle"] == true);
    Part { heading, panels: list(&row["panels"]).collect() }
}

fn on_grid(document: &Value) -> Vec<Part<'_>> {
    let mut panels: Vec<&Value> = list(&document["panels"]).collect();
    let place = |panel: &Value| {
        let grid = grid(panel).unwrap_or_default();
        (grid.y, grid.x)
    };
    panels.sort_by_key(|panel| place(panel));
    let mut parts = vec![Part { heading: None, panels: Vec::new() }];
    for panel in panels {
        if text(&panel["type"]) == "row" {
            // One that is collapsed has its panels inside.
            parts.push(Part { heading: Some(panel), panels: list(&panel["panels"]).collect() });
        } else if let Some(part) = parts.last_mut() {
            part.panels.push(panel);
        }
    }
    parts
}

/// The place of a panel on its dashboard; the old layout has none.
pub fn grid(panel: &Value) -> Option<Grid> {
    let of = |value: &Value| number(value).map(|number| number.clamp(0.0, 1e5) as u32);
    let at = &panel["gridPos"];
    if at.is_object() {
        let w = of(&at["w"]).unwrap_or(12).clamp(1, COLUMNS);
        let x = of(&at["x"]).unwrap_or(0).min(COLUMNS - w);
        return Some(Grid {
            x,
            y: of(&at["y"]).unwrap_or(0),
            w,
            h: of(&at["h"]).unwrap_or(8).clamp(1, MAX_HEIGHT),
        });
    }
    None
}

/// What the old layout says of a panel's size.
pub fn span(panel: &Value) -> Grid {
    let twelfths = number(&panel["span"]).unwrap_or(12.0).clamp(1.0, 12.0);
    let height = number(&panel["height"]);
    let height = height.or_else(|| text(&panel["height"]).trim_end_matches("px").parse().ok());
    let h = (height.unwrap_or(240.0) / ROW_PX).ceil().clamp(2.0, f64::from(MAX_HEIGHT)) as u32;
    Grid { x: 0, y: 0, w: (twelfths * 2.0).round() as u32, h }
}

/// All panels, each section below the one before.
pub fn placed(sections: Vec<Section>) -> Vec<Panel> {
    let (mut all, mut below) = (Vec::new(), 0);
    for section in sections {
        if let Some(mut heading) = section.heading {
            heading.grid = Grid { x: 0, y: below, w: COLUMNS, h: 1 };
            below += 1;
            all.push(heading);
        }
        let top = section.panels.iter().filter_map(|(_, grid)| *grid).map(|grid| grid.y).min().unwrap_or(0);
        let (first, mut flow) = (below, Flow { x: 0, y: below, h: 0 });
        for (mut panel, grid) in section.panels {
            panel.grid = match grid {
                Some(grid) => Grid { y: first + (grid.y - top), ..grid },
                None => flow.place(panel.grid),
            };
            below = below.max(panel.grid.y + panel.grid.h);
            all.push(panel);
        }
    }
    all
}

/// Panels side by side, and below where there is no room.
struct Flow {
    x: u32,
    y: u32,
    h: u32,
}

impl Flow {
    fn place(&mut self, size: Grid) -> Grid {
        if self.x + size.w > COLUMNS {
            *self = Flow { x: 0, y: self.y + self.h, h: 0 };
        }
        let place = Grid { x: self.x, y: self.y, ..size };
        self.x += size.w;
        self.h = self.h.max(size.h);
        place
    }
}
