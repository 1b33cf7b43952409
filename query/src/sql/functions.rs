//! The functions of SQL, without those that make much of nothing.

use super::errors::Failures;
use super::guard::{MOST_BYTES, too_large};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A number as their argument says how much they make, and nobody asks before.
const LEFT_OUT: [&str; 8] =
    ["repeat", "lpad", "rpad", "overlay", "array_repeat", "array_resize", "range", "generate_series"];
/// What they make depends on how often a text is found.
const REPLACING: [&str; 2] = ["replace", "regexp_replace"];

pub fn restrict(context: &SessionContext, failures: &Arc<Failures>) -> Result<()> {
    LEFT_OUT.iter().for_each(|name| context.deregister_udf(name));
    for name in REPLACING {
        let inner = datafusion::execution::FunctionRegistry::udf(context, name)?;
        context.register_udf(ScalarUDF::from(Replacing { inner, failures: failures.clone() }));
    }
    Ok(())
}

/// A function that puts a text in the place of others, over as many rows at once as may not make too much.
#[derive(Debug)]
struct Replacing {
    inner: Arc<ScalarUDF>,
    failures: Arc<Failures>,
}

impl PartialEq for Replacing {
    fn eq(&self, other: &Replacing) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Replacing {}

impl Hash for Replacing {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Replacing {
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

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let most = self.most_bytes(&args)?;
        if most.iter().sum::<usize>() <= MOST_BYTES {
            return self.inner.invoke_with_args(args);
        }
        let (mut parts, mut bytes): (Vec<ArrayRef>, usize) = (Vec::new(), 0);
        let mut first = 0;
        while first < most.len() {
            let (mut end, mut sum) = (first + 1, most[first]);
            while end < most.len() && sum + most[end] <= MOST_BYTES {
                sum += most[end];
                end += 1;
            }
            if sum > MOST_BYTES {
                return Err(self.failures.reading(too_large(&format!("{}()", self.name()), sum)));
            }
            let part = self.inner.invoke_with_args(rows_of(&args, first, end - first))?;
            let part = part.into_array(end - first)?;
            bytes += part.get_array_memory_size();
            if bytes > MOST_BYTES {
                return Err(self.failures.reading(too_large(&format!("{}()", self.name()), bytes)));
            }
            parts.push(part);
            first = end;
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&parts)?))
    }
}

impl Replacing {
    /// How long the text of each row can become.
    fn most_bytes(&self, args: &ScalarFunctionArgs) -> Result<Vec<usize>> {
        let texts = |at: usize| -> Result<ArrayRef> {
            let array = args.args[at].to_array(args.number_rows)?;
            Ok(cast(&array, &DataType::Utf8)?)
        };
        let (of, from, to) = (texts(0)?, texts(1)?, texts(2)?);
        let (of, from, to) = (of.as_string::<i32>(), from.as_string::<i32>(), to.as_string::<i32>());
        let by_pattern = self.name() == "regexp_replace";
        let most = |row: usize| {
            let (of, from, to) = (of.value(row).len(), from.value(row).len(), to.value(row));
            // A pattern is found before each letter at most, and may put in what it found.
            let times = if by_pattern || from == 0 { of + 1 } else { of / from };
            let found = if by_pattern { to.matches(['\\', '$']).count() } else { 0 };
            times.saturating_mul(to.len().saturating_add(found.saturating_mul(of))).saturating_add(of)
        };
        Ok((0..args.number_rows).map(most).collect())
    }
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
