//! Drawing on canvases. Each file draws one kind of chart from plain data; axes, legends and labels are
//! DOM and live in `components`.

pub mod bars;
pub mod canvas;
pub mod cells;
pub mod flames;
pub mod lines;
pub mod points;
pub mod timeline;
