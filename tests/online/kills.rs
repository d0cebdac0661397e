//! A stream that is killed again and again loses no sample and counts none twice.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{COLUMNS, Random, command, from_env, people, run};

/// Runs to the end, killed after random times; how often it was.
fn killed(arguments: &[&str], folder: &Path, random: &mut Random, longest: Duration) -> usize {
    let mut kills = 0;
    loop {
        let mut child = command(arguments, folder).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(longest.mul_f64(random.between(0.0, 1.0)));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return kills;
        }
        // SIGKILL on Unix.
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
}

#[test]
fn kills_change_no_byte() {
    let wanted = from_env("FAIRC_KILLS", 24);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rows = "constraint towns: forall (a, b) in pairs(town): |E[score | town == a] - E[score | town == b]| <= eps\n";
    fs::write(path.join("spec.fair"), format!("{COLUMNS}{rows}")).unwrap();
    fs::write(path.join("people.csv"), people(1500, 9)).unwrap();
    let ways: [&[&str]; 4] = [
        &[],
        &["--smooth", "--batch", "3"],
        &["--mode", "primal-dual", "--batch", "8", "--state-every", "5"],
        &["--window", "200", "--state-every", "3"],
    ];
    let mut random = Random(from_env("FAIRC_SEED", 1) as u64);
    let mut kills = 0;
    for way in ways.iter().cycle() {
        let all = |state: &'static str, out: &'static str| {
            let fixed = ["stream", "spec.fair", "--data", "people.csv", "--state", state, "-o", out, "-q"];
            fixed.into_iter().chain(way.iter().copied()).collect::<Vec<_>>()
        };
        let start = Instant::now();
        let (code, _, error) = run(&all("calm.json", "calm.csv"), path);
        assert_eq!(code, 0, "{error}");
        let calm = start.elapsed();
        // A later start has less to do: about four kills in each run.
        kills += killed(&all("state.json", "out.csv"), path, &mut random, calm.mul_f64(0.5));
        for (calm, disturbed) in [("calm.csv", "out.csv"), ("calm.json", "state.json")] {
            let (calm, disturbed) = (fs::read(path.join(calm)).unwrap(), fs::read(path.join(disturbed)).unwrap());
            assert!(calm == disturbed, "{way:?}: {} and {} bytes", calm.len(), disturbed.len());
        }
        for name in ["calm.json", "calm.csv", "state.json", "out.csv"] {
            fs::remove_file(path.join(name)).unwrap();
        }
        if kills >= wanted {
            break;
        }
    }
}
