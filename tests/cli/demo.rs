//! `fairc demo`: what it makes and shows, and that it touches nothing that was there.

use std::fs;

use super::support::run;

/// The audit before says no and the one after says yes, each of its commands is shown, and the files can be used.
#[test]
fn an_audit_a_projection_and_an_audit() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("played with");
    let made = made.to_str().unwrap();
    let done = run(&["demo", made]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let commands: Vec<&str> = done.stdout.lines().filter(|line| line.starts_with("$ fairc ")).collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    let place = |text: &str| done.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", done.stdout));
    assert!(place("violated") < place("held"), "{}", done.stdout);
    let page = fs::read_to_string(format!("{made}/report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    let again =
        run(&["audit", &format!("{made}/parity.fair"), "--data", &format!("{made}/fair.csv"), "--pred", "score_fair"]);
    assert_eq!(again.code, 0, "{}", again.stdout);
}

/// A folder that is there is left as it is.
#[test]
fn a_folder_that_is_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("parity.fair"), "mine").unwrap();
    let done = run(&["demo", folder.path().to_str().unwrap()]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("is there already") && done.stderr.contains("fairc demo FOLDER"), "{}", done.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(folder.path().join("parity.fair")).unwrap(), "mine");
}
