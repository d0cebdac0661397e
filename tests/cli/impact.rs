//! `impact`: tables in every form, what is refused, and what ends with which exit code.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{Done, run, text_of, transcript};

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

/// Women 129 of 300, men 165 of 330, and a few others, 8 of 14.
fn applicants(decided: [&str; 2]) -> String {
    let groups = [("Woman", 300, 129), ("Man", 330, 165), ("Non-binary", 14, 8)];
    let lines = groups.iter().flat_map(|(name, all, chosen)| {
        (0..*all).map(move |row| format!("{name},{}\n", decided[usize::from(row >= *chosen)]))
    });
    format!("gender,decision\n{}", lines.collect::<String>())
}

fn on(data: &str, words: &str) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.csv");
    fs::write(&file, data).unwrap();
    let all = format!("impact --data {} {words}", text_of(&file));
    run(&all.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_highest_rate_of_a_few_is_told_with_the_ratios_without_it() {
    let sentence = "The highest rate is that of Non-binary with 14 applicants. Compared with Man (330 applicants, 50.0%), the \
                    highest rate among categories of 30 or more, the ratios are: Woman 0.86.";
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let data = applicants(["1", "0"]);
    let text = on(&data, "--pred decision --by gender").stdout;
    assert!(joined(&text).contains(sentence), "{text}");
    assert!(joined(&text).contains("Non-binary 14 8 57.1% 1.00 highest, small"), "{text}");
    // 129/300 beside 8/14 is 0.7525: the law's table stays as it is.
    assert!(joined(&text).contains("Woman 300 129 43.0% 0.75 under 4/5 "), "{text}");
    let markdown = on(&data, "--pred decision --by gender --format markdown").stdout;
    assert!(markdown.contains(sentence) && markdown.contains("| highest rate, small |"), "{markdown}");
    let page = on(&data, "--pred decision --by gender --html -").stdout;
    assert!(page.contains(sentence) && page.contains("highest rate, small"), "{page}");
    let table = on(&data, "--pred decision --by gender --csv -").stdout;
    assert!(table.contains(",14,8,0.5714285714285714,1,highest,true\n"), "{table}");
    let facts: Value = serde_json::from_str(&on(&data, "--pred decision --by gender --format json").stdout).unwrap();
    let found = &facts["tables"][0]["small_highest"];
    assert_eq!(found["larger"]["values"], serde_json::json!(["Man"]));
    assert_eq!(found["larger"]["ratios"][0]["impact_ratio"], serde_json::json!(0.86));
}

#[test]
fn decisions_may_be_words() {
    let data = applicants(["Advance", "Reject"]) + "Man,Withdrawn\n";
    let none = on(&data, "--pred decision --by gender");
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("`decision` holds `Advance`, `Reject`, `Withdrawn`, not 0 and 1"), "{}", none.stderr);
    assert!(none.stderr.contains("say which of them count as selected, with `--selected`"), "{}", none.stderr);
    let one = on(&data, "--pred decision --by gender --selected Advance --selected Withdrawn");
    assert!(one.stdout.contains("303 of 645 applicants selected"), "{}", one.stdout);
    assert!(one.stdout.contains("Selected means that `decision` is `Advance` or `Withdrawn`."), "{}", one.stdout);
    let slip = on(&data, "--pred decision --by gender --selected Advanced");
    assert!(slip.code == 2 && slip.stderr.contains("did you mean `Advance`?"), "{}", slip.stderr);
    let both = on(&data, "--pred decision --by gender --selected Advance --threshold 0.5");
    assert!(both.code == 2 && both.stderr.contains("give one of the two"), "{}", both.stderr);
    let case = on(&(data + "Man,advance\n"), "--pred decision --by gender --selected Advance");
    assert!(case.stdout.contains("`advance` of `decision` differs from `Advance`"), "{}", case.stdout);
}

#[test]
fn empty_decisions_are_counted_and_left_out_on_demand() {
    for (yes, no, words) in [("1", "0", ""), ("Hire", "Reject", " --selected Hire")] {
        let data = applicants([yes, no]) + "Man,\nWoman,\n";
        let refused = on(&data, &format!("--pred decision --by gender{words}"));
        assert_eq!(refused.code, 2);
        let wanted = "`decision` is empty in 2 of 646 rows, first in line 646 of ";
        assert!(refused.stderr.contains(wanted) && refused.stderr.contains("`--skip-empty`"), "{}", refused.stderr);
        let skipped = on(&data, &format!("--pred decision --by gender --skip-empty{words}")).stdout;
        assert!(skipped.contains("302 of 644 applicants selected"), "{skipped}");
        assert!(skipped.contains("2 rows without a decision left out"), "{skipped}");
    }
    let nothing = on("gender,decision\nMan,\n", "--pred decision --by gender --skip-empty");
    assert!(nothing.code == 2 && nothing.stderr.contains("is empty in every row"), "{}", nothing.stderr);
}

#[test]
fn a_wrong_delimiter_is_recognised() {
    let data = applicants(["1", "0"]).replace(',', ";");
    let refused = on(&data, "--pred decision --by gender");
    assert!(refused.code == 2 && refused.stderr.contains("`--delimiter ';'`"), "{}", refused.stderr);
    assert_eq!(on(&data, "--pred decision --by gender --delimiter ;").code, 0);
    let folder = tempfile::tempdir().unwrap();
    for (mark, option) in [(';', "`--delimiter ';'`"), ('\t', "`--delimiter '\\t'`"), ('|', "`--delimiter '|'`")] {
        let file = folder.path().join("people.csv");
        fs::write(&file, data.replace(';', &mark.to_string())).unwrap();
        let drafted = run(&["init", "--data", text_of(&file)]);
        assert!(drafted.code == 2 && drafted.stderr.contains(option), "{}", drafted.stderr);
        assert!(drafted.stdout.is_empty(), "{}", drafted.stdout);
    }
}

#[test]
fn decisions_that_do_not_count_as_selected_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("stages.csv");
    let stages = [("Advance", 20), ("Reject", 30), ("On hold", 2), ("Withdrawn", 5)];
    let lines: String = stages.iter().map(|(stage, count)| format!("a,{stage}\n").repeat(*count)).collect();
    fs::write(&data, format!("who,stage\n{lines}")).unwrap();
    let words = ["impact", "--data", text_of(&data), "--pred", "stage", "--by", "who", "--selected", "Advance"];
    let text = super::support::squeezed(&run(&words).stdout);
    assert!(text.contains("Not selected: `Reject` (30), `Withdrawn` (5), `On hold` (2)."), "{text}");
    let found: Value = serde_json::from_str(&run(&[&words[..], &["--format", "json"]].concat()).stdout).unwrap();
    assert_eq!(found["not_selected"][0], serde_json::json!({"decision": "Reject", "applicants": 30}));
}
