//! What can go wrong in the engine. No message holds a value of a table.

use datafusion::error::DataFusionError;

/// A failure of the embedded engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The text is not one statement of SQL.
    #[error("failed to read the SQL: {0}")]
    Syntax(String),
    /// A table, column or function is unknown, or types do not fit.
    #[error("failed to plan the query: {0}")]
    Plan(String),
    /// The statement is more than a query over registered tables.
    #[error("failed to accept the query: {0}")]
    NotAllowed(String),
    /// `$name` without a value.
    #[error("failed to fill in the parameter ${name}")]
    UnknownParameter {
        /// Name without `$`.
        name: String,
        /// Line of the SQL text.
        line: u32,
    },
    /// The query failed while it ran. Only the kind is told: details could hold personal values.
    #[error("failed to run the query: {0} error")]
    Execution(&'static str),
    /// A batch could not be made a table, or the session not be built.
    #[error("failed to set up the engine: {0}")]
    Setup(String),
}

impl EngineError {
    /// A planning error. Planning sees no rows, so its message may be told.
    pub(crate) fn plan(error: &DataFusionError) -> Self {
        Self::Plan(one_line(error))
    }

    /// An error while rows were read: the kind only.
    pub(crate) fn execution(error: &DataFusionError) -> Self {
        Self::Execution(kind(error))
    }
}

fn one_line(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    text.lines().next().unwrap_or_default().to_owned()
}

fn kind(error: &DataFusionError) -> &'static str {
    match error.find_root() {
        DataFusionError::ArrowError(..) => "value",
        DataFusionError::ResourcesExhausted(_) => "memory",
        DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => "plan",
        DataFusionError::NotImplemented(_) => "unsupported",
        _ => "execution",
    }
}
