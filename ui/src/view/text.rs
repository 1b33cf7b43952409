//! What every browser can do with texts, so that it is not downloaded: the tables that lower the letters
//! of all scripts and read and write decimal numbers exactly are a tenth of the rest. Elsewhere, as in the tests, the
//! standard library does it.

use ocelli_api::AnyValue;

/// In small letters.
pub fn lower(text: &str) -> String {
    #[cfg(target_arch = "wasm32")]
    let lowered = js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    let lowered = text.to_lowercase();
    lowered
}

/// A finite decimal number as JSON and URLs have it: digits with a sign, a point, an exponent.
pub fn number(text: &str) -> Option<f64> {
    let is_decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if !text.bytes().all(is_decimal) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    #[cfg(target_arch = "wasm32")]
    let number = Some(wasm_bindgen::JsValue::from_str(text).unchecked_into_f64());
    #[cfg(not(target_arch = "wasm32"))]
    let number = text.parse().ok();
    number.filter(|number| f64::is_finite(*number))
}

/// A number as its digits with so many behind the point, at most 100: browsers refuse more.
pub fn fixed(number: f64, places: usize) -> String {
    let places = places.min(100);
    #[cfg(target_arch = "wasm32")]
    let text = browser::number(number).to_fixed(places);
    #[cfg(not(target_arch = "wasm32"))]
    let text = format!("{number:.places$}");
    text
}

/// The shortest digits that read back as the same number.
pub fn shortest(number: f64) -> String {
    #[cfg(target_arch = "wasm32")]
    let text = browser::string(number);
    #[cfg(not(target_arch = "wasm32"))]
    let text = number.to_string();
    text
}

/// An attribute's value as one reads it.
pub fn value(value: &AnyValue) -> String {
    value.display_with(shortest)
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = String)]
        pub fn string(number: f64) -> String;

        pub type Number;
        #[wasm_bindgen(js_name = Object)]
        pub fn number(number: f64) -> Number;
        #[wasm_bindgen(method, js_name = toFixed)]
        pub fn to_fixed(this: &Number, places: usize) -> String;
    }
}

/// Whether a regular expression matches the whole value; none if it cannot be read. The flags of the whole,
/// as in `(?i)`, are the only thing that the browser writes otherwise.
#[cfg(target_arch = "wasm32")]
pub fn whole_match(pattern: &str, value: &str) -> Option<bool> {
    let (flags, pattern) = flags(pattern);
    Some(regular_expression(&format!("^(?:{pattern})$"), flags)?.test(value))
}

/// What a regular expression finds in a value: its first group where it has one, else all that it matches.
#[cfg(target_arch = "wasm32")]
pub fn first_group(pattern: &str, value: &str) -> Option<String> {
    let (flags, pattern) = flags(pattern);
    let found = regular_expression(pattern, flags)?.exec(value)?;
    let place = if found.length() > 1 { 1 } else { 0 };
    found.get(place).as_string()
}

#[cfg(target_arch = "wasm32")]
fn regular_expression(pattern: &str, flags: &str) -> Option<js_sys::RegExp> {
    use wasm_bindgen::{JsCast, JsValue};
    let arguments = js_sys::Array::of2(&JsValue::from_str(pattern), &JsValue::from_str(&format!("{flags}u")));
    let global = js_sys::Reflect::get(&js_sys::global(), &"RegExp".into()).ok()?;
    js_sys::Reflect::construct(global.unchecked_ref::<js_sys::Function>(), &arguments).ok()?.dyn_into().ok()
}

/// The tests of what needs one bring their own.
#[cfg(not(target_arch = "wasm32"))]
pub fn whole_match(_: &str, _: &str) -> Option<bool> {
    None
}

#[cfg(not(target_arch = "wasm32"))]
pub fn first_group(_: &str, _: &str) -> Option<String> {
    None
}

/// `(?is)x` as flags and the rest; Go's `U` has no twin and stays, so that the browser refuses it.
#[cfg(any(target_arch = "wasm32", test))]
fn flags(pattern: &str) -> (&str, &str) {
    let inner = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    match inner {
        Some((flags, rest)) if !flags.is_empty() && flags.chars().all(|flag| "ims".contains(flag)) => {
            (flags, rest)
        }
        _ => ("", pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers() {
        assert_eq!(number("1.5e-3"), Some(0.0015));
        assert_eq!(number("-0"), Some(0.0));
        for text in ["", "-", "e", "1-2", "inf", "NaN", "1 ", "0x10", "1e999", "é"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn digits_of_numbers() {
        assert_eq!([fixed(2.25, 1), fixed(-0.5, 3), fixed(1e15, 0)], ["2.2", "-0.500", "1000000000000000"]);
        assert_eq!([shortest(0.1), shortest(-3.0), shortest(1e15)], ["0.1", "-3", "1000000000000000"]);
    }

    #[test]
    fn flags_are_taken_off() {
        assert_eq!(flags("(?is)a.*"), ("is", "a.*"));
        assert_eq!(flags("(?:a)b"), ("", "(?:a)b"));
        assert_eq!(flags("(?U)a"), ("", "(?U)a"));
        assert_eq!(flags("(?)a"), ("", "(?)a"));
    }

    #[test]
    fn letters_of_all_scripts() {
        assert_eq!(lower("ÄrgeR ΑΒΓ"), "ärger αβγ");
    }
}
