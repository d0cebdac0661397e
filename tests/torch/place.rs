//! A folder with a spec, two tables and the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Random;

pub const SPEC: &str = "column sex: {f, m}\nlabel hired: {0, 1}\npredict score: real in [0, 1]\n\
                    param eps = 0.02 in [0, 1]\nuse demographic_parity(sex, eps)\n\
                    constraint right (enforce = train): |E[hired - score | sex == f]| <= 0.2\n";

/// A folder with a spec and two tables, and the binary in it.
pub struct Place(tempfile::TempDir);

pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::write(place.path("spec.fair"), SPEC).unwrap();
        fs::write(place.path("data.csv"), table(600, 1, true)).unwrap();
        fs::write(place.path("new.csv"), table(301, 2, false)).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fairc"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &str) -> Done {
        let output = self.command(arguments).output().unwrap();
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs what must work.
    pub fn good(&self, arguments: &str) -> Done {
        let done = self.run(arguments);
        assert_eq!(done.code, 0, "{arguments}\n{}{}", done.stdout, done.stderr);
        done
    }

    /// Runs what must fail, with these words on standard error.
    pub fn bad(&self, arguments: &str, words: &[&str]) {
        let done = self.run(arguments);
        assert!(done.code == 1 || done.code == 2, "{arguments}: {}{}", done.code, done.stderr);
        for word in words {
            assert!(done.stderr.contains(word), "{arguments}: no `{word}` in\n{}", done.stderr);
        }
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }
}

/// People who are hired by skill, and by being men.
pub fn table(n: usize, seed: u64, labels: bool) -> String {
    let mut random = Random(seed);
    let mut text = format!("sex,skill,town,empty{}\n", if labels { ",hired" } else { "" });
    for _ in 0..n {
        let (man, skill) = (random.uniform() < 0.6, random.uniform());
        let town = ["ax", "by", "co"][random.below(3)];
        let skill_text = if random.uniform() < 0.1 { String::new() } else { format!("{skill:.3}") };
        text += &format!("{},{skill_text},{town},1", if man { "m" } else { "f" });
        if labels {
            let chance = 0.7 * skill + if man { 0.3 } else { 0.0 };
            text += if random.uniform() < chance { ",1" } else { ",0" };
        }
        text.push('\n');
    }
    text
}

pub const TRAIN: &str = "train spec.fair --data data.csv --target hired --model mlp:8 --batch 64 --lr 0.01 -q";

pub fn numbers(path: &Path, column: &str) -> (Vec<String>, Vec<f64>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (sex, column) = (place("sex"), place(column));
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        (record[sex].to_owned(), record[column].parse::<f64>().unwrap())
    });
    rows.unzip()
}
