//! The frames of a flame graph, roots at the top.

use super::canvas::{Canvas, colour};
use crate::view::flame::{Flame, Frame, Node};

/// Height of a line in CSS pixels.
pub const LINE_PX: f64 = 20.0;

/// What one frame needs to be labelled.
const LABEL_PX: f64 = 28.0;
/// Of the font below, rather too wide than too narrow; a label is cut by it.
const LETTER_PX: f64 = 6.3;

/// What a picture shows.
pub struct Picture<'a> {
    pub flame: &'a Flame,
    pub frames: &'a [Frame],
    /// Colour and stripes of each service.
    pub looks: &'a [(String, bool)],
    pub labels: &'a dyn Fn(&Node) -> String,
    pub pointed: Option<usize>,
}

pub fn draw(canvas: &Canvas, picture: &Picture) {
    let (text, error, line) = (colour("--t1"), colour("--err"), colour("--bg"));
    canvas.context.set_font("11px system-ui, sans-serif");
    canvas.context.set_text_baseline("middle");
    for frame in picture.frames {
        let node = &picture.flame.nodes[frame.node];
        let top = f64::from(node.depth) * LINE_PX;
        if top > canvas.height {
            continue;
        }
        let width = (frame.width - 1.0).max(1.0);
        let Some((fill, striped)) = picture.looks.get(node.service as usize) else { continue };
        // Letters are read on a tint of the service's colour; the edge has it in full.
        canvas.fill(fill);
        canvas.context.set_global_alpha(if picture.pointed == Some(frame.node) { 0.5 } else { 0.25 });
        canvas.context.fill_rect(frame.x, top, width, LINE_PX - 1.0);
        canvas.context.set_global_alpha(1.0);
        canvas.context.fill_rect(frame.x, top, width.min(3.0), LINE_PX - 1.0);
        if *striped {
            canvas.fill(&line);
            canvas.context.fill_rect(frame.x, top + LINE_PX / 2.0 - 1.0, width.min(3.0), 2.0);
        }
        if node.errors > 0 {
            canvas.fill(&error);
            canvas.context.fill_rect(frame.x, top + LINE_PX - 3.0, width, 2.0);
        }
        if width >= LABEL_PX {
            let room = ((width - 8.0) / LETTER_PX) as usize;
            let label: String = (picture.labels)(node).chars().take(room).collect();
            canvas.fill(&text);
            // Fails only for numbers that are not finite.
            let _drawn = canvas.context.fill_text(&label, frame.x + 6.0, top + LINE_PX / 2.0);
        }
    }
}
