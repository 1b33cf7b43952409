//! The whole trace as a small picture, painted into pixels directly: 100 000 canvas calls would be slow.

use super::waterfall::STATUS_ERROR;
use ocelli_api::traces::SpanColumns;

pub type Rgb = [u8; 3];

/// RGBA of `width` × `height`, transparent where no span is. `colours` is one a service; failed spans
/// are painted over the others in `error`, later rows over earlier ones.
///
/// A line of pixels may stand for thousands of spans as wide as the picture, so each pixel is painted
/// once: by the span that is on top.
pub fn paint(
    spans: &SpanColumns,
    duration_ns: i64,
    colours: &[Rgb],
    error: Rgb,
    width: usize,
    height: usize,
) -> Vec<u8> {
    let mut pixels = vec![0u8; width * height * 4];
    let len = spans.span_id.len();
    if len == 0 || width == 0 || height == 0 {
        return pixels;
    }
    let per_ns = width as f64 / duration_ns.max(1) as f64;
    // Few spans get lines of up to 3 px with a gap; many share lines.
    let pitch = (height as f64 / len as f64).min(4.0);
    let thick = if pitch >= 3.0 { 2 } else { 1 };
    let line_of = |row: usize| ((row as f64 * pitch) as usize).min(height - 1);
    let mut first = 0;
    while first < len {
        let top = line_of(first);
        let end = (first..len).find(|&row| line_of(row) != top).unwrap_or(len);
        let mut line = Line::new(width);
        for on_top in [true, false] {
            for row in (first..end).rev().filter(|&row| (spans.status[row] == STATUS_ERROR) == on_top) {
                let service = spans.service[row] as usize;
                let rgb = if on_top { error } else { colours.get(service).copied().unwrap_or([128; 3]) };
                let (start, duration) =
                    (spans.start_offset_ns[row] as f64, spans.duration_ns[row].max(0) as f64);
                let left = ((start * per_ns).max(0.0) as usize).min(width - 1);
                let right = (((start + duration) * per_ns).ceil().max(0.0) as usize).clamp(left + 1, width);
                line.fill(left, right, rgb);
            }
        }
        for y in top..(top + thick).min(height) {
            pixels[y * width * 4..(y + 1) * width * 4].copy_from_slice(&line.pixels);
        }
        first = end;
    }
    pixels
}

/// One line of pixels of which each is painted at most once.
struct Line {
    pixels: Vec<u8>,
    /// For each pixel a pixel at or right of it that may be free; the last is a sentinel that always is.
    free: Vec<u32>,
}

impl Line {
    fn new(width: usize) -> Self {
        Self { pixels: vec![0; width * 4], free: (0..=width as u32).collect() }
    }

    /// The first free pixel at or right of `x`; shortens the way for the next search.
    fn next_free(&mut self, mut x: usize) -> usize {
        while self.free[x] as usize != x {
            self.free[x] = self.free[self.free[x] as usize];
            x = self.free[x] as usize;
        }
        x
    }

    fn fill(&mut self, left: usize, right: usize, rgb: Rgb) {
        let mut x = self.next_free(left);
        while x < right {
            self.pixels[x * 4..x * 4 + 4].copy_from_slice(&[rgb[0], rgb[1], rgb[2], 255]);
            self.free[x] += 1;
            x = self.next_free(x + 1);
        }
    }
}

/// `#rgb`, `#rrggbb` or `rgb(r, g, b)`; black when it is none of them.
pub fn parse_colour(text: &str) -> Rgb {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix('#') {
        let digit =
            |at: usize| hex.get(at..=at).and_then(|digit| u8::from_str_radix(digit, 16).ok()).unwrap_or(0);
        return match hex.len() {
            3 => [0, 1, 2].map(|at| digit(at) * 17),
            _ => [0, 2, 4].map(|at| digit(at) * 16 + digit(at + 1)),
        };
    }
    let numbers = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = numbers.split([',', ' ', ')']).filter_map(|part| part.trim().parse().ok());
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::waterfall::tests::tree;

    #[test]
    fn spans_are_where_they_belong_and_errors_on_top() {
        let (width, height) = (100, 5);
        let red = [200, 0, 0];
        let pixels = paint(&tree(), 100, &[[1, 1, 1], [2, 2, 2]], red, width, height);
        let at = |x: usize, y: usize| &pixels[(y * width + x) * 4..(y * width + x) * 4 + 4];
        assert_eq!(at(0, 0), [1, 1, 1, 255]);
        assert_eq!(at(99, 0), [1, 1, 1, 255]);
        assert_eq!(at(5, 1), [0, 0, 0, 0]);
        assert_eq!(at(10, 1), [2, 2, 2, 255]);
        assert_eq!(at(60, 3), [200, 0, 0, 255]);
    }

    #[test]
    fn what_is_on_top_is_seen() {
        let mut spans = tree();
        spans.start_offset_ns = vec![0, 20, 0, 40, 30];
        spans.duration_ns = vec![100, 40, 10, 10, 20];
        spans.service = vec![0, 1, 2, 0, 2];
        let pixels = paint(&spans, 100, &[[1; 3], [2; 3], [3; 3]], [9; 3], 10, 1);
        let seen: Vec<u8> = pixels.chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!(seen, [3, 1, 2, 3, 9, 2, 1, 1, 1, 1]);
    }

    #[test]
    fn spans_outside_do_no_harm() {
        let mut spans = tree();
        spans.start_offset_ns = vec![-50, i64::MAX, i64::MIN, 99, 500];
        spans.duration_ns = vec![i64::MAX, -1, i64::MAX, 0, 10];
        assert_eq!(paint(&spans, 100, &[], [9; 3], 7, 3).len(), 84);
        assert!(paint(&spans, 0, &[], [9; 3], 0, 3).is_empty());
    }

    #[test]
    fn colours_of_css() {
        assert_eq!(parse_colour(" #176ec8"), [0x17, 0x6e, 0xc8]);
        assert_eq!(parse_colour("#fff"), [255; 3]);
        assert_eq!(parse_colour("rgb(1, 20, 255)"), [1, 20, 255]);
        assert_eq!(parse_colour("nonsense"), [0; 3]);
    }
}
