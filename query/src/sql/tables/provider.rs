//! A table as DataFusion's catalog wants it.

use super::Table;
use crate::sql::scan::ScanExec;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

#[derive(Debug)]
pub struct Provider(pub Arc<dyn Table>);

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        self.0.schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        columns: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.0.schema().fields().len()).collect();
        let columns = columns.cloned().unwrap_or_else(all);
        let parts = session.config().target_partitions();
        Ok(Arc::new(ScanExec::new(self.0.clone(), columns, limit, parts)?))
    }
}
