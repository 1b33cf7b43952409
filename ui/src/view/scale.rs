//! From a value to a pixel and back.

/// A number held between two. Unlike `f64::clamp` it takes limits in the wrong order, as of a box without a
/// width, and has no message with numbers in it, for which the browser would download how to write them.
pub fn within(number: f64, low: f64, high: f64) -> f64 {
    number.max(low).min(high)
}

/// A straight line between a domain and pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    pub from: f64,
    pub to: f64,
    pub start_px: f64,
    pub end_px: f64,
}

impl Linear {
    pub fn new(from: f64, to: f64, start_px: f64, end_px: f64) -> Self {
        Self { from, to, start_px, end_px }
    }

    pub fn px(&self, value: f64) -> f64 {
        let width = self.to - self.from;
        let share = if width == 0.0 { 0.0 } else { (value - self.from) / width };
        self.start_px + share * (self.end_px - self.start_px)
    }

    pub fn value(&self, px: f64) -> f64 {
        let width = self.end_px - self.start_px;
        let share = if width == 0.0 { 0.0 } else { (px - self.start_px) / width };
        self.from + share * (self.to - self.from)
    }
}

/// The same for a logarithmic axis; everything below `from` lies on its edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Log(Linear);

impl Log {
    /// Both ends must be above 0; they are forced to be.
    pub fn new(from: f64, to: f64, start_px: f64, end_px: f64) -> Self {
        let from = from.max(f64::MIN_POSITIVE);
        Self(Linear::new(from.log10(), to.max(from * 10.0).log10(), start_px, end_px))
    }

    pub fn px(&self, value: f64) -> f64 {
        self.0.px(value.max(f64::MIN_POSITIVE).log10().max(self.0.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let scale = Linear::new(10.0, 20.0, 100.0, 0.0);
        assert_eq!(scale.px(15.0), 50.0);
        assert_eq!(scale.value(25.0), 17.5);
        assert_eq!(Linear::new(1.0, 1.0, 3.0, 9.0).px(1.0), 3.0);
    }

    #[test]
    fn decades_are_evenly_spaced() {
        let scale = Log::new(1.0, 1000.0, 0.0, 300.0);
        assert!((scale.px(10.0) - 100.0).abs() < 1e-9);
        assert_eq!(scale.px(0.0), 0.0);
    }
}
