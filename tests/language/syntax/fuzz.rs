//! Mutated specifications: never a panic, never a wait.
//!
//! `FAIRC_FUZZ_CASES` sets the number of inputs.

use std::time::{Duration, Instant};

use fairc::language::syntax::decode;

use super::check_any;

/// Pieces that matter to the grammar.
const PIECES: [&str; 48] = [
    "|",
    "||",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "`",
    "\"",
    "'",
    "#",
    "##",
    ",",
    ":",
    "=",
    "==",
    "<=",
    "!",
    "+/-",
    "..",
    "-",
    "^",
    "**",
    "%",
    "?",
    "\n",
    "\r\n",
    " ",
    "\u{feff}",
    "é",
    "≤",
    "column ",
    "constraint x: ",
    "forall ",
    "each ",
    "in ",
    "not ",
    "and ",
    "where ",
    "E[",
    "pairs(",
    "1e999",
    ".5",
    "1_000",
    "inf",
    "use ",
    "import ",
];

/// A small generator of random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("64-bit") % limit.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(12)).min(bytes.len());
        match self.below(8) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
            2 => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(at..end, piece.bytes());
            }
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            4 => {
                let from = self.below(other.len() + 1);
                let to = (from + self.below(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            5 => bytes.truncate(at),
            6 => bytes.insert(at, u8::try_from(self.below(256)).expect("below 256")),
            _ => {
                let piece = PIECES[self.below(PIECES.len())].repeat(self.below(300));
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
}

#[test]
fn mutated_files_give_errors_or_a_tree() {
    let cases: usize = std::env::var("FAIRC_FUZZ_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/syntax");
    let mut seeds = Vec::new();
    for folder in [root.clone(), root.join("errors")] {
        for entry in std::fs::read_dir(folder).expect("the fixtures are there").flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "fair") {
                seeds.push(std::fs::read(entry.path()).expect("the fixture is readable"));
            }
        }
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..cases {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        let other = seeds[random.below(seeds.len())].clone();
        // Half of the inputs are small, so that a mutation is likely to hit the same declaration twice.
        if random.below(2) == 0 {
            let start = random.below(bytes.len());
            bytes = bytes[start..(start + 200).min(bytes.len())].to_vec();
        }
        for _ in 0..=random.below(6) {
            random.mutate(&mut bytes, &other);
        }
        let begin = Instant::now();
        match decode(&bytes) {
            Ok(text) => check_any(text),
            Err(error) => {
                assert!(error.offset < bytes.len());
                check_any(&String::from_utf8_lossy(&bytes));
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", String::from_utf8_lossy(&bytes));
    }
}
