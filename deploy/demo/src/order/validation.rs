//! What an order must look like before anything is stored.

use axum::http::StatusCode;

use crate::{contracts::Line, failure::Failure};

const MAX_LINES: usize = 10;
const MAX_QUANTITY: u32 = 9;

/// Checks the lines of an order, in a span of its own.
#[tracing::instrument(name = "validate order", skip_all)]
pub(crate) fn validate(lines: &[Line]) -> Result<(), Failure> {
    ocelli_sdk::set_attribute("shop.order.lines", lines.len() as i64);
    let refuse = |reason: String| {
        ocelli_sdk::fail("invalid_order", reason.as_str());
        Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, reason))
    };
    if lines.is_empty() {
        return refuse("an order needs at least one line".to_owned());
    }
    if lines.len() > MAX_LINES {
        return refuse(format!("an order has at most {MAX_LINES} lines, this one has {}", lines.len()));
    }
    for (index, line) in lines.iter().enumerate() {
        if line.sku.is_empty() {
            return refuse(format!("line {} names no product", index + 1));
        }
        if !(1..=MAX_QUANTITY).contains(&line.quantity) {
            let Line { sku, quantity } = line;
            return refuse(format!("{quantity} of {sku} can't be ordered: 1 to {MAX_QUANTITY} can"));
        }
        if lines[..index].iter().any(|earlier| earlier.sku == line.sku) {
            return refuse(format!("{} is in the order twice", line.sku));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, u32)]) -> Vec<Line> {
        lines.iter().map(|(sku, quantity)| Line { sku: (*sku).to_owned(), quantity: *quantity }).collect()
    }

    #[test]
    fn an_order_in_bounds_passes() {
        validate(&lines(&[("strap", 1), ("tripod", 9)])).unwrap();
    }

    #[test]
    fn what_is_wrong_with_an_order_is_said() {
        let long: Vec<(String, u32)> = (0..11).map(|number| (format!("sku-{number}"), 1)).collect();
        let long: Vec<(&str, u32)> = long.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
        for (order, expected) in [
            (lines(&[]), "at least one line"),
            (lines(&[("strap", 0)]), "0 of strap"),
            (lines(&[("strap", 10)]), "10 of strap"),
            (lines(&[("", 1)]), "line 1 names no product"),
            (lines(&[("strap", 1), ("strap", 2)]), "strap is in the order twice"),
            (lines(&long), "at most 10 lines"),
        ] {
            let failure = validate(&order).unwrap_err();
            assert_eq!(failure.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(failure.reason.contains(expected), "{}", failure.reason);
        }
    }
}
