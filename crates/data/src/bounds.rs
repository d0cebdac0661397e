//! How many rows a file may say that it has, before anything makes room for them.

/// Samples are counted in 32 bits.
const MOST_ROWS: u64 = u32::MAX as u64;
/// More rows than these need some bytes each, or they are no data but a file made to fill the memory.
const MANY_ROWS: u64 = 1 << 24;
const MOST_ROWS_PER_BYTE: u64 = 1 << 10;

/// Fails if a file of `length` bytes cannot have so many rows.
pub(crate) fn check_rows(rows: u64, length: u64) -> Result<(), String> {
    if rows > MOST_ROWS {
        return Err(format!("it says that it has {rows} rows; {MOST_ROWS} can be read"));
    }
    if rows > MANY_ROWS && rows / MOST_ROWS_PER_BYTE > length {
        return Err(format!("it says that it has {rows} rows in {length} bytes"));
    }
    Ok(())
}
