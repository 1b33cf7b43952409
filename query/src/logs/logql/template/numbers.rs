//! Arithmetic of templates: whole numbers, and those with a fraction (`addf`).

use crate::rules::template::Value;

const KNOWN: [&str; 10] = ["add", "sub", "mul", "div", "mod", "addf", "subf", "mulf", "divf", "modf"];

pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// `None` where it is no such function.
pub fn call(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let ints = || arguments.iter().map(int).collect::<Result<Vec<i64>, String>>();
    let floats = || arguments.iter().map(Value::number).collect::<Result<Vec<f64>, String>>();
    let fold_ints = |fold: fn(i64, i64) -> Option<i64>| {
        let all = ints()?;
        let (first, rest) = all.split_first().ok_or("numbers are missing")?;
        let folded = rest.iter().try_fold(*first, |all, one| fold(all, *one));
        folded.map(Value::Int).ok_or_else(|| "division by zero, or a result beyond all bounds".to_owned())
    };
    let fold_floats = |fold: fn(f64, f64) -> f64| {
        let all = floats()?;
        let (first, rest) = all.split_first().ok_or("numbers are missing")?;
        Ok(Value::Float(rest.iter().fold(*first, |all, one| fold(all, *one))))
    };
    Some(match (name, arguments) {
        ("add", _) => fold_ints(i64::checked_add),
        ("sub", _) => fold_ints(i64::checked_sub),
        ("mul", _) => fold_ints(i64::checked_mul),
        ("div", _) => fold_ints(i64::checked_div),
        ("mod", _) => fold_ints(i64::checked_rem),
        ("max", _) => fold_ints(|a, b| Some(a.max(b))),
        ("min", _) => fold_ints(|a, b| Some(a.min(b))),
        ("addf", _) => fold_floats(|a, b| a + b),
        ("subf", _) => fold_floats(|a, b| a - b),
        ("mulf", _) => fold_floats(|a, b| a * b),
        ("divf", _) => fold_floats(|a, b| a / b),
        ("modf", _) => fold_floats(|a, b| a % b),
        ("maxf", _) => fold_floats(f64::max),
        ("minf", _) => fold_floats(f64::min),
        ("int", [value]) => int(value).map(Value::Int),
        ("float64", [value]) => value.number().map(Value::Float),
        ("ceil", [value]) => value.number().map(|number| Value::Float(number.ceil())),
        ("floor", [value]) => value.number().map(|number| Value::Float(number.floor())),
        ("round", [value, digits]) => value.number().and_then(|number| {
            let scale = 10f64.powi(int(digits)?.clamp(-300, 300) as i32);
            Ok(Value::Float((number * scale).round() / scale))
        }),
        _ => return None,
    })
}

/// A fraction is cut off.
fn int(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(int) => Ok(*int),
        other => other.number().map(|number| number as i64),
    }
}
