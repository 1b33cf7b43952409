//! The functions of SQL, without those that make much of nothing.

use super::errors::Failures;
use super::guard::{MOST_BYTES, too_large};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How much these make, or how long they take, is said by an argument, or multiplies two of them.
const LEFT_OUT: [&str; 12] = [
    "repeat",
    "lpad",
    "rpad",
    "overlay",
    "concat_ws",
    "to_char",
    "levenshtein",
    "arrow_cast",
    "arrow_try_cast",
    "string_agg",
    "array_agg",
    "range",
];
/// Of the functions over lists and maps these are left.
const NESTED: [&str; 10] = [
    "map_keys",
    "map_values",
    "map_extract",
    "element_at",
    "array_element",
    "array_length",
    "array_has",
    "array_has_all",
    "array_has_any",
    "cardinality",
];
/// What they make is worked out before.
pub const BOUNDED: [&str; 5] = ["concat", "make_array", "regexp_match", "regexp_replace", "replace"];

pub fn restrict(context: &SessionContext, failures: &Arc<Failures>) -> Result<()> {
    let nested = datafusion::functions_nested::all_default_nested_functions();
    let kept: HashSet<&str> = NESTED.iter().chain(&BOUNDED).copied().collect();
    for function in nested.iter().filter(|function| !kept.contains(function.name())) {
        context.deregister_udf(function.name());
    }
    for name in LEFT_OUT {
        context.deregister_udf(name);
        context.deregister_udaf(name);
    }
    let higher: Vec<String> = context.state().higher_order_functions().keys().cloned().collect();
    higher.iter().for_each(|name| context.deregister_higher_order_function(name));
    for name in BOUNDED {
        let inner = context.udf(name)?;
        context.register_udf(ScalarUDF::from(Bounded { inner, failures: failures.clone() }));
    }
    Ok(())
}

/// A function that may give much more than it gets, over as many rows at once as may not make too much.
#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    failures: Arc<Failures>,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Bounded) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, of: &[DataType]) -> Result<DataType> {
        self.inner.return_type(of)
    }

    fn return_field_from_args(&self, of: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(of)
    }

    fn coerce_types(&self, of: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(of)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let most = self.most_bytes(&args)?;
        if most.iter().fold(0usize, |sum, bytes| sum.saturating_add(*bytes)) <= MOST_BYTES {
            return self.inner.invoke_with_args(args);
        }
        let (mut parts, mut bytes): (Vec<ArrayRef>, usize) = (Vec::new(), 0);
        let mut first = 0;
        while first < most.len() {
            let (mut end, mut sum) = (first + 1, most[first]);
            while end < most.len() && sum.saturating_add(most[end]) <= MOST_BYTES {
                sum += most[end];
                end += 1;
            }
            self.check(sum)?;
            let part = self.inner.invoke_with_args(rows_of(&args, first, end - first))?;
            let part = part.into_array(end - first)?;
            bytes += part.get_array_memory_size();
            self.check(bytes)?;
            parts.push(part);
            first = end;
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&parts)?))
    }
}

impl Bounded {
    fn check(&self, bytes: usize) -> Result<()> {
        if bytes <= MOST_BYTES {
            return Ok(());
        }
        Err(self.failures.reading(too_large(&format!("{}()", self.name()), bytes)))
    }

    /// How much each row can become.
    fn most_bytes(&self, args: &ScalarFunctionArgs) -> Result<Vec<usize>> {
        let rows = args.number_rows;
        if matches!(self.name(), "concat" | "make_array") {
            let mut most = vec![0usize; rows];
            for arg in &args.args {
                add_sizes(arg, rows, &mut most)?;
            }
            return Ok(most);
        }
        let texts = |at: usize| text_of(args.args.get(at), rows);
        let (of, from, to) = (texts(0)?, texts(1)?, texts(2)?);
        let length =
            |texts: &Option<StringArray>, row: usize| texts.as_ref().map_or(0, |t| t.value(row).len());
        let count = |texts: &Option<StringArray>, row: usize, signs: &[char]| {
            texts.as_ref().map_or(0, |texts| texts.value(row).matches(signs).count())
        };
        let most = |row: usize| {
            let (own, pattern, with) = (length(&of, row), length(&from, row), length(&to, row));
            match self.name() {
                "regexp_match" => own.saturating_mul(1 + count(&from, row, &['('])),
                // A pattern is found before each letter at most, and may put in what it found.
                "regexp_replace" => {
                    let found = count(&to, row, &['\\', '$']).saturating_mul(own);
                    (own + 1).saturating_mul(with.saturating_add(found)).saturating_add(own)
                }
                _ if pattern == 0 => (own + 1).saturating_mul(with).saturating_add(own),
                _ => (own / pattern).saturating_mul(with).saturating_add(own),
            }
        };
        Ok((0..rows).map(most).collect())
    }
}

/// Adds what each row of a value takes: of texts their length, of others an even share.
fn add_sizes(value: &ColumnarValue, rows: usize, sizes: &mut [usize]) -> Result<()> {
    match value {
        ColumnarValue::Scalar(value) => sizes.iter_mut().for_each(|size| *size += value.size()),
        ColumnarValue::Array(array) => match text_of(Some(value), rows) {
            Ok(Some(texts)) => {
                sizes.iter_mut().enumerate().for_each(|(row, size)| *size += texts.value(row).len() + 8);
            }
            _ => {
                let share = array.to_data().get_slice_memory_size()?.div_ceil(rows.max(1));
                sizes.iter_mut().for_each(|size| *size += share);
            }
        },
    }
    Ok(())
}

fn text_of(value: Option<&ColumnarValue>, rows: usize) -> Result<Option<StringArray>> {
    let Some(value) = value else { return Ok(None) };
    let array = cast(&value.to_array(rows)?, &DataType::Utf8)?;
    Ok(Some(array.as_string::<i32>().clone()))
}

fn rows_of(args: &ScalarFunctionArgs, first: usize, rows: usize) -> ScalarFunctionArgs {
    let part = |value: &ColumnarValue| match value {
        ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(first, rows)),
        scalar => scalar.clone(),
    };
    ScalarFunctionArgs {
        args: args.args.iter().map(part).collect(),
        arg_fields: args.arg_fields.clone(),
        number_rows: rows,
        return_field: args.return_field.clone(),
        config_options: args.config_options.clone(),
    }
}
