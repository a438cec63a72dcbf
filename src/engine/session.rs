//! One session: tables in memory, checked queries out.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::MemTable;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::physical_plan::collect;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use tokio::runtime::{Builder, Runtime};

use super::{EngineError, SchoolAges, functions};

/// Rows of a slice that a scan hands on at once.
const ROWS_PER_SLICE: usize = 16_384;
/// Plans of deep queries are walked recursively; the standard 2 MiB are too little for that.
const STACK_BYTES: usize = 16 << 20;

/// An embedded SQL engine over tables in memory.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, Int64Array};
/// use arrow::record_batch::RecordBatch;
/// let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
/// let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
/// let engine = doudi::engine::Engine::new(1).unwrap();
/// engine.register("t", &batch).unwrap();
/// assert_eq!(engine.query("SELECT a FROM t WHERE a > 1").unwrap().num_rows(), 2);
/// assert!(engine.query("CREATE TABLE u AS SELECT 1").is_err());
/// ```
pub struct Engine {
    context: SessionContext,
    runtime: Runtime,
    threads: usize,
}

impl Engine {
    /// A session that uses `threads` threads (at least one), with the law's school ages.
    ///
    /// # Errors
    /// When the operating system gives no threads.
    pub fn new(threads: usize) -> Result<Self, EngineError> {
        Self::with_ages(threads, &SchoolAges::default())
    }

    /// The same with other school ages.
    ///
    /// # Errors
    /// When the operating system gives no threads.
    pub fn with_ages(threads: usize, ages: &SchoolAges) -> Result<Self, EngineError> {
        let threads = threads.max(1);
        let config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_information_schema(false)
            .with_create_default_catalog_and_schema(true)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
        let context = SessionContext::new_with_config(config);
        for function in functions(ages) {
            context.register_udf(function);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_stack_size(STACK_BYTES)
            .build()
            .map_err(|error| EngineError::Setup(error.to_string()))?;
        Ok(Self { context, runtime, threads })
    }

    /// Makes a batch a table; its buffers are shared, not copied.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn register(&self, name: &str, batch: &RecordBatch) -> Result<(), EngineError> {
        self.register_parts(name, &batch.schema(), std::slice::from_ref(batch))
    }

    /// Makes several batches of one schema a table.
    ///
    /// # Errors
    /// When the name is taken or a batch has another schema.
    pub fn register_parts(
        &self,
        name: &str,
        schema: &SchemaRef,
        batches: &[RecordBatch],
    ) -> Result<(), EngineError> {
        let setup = |error: datafusion::error::DataFusionError| EngineError::Setup(error.strip_backtrace());
        let mut parts = vec![Vec::new(); self.threads];
        let slices = batches.iter().flat_map(|batch| {
            (0..batch.num_rows())
                .step_by(ROWS_PER_SLICE)
                .map(|start| batch.slice(start, ROWS_PER_SLICE.min(batch.num_rows() - start)))
        });
        for (index, slice) in slices.enumerate() {
            parts[index % self.threads].push(slice);
        }
        let table = MemTable::try_new(Arc::clone(schema), parts).map_err(setup)?;
        let before = self.context.register_table(name, Arc::new(table)).map_err(setup)?;
        if before.is_some() {
            return Err(EngineError::Setup(format!("table {name} is registered twice")));
        }
        Ok(())
    }

    /// Names of the tables that a query reads, as written, lower-case when unquoted.
    ///
    /// # Errors
    /// When the text is not one statement.
    pub fn tables_read(&self, sql: &str) -> Result<BTreeSet<String>, EngineError> {
        let state = self.context.state();
        let statement = state
            .sql_to_statement(sql, &state.config().options().sql_parser.dialect)
            .map_err(|error| EngineError::Syntax(error.strip_backtrace()))?;
        let tables = state.resolve_table_references(&statement).map_err(|error| EngineError::plan(&error))?;
        Ok(tables.iter().map(ToString::to_string).collect())
    }

    /// Columns that a query gives, without running it.
    ///
    /// # Errors
    /// When it cannot be planned or is not allowed.
    pub fn columns(&self, sql: &str) -> Result<SchemaRef, EngineError> {
        let (state, sql) = (self.context.state(), sql.to_owned());
        let plan = self.on_runtime(async move { plan(&state, &sql).await })?;
        Ok(Arc::clone(plan.schema().inner()))
    }

    /// Runs a query. Text columns come as `Utf8`, lists of text as `List<Utf8>`; the order of rows
    /// is the engine's own, so callers sort.
    ///
    /// # Errors
    /// When it cannot be planned, is not allowed or fails while running.
    pub fn query(&self, sql: &str) -> Result<RecordBatch, EngineError> {
        let (state, sql) = (self.context.state(), sql.to_owned());
        self.on_runtime(async move {
            let plan = plan(&state, &sql).await?;
            let physical =
                state.create_physical_plan(&plan).await.map_err(|error| EngineError::plan(&error))?;
            let schema = physical.schema();
            let batches =
                collect(physical, state.task_ctx()).await.map_err(|error| EngineError::execution(&error))?;
            let batch = concat_batches(&schema, &batches).map_err(|_| EngineError::Execution("value"))?;
            plain_text(&batch)
        })
    }

    /// Runs a future on a worker thread, whose stack is deep enough for planning.
    fn on_runtime<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.runtime.block_on(self.runtime.spawn(future)).map_err(|_| EngineError::Execution("internal"))?
    }
}

/// Plans one statement and refuses everything but a pure query over registered tables.
async fn plan(state: &SessionState, sql: &str) -> Result<LogicalPlan, EngineError> {
    let statement = state
        .sql_to_statement(sql, &state.config().options().sql_parser.dialect)
        .map_err(|error| EngineError::Syntax(error.strip_backtrace()))?;
    let plan = state.statement_to_plan(statement).await.map_err(|error| EngineError::plan(&error))?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(|error| EngineError::NotAllowed(error.strip_backtrace()))?;
    if matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)) {
        return Err(EngineError::NotAllowed("only SELECT is allowed".to_owned()));
    }
    refuse_changing_functions(&plan)?;
    Ok(plan)
}

/// A clock or a random number would make two runs of one night differ.
fn refuse_changing_functions(plan: &LogicalPlan) -> Result<(), EngineError> {
    let mut found = None;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::ScalarFunction(call) = part
                    && call.func.signature().volatility != Volatility::Immutable
                {
                    found = Some(call.func.name().to_owned());
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.map_err(|error| EngineError::plan(&error))?;
    match found {
        Some(name) => {
            Err(EngineError::NotAllowed(format!("function {name} does not give the same result every time")))
        }
        None => Ok(()),
    }
}

/// Casts the engine's text variants to plain `Utf8`.
fn plain_text(batch: &RecordBatch) -> Result<RecordBatch, EngineError> {
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let wanted = plain_type(field.data_type());
        let column = if &wanted == field.data_type() {
            Arc::clone(column)
        } else {
            cast(column, &wanted).map_err(|_| EngineError::Execution("value"))?
        };
        fields.push(Field::new(field.name(), wanted, true));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|_| EngineError::Execution("value"))
}

fn plain_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::List(item) | DataType::LargeList(item) => {
            DataType::List(Arc::new(Field::new("item", plain_type(item.data_type()), true)))
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, StringArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn engine(threads: usize) -> Engine {
        let engine = Engine::new(threads).unwrap();
        let a: ArrayRef = Arc::new(Int64Array::from_iter_values(0..50_000));
        let b: ArrayRef = Arc::new(StringArray::from_iter_values((0..50_000).map(|n| format!("k{}", n % 7))));
        engine.register("t", &RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap()).unwrap();
        engine
    }

    #[test]
    fn every_row_is_seen_with_any_number_of_threads() {
        for threads in [1, 2, 8] {
            let batch = engine(threads).query("SELECT count(*) AS n, sum(a) AS s FROM t").unwrap();
            assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 50_000);
            assert_eq!(batch.column(1).as_primitive::<Int64Type>().value(0), 1_249_975_000);
        }
    }

    #[test]
    fn nothing_but_a_query_over_registered_tables_is_accepted() {
        let engine = engine(1);
        for sql in [
            "CREATE TABLE u AS SELECT 1",
            "CREATE EXTERNAL TABLE u STORED AS CSV LOCATION '/etc/passwd'",
            "COPY (SELECT 1) TO '/tmp/x.csv'",
            "INSERT INTO t VALUES (1, 'x')",
            "SET datafusion.execution.batch_size = 1",
            "EXPLAIN SELECT 1",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM \"/etc/passwd.csv\"",
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT now()",
            "SELECT a FROM t WHERE a > (SELECT random())",
            "SELECT 1; SELECT 2",
            "DROP TABLE t",
        ] {
            assert!(engine.query(sql).is_err(), "{sql}");
            assert!(engine.columns(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn an_error_while_running_does_not_tell_values() {
        let error = engine(1).query("SELECT CAST(b AS BIGINT) FROM t").unwrap_err().to_string();
        assert!(!error.contains("k0") && !error.contains("k1"), "{error}");
    }

    fn check_text(sql: &str, expected: Option<&str>) {
        let engine = Engine::new(1).unwrap();
        let day: ArrayRef = Arc::new(Date32Array::from(vec![Some(20_780), None]));
        engine.register("d", &RecordBatch::try_from_iter([("day", day)]).unwrap()).unwrap();
        let sql = format!("SELECT CAST({sql} AS VARCHAR) AS v FROM d WHERE day IS NOT NULL");
        let batch = engine.query(&sql).unwrap();
        let values = batch.column(0).as_string::<i32>();
        assert_eq!(values.iter().next().unwrap(), expected, "{sql}");
    }

    #[test]
    fn calendar_functions_are_known_to_sql() {
        check_text("school_year_of(day)", Some("2026-2027"));
        check_text("school_year_start(day)", Some("2026-09-01"));
        check_text("compulsory_cohort(DATE '2020-08-31', day)", Some("true"));
        check_text("compulsory_cohort(DATE '2020-09-01', day)", Some("false"));
        check_text("expected_grade(DATE '2011-09-01', day)", Some("9"));
        check_text("age_on(DATE '2008-02-29', DATE '2026-02-28')", Some("18"));
        check_text("months_between(DATE '2026-01-31', day)", Some("9"));
        check_text("month_of(day)", Some("2026-11"));
        check_text("month_add(month_of(day), 2)", Some("2027-01"));
        check_text("month_add('garbage', 2)", None);
        check_text("month_compact(month_of(day))", Some("202611"));
        check_text("month_first_day('2026-11')", Some("2026-11-01"));
        check_text("add_months(DATE '2008-02-29', 216)", Some("2026-02-28"));
        check_text("add_months(CAST(NULL AS DATE), 1)", None);
    }

    #[test]
    fn tables_are_named_without_planning() {
        let tables =
            engine(1).tables_read("WITH x AS (SELECT * FROM p) SELECT * FROM x JOIN q ON true").unwrap();
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), ["p", "q"]);
    }
}
