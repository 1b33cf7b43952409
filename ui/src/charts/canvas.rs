//! A canvas in CSS pixels, whatever the density of the screen, with the colours of the style sheet.

use crate::view::scale::within;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Browsers refuse larger canvases.
const MAX_PIXELS: u32 = 16_384;

/// A cleared canvas ready to be drawn on; sizes in CSS pixels.
pub struct Canvas {
    pub context: CanvasRenderingContext2d,
    pub width: f64,
    pub height: f64,
}

impl Canvas {
    /// Gives the element as many pixels as the screen shows, and clears it. `None` without a size.
    pub fn prepare(element: &HtmlCanvasElement, width: f64, height: f64) -> Option<Self> {
        let (width, height) = (width.floor(), height.floor());
        if width < 1.0 || height < 1.0 {
            return None;
        }
        let density = crate::prelude::window().device_pixel_ratio().max(1.0);
        let pixels = |length: f64| ((length * density) as u32).min(MAX_PIXELS);
        let (pixels_x, pixels_y) = (pixels(width), pixels(height));
        // Setting a size clears and is slow, even when it is the same.
        if element.width() != pixels_x || element.height() != pixels_y {
            element.set_width(pixels_x);
            element.set_height(pixels_y);
        }
        let context = element.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
        context.set_transform(density, 0.0, 0.0, density, 0.0, 0.0).ok()?;
        context.clear_rect(0.0, 0.0, width, height);
        Some(Self { context, width, height })
    }

    pub fn fill(&self, colour: &str) {
        self.context.set_fill_style_str(colour);
    }

    pub fn stroke(&self, colour: &str, width: f64) {
        self.context.set_stroke_style_str(colour);
        self.context.set_line_width(width);
    }

    /// A one-pixel line that is sharp.
    pub fn horizontal(&self, y: f64) {
        let y = within(y.round(), 0.0, self.height - 1.0) + 0.5;
        self.segment(0.0, y, self.width, y);
    }

    pub fn vertical(&self, x: f64) {
        let x = within(x.round(), 0.0, self.width - 1.0) + 0.5;
        self.segment(x, 0.0, x, self.height);
    }

    pub fn segment(&self, x0: f64, y0: f64, x1: f64, y1: f64) {
        self.context.begin_path();
        self.context.move_to(x0, y0);
        self.context.line_to(x1, y1);
        self.context.stroke();
    }

    /// The grid behind a chart, in pixels.
    pub fn grid(&self, xs: &[f64], ys: &[f64]) {
        self.stroke(&colour("--bg2"), 1.0);
        xs.iter().for_each(|&x| self.vertical(x));
        ys.iter().for_each(|&y| self.horizontal(y));
    }
}

/// The present value of a custom property of the style sheet, so that both themes and a reader's own
/// style apply to canvases too.
pub fn colour(variable: &str) -> String {
    let root = crate::prelude::document().document_element();
    let style = root.and_then(|root| crate::prelude::window().get_computed_style(&root).ok().flatten());
    let value = style.and_then(|style| style.get_property_value(variable).ok()).unwrap_or_default();
    if value.trim().is_empty() { "#808080".to_owned() } else { value.trim().to_owned() }
}
