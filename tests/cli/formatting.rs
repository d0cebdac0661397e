//! `fmt`.

use std::fs;

use insta::assert_snapshot;

use super::support::{folder, run, text_of, transcript, transcript_with};

#[test]
fn checking_shows_what_would_change() {
    assert_snapshot!(transcript("fmt --check @/unformatted.fair"));
    assert_snapshot!(transcript("fmt --check @/parity.fair @/odds.fair"));
    assert_snapshot!(transcript("fmt --check @/unformatted.fair --format json"));
}

#[test]
fn files_are_rewritten_in_place_once() {
    let folder = folder(&["unformatted.fair"]);
    let path = folder.path().join("unformatted.fair");
    assert_eq!(run(&["fmt", text_of(&path)]).code, 0);
    let formatted = fs::read_to_string(&path).unwrap();
    assert_snapshot!(formatted);
    assert_eq!(run(&["fmt", "--check", text_of(&path)]).code, 0);
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    run(&["fmt", text_of(&path)]);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
}

#[test]
fn streams_are_formatted() {
    assert_snapshot!(transcript_with("fmt -", Some(b"predict   p:real in [0,1] # here\n")));
    assert_snapshot!(transcript_with("fmt - --check", Some(b"predict   p:real in [0,1]\n")));
    assert_snapshot!(transcript_with("fmt -", Some(b"predict p real\n")));
}
