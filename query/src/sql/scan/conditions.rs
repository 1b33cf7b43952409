//! What the conditions of a query say about where its rows can lie. They only ever narrow: whether a row
//! counts is decided above, on its values.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::ScalarFunctionExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, DynamicFilterPhysicalExpr, InListExpr, IsNullExpr, Literal,
};
use datafusion::physical_plan::PhysicalExpr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// No row counts outside of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// Of the table's time, both included, in nanoseconds since the Unix epoch.
    pub from_ns: i64,
    pub to_ns: i64,
    /// Texts that a column must be one of.
    pub texts: BTreeMap<String, Vec<String>>,
    /// Attributes, each with the text that its value must be.
    pub attributes: Vec<(String, String)>,
}

impl Default for Conditions {
    fn default() -> Conditions {
        let (from_ns, to_ns) = (i64::MIN, i64::MAX);
        Conditions { from_ns, to_ns, texts: BTreeMap::new(), attributes: Vec::new() }
    }
}

impl Conditions {
    /// Of conditions that must all hold; those that DataFusion makes while it runs, as they are now.
    pub fn of(all: &[Arc<dyn PhysicalExpr>], time: &str) -> Conditions {
        let mut conditions = Conditions::default();
        all.iter().for_each(|expr| conditions.add(expr, time));
        conditions
    }

    /// Of those alone that DataFusion does not change while it runs.
    pub fn that_stay(all: &[Arc<dyn PhysicalExpr>], time: &str) -> Conditions {
        let stay = |expr: &&Arc<dyn PhysicalExpr>| !changes(expr);
        Conditions::of(&all.iter().filter(stay).cloned().collect::<Vec<_>>(), time)
    }

    fn add(&mut self, expr: &Arc<dyn PhysicalExpr>, time: &str) {
        if let Some(dynamic) = expr.downcast_ref::<DynamicFilterPhysicalExpr>() {
            if let Ok(current) = dynamic.current() {
                self.add(&current, time);
            }
        } else if let Some(list) = expr.downcast_ref::<InListExpr>() {
            self.add_list(list);
        } else if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
            let (left, right) = (binary.left(), binary.right());
            match binary.op() {
                Operator::And => {
                    self.add(left, time);
                    self.add(right, time);
                }
                // Columns with a name here always have a value where it is asked for a bound.
                Operator::Or if is_null_of(left, time) => self.add(right, time),
                Operator::Or => self.add_either(left, right, time),
                op => self.compare(left, *op, right, time),
            }
        }
    }

    /// One of two must hold: what both say.
    fn add_either(&mut self, left: &Arc<dyn PhysicalExpr>, right: &Arc<dyn PhysicalExpr>, time: &str) {
        let [left, mut right] = [left, right].map(|side| Conditions::of(std::slice::from_ref(side), time));
        self.from_ns = self.from_ns.max(left.from_ns.min(right.from_ns));
        self.to_ns = self.to_ns.min(left.to_ns.max(right.to_ns));
        for (column, mut texts) in left.texts {
            if let Some(others) = right.texts.remove(&column) {
                texts.extend(others);
                self.must_be(&column, texts);
            }
        }
    }

    fn compare(
        &mut self,
        left: &Arc<dyn PhysicalExpr>,
        op: Operator,
        right: &Arc<dyn PhysicalExpr>,
        time: &str,
    ) {
        match (literal(left), literal(right)) {
            (None, Some(value)) => self.bound(left, op, value, time),
            (Some(value), None) => {
                if let Some(op) = op.swap() {
                    self.bound(right, op, value, time);
                }
            }
            _ => {}
        }
    }

    fn bound(&mut self, of: &Arc<dyn PhysicalExpr>, op: Operator, value: &ScalarValue, time: &str) {
        if let Some(column) = of.downcast_ref::<Column>() {
            match value {
                ScalarValue::TimestampNanosecond(Some(at), _) if column.name() == time => {
                    self.bound_time(op, *at);
                }
                value if op == Operator::Eq => {
                    if let Some(text) = value.try_as_str().flatten() {
                        self.must_be(column.name(), vec![text.to_owned()]);
                    }
                }
                _ => {}
            }
        } else if let (Operator::Eq, Some(key), Some(text)) =
            (op, attribute(of), value.try_as_str().flatten())
        {
            self.attributes.push((key.to_owned(), text.to_owned()));
        }
    }

    fn bound_time(&mut self, op: Operator, at: i64) {
        let (from_ns, to_ns) = match op {
            Operator::Gt => (at.saturating_add(1), i64::MAX),
            Operator::GtEq => (at, i64::MAX),
            Operator::Lt => (i64::MIN, at.saturating_sub(1)),
            Operator::LtEq => (i64::MIN, at),
            Operator::Eq => (at, at),
            _ => return,
        };
        self.from_ns = self.from_ns.max(from_ns);
        self.to_ns = self.to_ns.min(to_ns);
    }

    fn add_list(&mut self, list: &InListExpr) {
        let Some(column) = list.expr().downcast_ref::<Column>().filter(|_| !list.negated()) else { return };
        let text = |item: &Arc<dyn PhysicalExpr>| Some(literal(item)?.try_as_str().flatten()?.to_owned());
        if let Some(texts) = list.list().iter().map(text).collect::<Option<Vec<String>>>() {
            self.must_be(column.name(), texts);
        }
    }

    fn must_be(&mut self, column: &str, mut texts: Vec<String>) {
        match self.texts.get_mut(column) {
            Some(known) => known.retain(|text| texts.contains(text)),
            None => {
                texts.sort();
                texts.dedup();
                self.texts.insert(column.to_owned(), texts);
            }
        }
    }
}

fn changes(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<DynamicFilterPhysicalExpr>().is_some() || expr.children().into_iter().any(changes)
}

fn literal(expr: &Arc<dyn PhysicalExpr>) -> Option<&ScalarValue> {
    expr.downcast_ref::<Literal>().map(Literal::value)
}

/// Only the sorting for the newest rows asks so, of a column that always has a value.
fn is_null_of(expr: &Arc<dyn PhysicalExpr>, name: &str) -> bool {
    let inner = expr.downcast_ref::<IsNullExpr>().map(IsNullExpr::arg);
    inner.and_then(|inner| inner.downcast_ref::<Column>()).is_some_and(|column| column.name() == name)
}

/// The key in `attributes['key']`.
fn attribute(expr: &Arc<dyn PhysicalExpr>) -> Option<&str> {
    let function = expr.downcast_ref::<ScalarFunctionExpr>().filter(|f| f.name() == "get_field")?;
    let [map, key] = function.args() else { return None };
    map.downcast_ref::<Column>().filter(|column| column.name() == "attributes")?;
    literal(key)?.try_as_str().flatten()
}
