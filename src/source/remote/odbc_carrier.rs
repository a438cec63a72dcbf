//! Carries the rows of one query over ODBC from a database to a stream: CSV as PostgreSQL's COPY writes it (NULL is
//! nothing, an empty text is `""`). Runs in a process of its own, which [`super::odbc`] starts; it must never say a
//! value of a row or a secret.

use std::io::{BufWriter, Read, Write};

use odbc_api::{ConnectionOptions, Cursor, CursorRow, Environment, Error, handles::Record};

use super::odbc::{Request, Trouble};

/// Largest request that is read.
const REQUEST_BYTES_MAX: u64 = 4 << 20;

/// Reads what is asked, and writes the rows. What went wrong is one line: a word for it, then the driver's code.
///
/// # Errors
/// That line.
pub fn carry(input: impl Read, output: impl Write) -> Result<(), String> {
    let request: Request = serde_json::from_reader(input.take(REQUEST_BYTES_MAX))
        .map_err(|_| said(Trouble::Query, "the request cannot be read"))?;
    let environment = Environment::new().map_err(|error| connecting(&error, &request))?;
    let options = ConnectionOptions { login_timeout_sec: Some(request.login_seconds), packet_size: None };
    let connection = environment
        .connect_with_connection_string(&request.connection, options)
        .map_err(|error| connecting(&error, &request))?;
    let Some(query) = &request.query else { return Ok(()) };
    // A query of a pipeline reads: whatever it wrote all the same is taken back with the connection.
    connection.set_autocommit(false).map_err(|error| asking(&error))?;
    let cursor = connection.execute(query, (), None).map_err(|error| asking(&error))?;
    let written = match cursor {
        Some(cursor) => rows(cursor, query, output),
        None => Err(said(Trouble::Query, "it gives no rows")),
    };
    let taken_back = connection.rollback().map_err(|error| asking(&error));
    written.and(taken_back)
}

fn rows(mut cursor: impl Cursor, query: &str, output: impl Write) -> Result<(), String> {
    let mut out = BufWriter::new(output);
    let width = cursor.num_result_cols().map_err(|error| asking(&error))?;
    let width = u16::try_from(width).map_err(|_| said(Trouble::Query, "it gives no columns"))?;
    let names = (1..=width).map(|column| cursor.col_name(column)).collect::<Result<Vec<_>, _>>();
    let names = names.map_err(|error| asking(&error))?;
    if is_mangled(query, &names) {
        return Err(said(Trouble::Driver, "it speaks no Unicode: take the Unicode version of it"));
    }
    for (at, name) in names.iter().enumerate() {
        write_cell(&mut out, at == 0, Some(name))?;
    }
    end_row(&mut out)?;
    let mut wide = Vec::new();
    while let Some(mut row) = cursor.next_row().map_err(|error| asking(&error))? {
        for column in 1..=width {
            let text = cell(&mut row, column, &mut wide)?;
            write_cell(&mut out, column == 1, text.as_deref())?;
        }
        end_row(&mut out)?;
    }
    out.flush().map_err(|error| unwritten(&error))
}

/// For a driver without Unicode the driver manager cuts every character to its lower byte, silently. Headings are
/// Chinese, in the query as in what comes back; where none of them is any more, the rows are worth nothing.
fn is_mangled(query: &str, names: &[String]) -> bool {
    let is_wide = |text: &str| text.chars().any(|c| u32::from(c) > 0xff);
    is_wide(query) && !names.iter().any(|name| is_wide(name))
}

/// A cell's text, piece by piece until it is whole; `None` for NULL. As UTF-16, which no setting of a driver bends.
fn cell(row: &mut CursorRow<'_>, column: u16, wide: &mut Vec<u16>) -> Result<Option<String>, String> {
    let is_there = row.get_wide_text(column, wide).map_err(|error| asking(&error))?;
    if !is_there {
        return Ok(None);
    }
    let text = String::from_utf16(wide);
    text.map(Some).map_err(|_| said(Trouble::Query, format!("column {column} holds a text that is none")))
}

fn write_cell(out: &mut impl Write, first: bool, text: Option<&str>) -> Result<(), String> {
    let comma = if first { "" } else { "," };
    let cell = text.map_or_else(String::new, |text| {
        let special = text.is_empty() || text.contains([',', '"', '\n', '\r']);
        if special { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    });
    write!(out, "{comma}{cell}").map_err(|error| unwritten(&error))
}

fn end_row(out: &mut impl Write) -> Result<(), String> {
    out.write_all(b"\n").map_err(|error| unwritten(&error))
}

fn said(trouble: Trouble, what: impl std::fmt::Display) -> String {
    format!("{} {what}", trouble.word())
}

fn unwritten(error: &std::io::Error) -> String {
    said(Trouble::Network, format!("its rows cannot be written: {error}"))
}

/// Code and words of what a driver said.
fn record(error: &Error) -> (String, String) {
    let told = |record: &Record| {
        let words = String::from_utf16_lossy(&record.message);
        (String::from_utf8_lossy(&record.state.0).into_owned(), words.trim().to_owned())
    };
    match error {
        Error::Diagnostics { record, .. }
        | Error::UnsupportedOdbcApiVersion(record)
        | Error::OracleOdbcDriverDoesNotSupport64Bit(record)
        | Error::UnableToRepresentNull(record) => told(record),
        _ => (String::new(), String::new()),
    }
}

/// Why there is no connection. Its words come from the driver and hold no row; a password in them is kept out.
fn connecting(error: &Error, request: &Request) -> String {
    let (state, words) = record(error);
    let has = |parts: &[&str]| parts.iter().any(|part| words.to_lowercase().contains(part));
    let trouble = match state.as_str() {
        "28000" | "28P01" => Trouble::Login,
        "IM002" | "IM003" | "IM004" | "IM012" | "IM014" => Trouble::Driver,
        _ if has(&["can't open lib", "data source name not found"]) => Trouble::Driver,
        // Drivers that have one code for all that keeps a connection from being made.
        _ if has(&["password", "authentication", "ora-01017", "invalid username"]) => Trouble::Login,
        _ => Trouble::Network,
    };
    let quotes = !request.password.is_empty() && words.contains(&request.password);
    let words = if quotes { String::new() } else { words.replace(['\n', '\r'], " ") };
    said(trouble, format!("{state} {words}"))
}

/// Why a query failed: only its code, for the words may quote a value.
fn asking(error: &Error) -> String {
    let (state, words) = record(error);
    let lost =
        ["server closed the connection", "connection to server was lost", "no connection to the server"];
    let network = state.starts_with("08")
        || matches!(state.as_str(), "HYT00" | "HYT01" | "57P01" | "57P02" | "57P03")
        || lost.iter().any(|part| words.to_lowercase().contains(part));
    if network {
        said(Trouble::Network, format!("{state} the connection broke"))
    } else {
        said(Trouble::Query, state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: &[Option<&str>]) -> String {
        let mut out = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            write_cell(&mut out, at == 0, *cell).unwrap();
        }
        end_row(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_written_as_copy_writes_them() {
        assert_eq!(line(&[None, Some(""), Some("张三")]), ",\"\",张三\n");
        assert_eq!(
            line(&[Some("a,b"), Some("说\"好\""), Some("一\r\n二")]),
            "\"a,b\",\"说\"\"好\"\"\",\"一\r\n二\"\n"
        );
    }

    #[test]
    fn headings_cut_to_bytes_are_told_from_headings_that_came() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let query = "SELECT id, xm AS \"姓名\" FROM people";
        assert!(!is_mangled(query, &names(&["id", "姓名"])));
        assert!(is_mangled(query, &names(&["id", "\u{d3}\u{d}"])));
        assert!(is_mangled("SELECT xx AS \"是否上学\"", &names(&["/&\nf"])));
        assert!(!is_mangled("SELECT id FROM people", &names(&["id"])));
    }

    #[test]
    fn a_request_that_is_none_is_told_without_a_driver() {
        let told = carry(&b"{"[..], Vec::new()).unwrap_err();
        assert_eq!(told, "query the request cannot be read");
    }
}
