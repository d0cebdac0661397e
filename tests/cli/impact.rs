//! `impact`: tables in every form, what is refused, and what ends with which exit code.

use std::fs;

use insta::assert_snapshot;

use super::support::{run, text_of, transcript};

#[test]
fn tables_are_shown() {
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred hired --by sex --by race --unknown Unknown"));
    assert_snapshot!(transcript(
        "impact --data @/applicants.csv --pred score --threshold median --by sex --format markdown"
    ));
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred hired --by sex --by race --csv - -q"));
}

#[test]
fn mistakes_are_told() {
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred score --by sex"));
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred hierd --by sex"));
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred hired --by sex --by sex"));
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred race --by sex"));
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred hired --by sex --least 120%"));
    assert_snapshot!(transcript("impact --data @/applicants.csv --pred hired --by sex --html - --format json"));
}

#[test]
fn a_limit_is_a_gate_and_nothing_compared_is_no_pass() {
    let code = |words: &str| {
        let all = format!("impact --data tests/fixtures/cli/applicants.csv --pred hired -q {words}");
        run(&all.split(' ').collect::<Vec<_>>()).code
    };
    assert_eq!(code("--by sex"), 0, "there is no limit by itself");
    assert_eq!(code("--by sex --least 50%"), 0, "two of four beside two of two");
    assert_eq!(code("--by sex --least 50.1%"), 1);
    assert_eq!(code("--by sex --unknown m --least 50%"), 1, "one category is compared with nothing");
    assert_eq!(code("--by sex --min-share 100% --least 50%"), 1, "no category is large enough");
}

#[test]
fn pages_hold_nothing_that_data_could_make_markup() {
    let folder = tempfile::tempdir().unwrap();
    let (data, page) = (folder.path().join("people.csv"), folder.path().join("page.html"));
    fs::write(&data, "who,it\n<b>x</b>,1\n\"a & b\",0\n").unwrap();
    let (data, out) = (text_of(&data), text_of(&page));
    let words = ["impact", "--data", data, "--pred", "it", "--by", "who", "--html", out, "--title", "<script>"];
    assert_eq!(run(&words).code, 0);
    let page = fs::read_to_string(&page).unwrap();
    assert!(!page.contains("<b>") && !page.contains("<script>"), "{page}");
    assert!(page.contains("&lt;b&gt;x&lt;/b&gt;") && page.contains("a &amp; b"), "{page}");
}
