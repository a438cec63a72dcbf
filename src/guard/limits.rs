//! How much of anything one file may bring. Past a limit the file is refused with a reason; memory
//! stays bounded whatever arrives.

/// Limits of the readers. The defaults fit a county (1.2 million rows a file) with much room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file in bytes (4 GiB).
    pub file_bytes_max: u64,
    /// Largest cell in bytes of UTF-8: Excel's 32,767 characters at four bytes each (131,068).
    pub cell_bytes_max: usize,
    /// Largest row of a text file in bytes of UTF-8, quoted line breaks included (4 MiB).
    pub row_bytes_max: usize,
    /// Most rows of one file, over all sheets (20 million).
    pub rows_max: u64,
    /// Most columns of one row (16,384, Excel's own).
    pub columns_max: usize,
    /// Most sheets of one workbook (512).
    pub sheets_max: usize,
    /// Most merged regions of one sheet (200,000).
    pub merged_regions_max: usize,
    /// Rows searched for the header (30).
    pub header_rows_max: u32,
    /// Most rows of one file held in quarantine, with their cells; past it the whole file is
    /// refused (200,000).
    pub quarantined_rows_max: usize,
    /// Most entries of a zip container (10,000).
    pub zip_entries_max: usize,
    /// Largest size of everything in a zip container when unpacked (3 GiB).
    pub zip_unpacked_max: u64,
    /// Largest size of one unpacked entry that readers hold whole: shared strings, styles (512 MiB).
    pub zip_held_max: u64,
    /// Largest ratio of unpacked to packed size of an entry above 16 MiB (600).
    pub zip_ratio_max: u64,
    /// Largest XLS workbook in bytes, which is held whole (256 MiB).
    pub xls_bytes_max: u64,
    /// Cells of all sheets of an XLS workbook when every sheet is a full rectangle, as its reader lays them out
    /// (two full sheets, 33.6 million).
    pub xls_cells_max: u64,
    /// Largest text of all fields and rows of a file together, rows held back included (1 GiB; a
    /// population of 1.1 million takes a fifth of it).
    pub text_bytes_max: usize,
    /// Largest text of one field over all rows of a file (2 GiB less a row), what Arrow's 32-bit
    /// offsets can address.
    pub column_bytes_max: usize,
    /// Seconds in which the reader of a Parquet file must give its next rows (120): far more than any sound file
    /// takes, for what is refused must not depend on how busy a machine is.
    pub reader_seconds_max: u64,
}

impl Limits {
    /// The defaults.
    pub const FOR_A_COUNTY: Self = Self {
        file_bytes_max: 4 << 30,
        cell_bytes_max: 32_767 * 4,
        row_bytes_max: 4 << 20,
        rows_max: 20_000_000,
        columns_max: 16_384,
        sheets_max: 512,
        merged_regions_max: 200_000,
        header_rows_max: 30,
        quarantined_rows_max: 200_000,
        zip_entries_max: 10_000,
        zip_unpacked_max: 3 << 30,
        zip_held_max: 512 << 20,
        zip_ratio_max: 600,
        xls_bytes_max: 256 << 20,
        xls_cells_max: 2 * 65_536 * 256,
        text_bytes_max: 1 << 30,
        column_bytes_max: (2 << 30) - (8 << 20),
        reader_seconds_max: 120,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::FOR_A_COUNTY
    }
}
