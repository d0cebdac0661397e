//! Numbers that are kept on disk until they are written.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// Numbers that are read at a time.
const WINDOW: usize = 1 << 16;
const SIZE: usize = size_of::<f64>();

/// One number for each row of a table, in a temporary file.
#[derive(Debug)]
pub struct Spilled {
    out: BufWriter<File>,
    len: usize,
    read: RefCell<Window>,
}

#[derive(Debug, Default)]
struct Window {
    first: usize,
    values: Vec<f64>,
    failure: Option<io::Error>,
}

impl Spilled {
    /// An empty one.
    ///
    /// # Errors
    /// There can be no temporary file.
    pub fn new() -> io::Result<Spilled> {
        let out = BufWriter::with_capacity(WINDOW * SIZE, tempfile::tempfile()?);
        Ok(Spilled { out, len: 0, read: RefCell::default() })
    }

    /// Adds numbers behind the others.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn push(&mut self, values: &[f64]) -> io::Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.out.write_all(&bytes)?;
        self.len += values.len();
        Ok(())
    }

    /// Has to be called once all numbers are there.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of a row; NaN where there is none, or where it cannot be read, which [`Spilled::failure`] tells.
    pub(super) fn value(&self, row: usize) -> f64 {
        let mut window = self.read.borrow_mut();
        let place = row.checked_sub(window.first).filter(|place| *place < window.values.len());
        if let Some(value) = place.and_then(|place| window.values.get(place)) {
            return *value;
        }
        if row >= self.len || window.failure.is_some() {
            return f64::NAN;
        }
        match self.read_from(row) {
            Ok(values) => (window.first, window.values) = (row, values),
            Err(error) => window.failure = Some(error),
        }
        window.values.first().copied().filter(|_| window.first == row).unwrap_or(f64::NAN)
    }

    fn read_from(&self, row: usize) -> io::Result<Vec<f64>> {
        let mut file = self.out.get_ref();
        file.seek(SeekFrom::Start((row * SIZE) as u64))?;
        let mut bytes = vec![0; (self.len - row).min(WINDOW) * SIZE];
        file.read_exact(&mut bytes)?;
        let number = |bytes: &[u8]| bytes.try_into().map(f64::from_le_bytes).unwrap_or(f64::NAN);
        Ok(bytes.chunks_exact(SIZE).map(number).collect())
    }

    /// What went wrong when numbers were read.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.read.borrow_mut().failure.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_any_order() {
        let mut spilled = Spilled::new().unwrap();
        assert!(spilled.is_empty() && spilled.value(0).is_nan());
        let all: Vec<f64> = (0..200_000).map(|row| f64::from(row) / 7.0).collect();
        all.chunks(70_001).for_each(|part| spilled.push(part).unwrap());
        spilled.finish().unwrap();
        assert_eq!(spilled.len(), all.len());
        for row in (0..all.len()).step_by(997).chain([199_999, 3, 65_536, 0]) {
            assert_eq!(spilled.value(row), all[row]);
        }
        assert!(spilled.value(200_000).is_nan() && spilled.failure().is_none());
    }
}
