//! How much a file may hold. The browser refuses with them before parsing, and the
//! server enforces them again.

/// Rows that one submit may hold in a single transaction.
pub const ROWS_AT_ONCE: u32 = 10_000;
/// Data rows that a file may hold.
pub const ROWS_MAX: u32 = 100_000;
/// Bytes that a file may have: 64 MiB.
pub const BYTES_MAX: usize = 64 << 20;
/// Bytes that the cells of one submit may have together. A file of [`BYTES_MAX`] in an
/// older encoding has up to twice as many in UTF-8.
pub const CELLS_MAX: usize = 2 * BYTES_MAX;
/// Rows that one chunk of a submit may have.
pub const CHUNK_ROWS: u32 = 1_000;
/// Bytes that one chunk of a submit should have at most, as JSON: half of what the server
/// takes, since a single row may have more.
pub const CHUNK_BYTES: usize = 2 << 20;
/// Bytes that the names of the columns kept as metadata may have together: each row's
/// metadata is stored under them.
pub const METADATA_NAMES_MAX: usize = 16 << 10;
/// Rows that the background job commits at a time.
pub const JOB_ROWS: u32 = 5_000;
/// Bytes of one cell, as Excel has it.
pub const CELL_BYTES_MAX: usize = 32_767;
/// Columns that a sheet may have.
pub const COLUMNS_MAX: usize = 256;
/// Characters of a first name, a last name, one label or an external id.
pub const NAME_CHARS_MAX: usize = 120;
/// Characters of a note.
pub const NOTE_CHARS_MAX: usize = 2_000;
/// Keys in one cell of courses or programs, and labels in one cell of group.
pub const KEYS_MAX: usize = 50;
/// Courses that a program may have, in a form and in a row of a list.
pub const PROGRAM_COURSES_MAX: usize = 200;
/// Bytes of one metadata value.
pub const METADATA_BYTES_MAX: usize = 2_000;
/// Metadata columns that one row may carry.
pub const METADATA_MAX: usize = 50;
/// Steps that can be undone.
pub const HISTORY_MAX: usize = 1_000;
/// Bytes of the first part of a file that decide its delimiter.
pub const DETECT_BYTES: usize = 16 << 10;
/// Rows of the first part of a file that decide where its header is.
pub const DETECT_ROWS: u32 = 8;
