//! An end of the reading from wherever it is, rather than by results that each reader hands on.
//!
//! Every type has a reader, and each of its fields might be what is wrong: handing that on was a twentieth of
//! what the browser downloads. It happens only when page and server are of different versions, so it may
//! cost what was read so far, which is not given back.

/// Runs `read`, which may [`stop`]: then with the reason.
#[cfg(target_family = "wasm")]
pub fn attempt(read: &mut dyn FnMut()) -> Result<(), String> {
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        /// An exception ends all functions of the program that the browser has called since.
        #[wasm_bindgen(catch, js_namespace = Reflect, js_name = apply)]
        fn call(f: &mut dyn FnMut(), this: &JsValue, arguments: &js_sys::Array) -> Result<JsValue, JsValue>;
    }

    match call(&mut || read(), &JsValue::UNDEFINED, &js_sys::Array::new()) {
        Ok(_) => Ok(()),
        Err(why) => Err(why.as_string().unwrap_or_else(|| format!("{why:?}"))),
    }
}

/// Ends the innermost [`attempt`].
#[cfg(target_family = "wasm")]
#[cold]
#[inline(never)]
pub fn stop(why: &str) -> ! {
    wasm_bindgen::throw_val(why.into())
}

/// Runs `read`, which may [`stop`]: then with the reason.
#[cfg(not(target_family = "wasm"))]
pub fn attempt(read: &mut dyn FnMut()) -> Result<(), String> {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    catch_unwind(AssertUnwindSafe(read)).or_else(|why| match why.downcast::<Stopped>() {
        Ok(stopped) => Err(stopped.0),
        Err(panic) => resume_unwind(panic),
    })
}

#[cfg(not(target_family = "wasm"))]
struct Stopped(String);

/// Ends the innermost [`attempt`].
#[cfg(not(target_family = "wasm"))]
pub fn stop(why: &str) -> ! {
    std::panic::resume_unwind(Box::new(Stopped(why.to_owned())))
}
