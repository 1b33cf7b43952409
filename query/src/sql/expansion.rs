//! How large a query becomes when its common table expressions are written out, as they are for each reference:
//! of twenty that each name the one before twice there are a million.

use crate::Error;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Query, Visit, Visitor, visit_relations};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Operators and calls: their names are written out for each, so that planning takes the square of their number.
const MOST_OPERATIONS: usize = 4_000;
/// Tables, each counted as often as it is read.
const MOST_TABLES: u64 = 1_000;

pub fn check(statement: &Statement) -> Result<(), Error> {
    let mut statement = statement;
    while let Statement::Explain(explained) = statement {
        statement = &explained.statement;
    }
    // Those of DataFusion's own write or set something.
    let Statement::Statement(statement) = statement else {
        return Err(Error::bad_query("a query reads; COPY, CREATE and RESET are refused"));
    };
    let mut sizes = Sizes::default();
    if statement.as_ref().visit(&mut sizes).is_break() {
        let message = format!(
            "the query has more than {MOST_OPERATIONS} operators and calls; for many values write IN (…)"
        );
        return Err(Error::LimitExceeded(message));
    }
    let tables = sizes.of(statement.as_ref());
    if tables > MOST_TABLES {
        let message = format!(
            "the query reads tables {tables} times when its WITH is written out; at most {MOST_TABLES} are read"
        );
        return Err(Error::LimitExceeded(message));
    }
    Ok(())
}

#[derive(Default)]
struct Sizes {
    operations: usize,
    /// How many tables each name of a WITH stands for. Where a name has several meanings the largest counts.
    tables: HashMap<String, u64>,
}

impl Sizes {
    fn of<V: Visit>(&self, part: &V) -> u64 {
        let mut tables = 0u64;
        let _ = visit_relations(part, |name: &ObjectName| {
            let size = self.tables.get(&name.to_string().to_lowercase()).copied().unwrap_or(1);
            tables = tables.saturating_add(size);
            ControlFlow::<()>::Continue(())
        });
        tables
    }
}

impl Visitor for Sizes {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let is_leaf = matches!(expr, Expr::Value(_) | Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        self.operations += usize::from(!is_leaf);
        if self.operations > MOST_OPERATIONS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// What is inside was seen before.
    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for expression in query.with.iter().flat_map(|with| &with.cte_tables) {
            let size = self.of(expression.query.as_ref()).max(1);
            let name = expression.alias.name.value.to_lowercase();
            let known = self.tables.entry(name).or_default();
            *known = size.max(*known);
        }
        ControlFlow::Continue(())
    }
}
