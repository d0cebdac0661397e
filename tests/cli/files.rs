//! Data files as people have them, and outputs that are no inputs.

use std::fs;
use std::path::Path;

use super::support::{Done, folder, run, run_with, squeezed};

const SPEC: &str = "column sex: {f, m}\npredict score: real in [0, 1]\nuse demographic_parity(sex, 1)\n";
const DATA: &str = "sex,score\nf,0.1\nm,0.9\nf,0.2\n";

/// A command on files of a folder, of which `@` is the path.
fn at(room: &Path, line: &str) -> Done {
    let words: Vec<String> = line.split(' ').map(|word| word.replace('@', &room.display().to_string())).collect();
    run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn file(room: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(room.join(name), content).unwrap();
}

#[test]
fn no_command_writes_what_it_reads() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "lib.fair", "metric none(a) = E[prediction] <= 1\n");
    file(room, "spec.fair", format!("import \"lib.fair\"\n{SPEC}"));
    file(room, "data.csv", DATA);
    fs::hard_link(room.join("data.csv"), room.join("link.csv")).unwrap();
    let before = |name: &str| fs::read_to_string(room.join(name)).unwrap();
    let kept = (before("spec.fair"), before("lib.fair"));
    for target in ["@/data.csv", "@/link.csv", "@/spec.fair", "@/lib.fair", "@/./data.csv"] {
        let data = "@/spec.fair --data @/data.csv";
        let mut commands = vec![
            format!("audit {data} --html {target}"),
            format!("stream {data} -o {target}"),
            format!("stream {data} --state {target}"),
            format!("freeze {data} --to json -o {target}"),
            format!("export {data} --to json -o {target}"),
            format!("price {data} --html {target}"),
        ];
        if target.ends_with("fair") {
            commands.push(format!("compile @/spec.fair -o {target}"));
            commands.push(format!("project {data} --output-format csv -o {target}"));
        }
        for command in commands {
            let done = at(room, &command);
            assert_eq!(done.code, 2, "{command}: {}{}", done.stdout, done.stderr);
            assert!(done.stderr.contains("name another file"), "{command}: {}", done.stderr);
            assert_eq!((before("spec.fair"), before("lib.fair")), kept, "{command}");
            assert_eq!(before("data.csv"), DATA, "{command}");
        }
    }
    let twice = at(room, "stream @/spec.fair --data @/data.csv -o @/new --state @/new");
    assert!(twice.code == 2 && !room.join("new").exists(), "{}", twice.stderr);
    let done = at(room, "project @/spec.fair --data @/data.csv -o @/data.csv");
    assert_eq!((done.code, before("data.csv").lines().next()), (0, Some("sex,score,score_fair")), "{}", done.stderr);
}

/// One value counts in some readers and the other in others.
#[test]
fn a_key_that_an_object_has_twice_is_refused() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    file(room, "lines.jsonl", "{\"sex\":\"f\",\"score\":0.1}\n{\"sex\":\"f\",\"score\":0.9,\"sex\":\"m\"}\n");
    file(
        room,
        "list.json",
        "[{\"sex\": \"f\", \"score\": 0.1},\n {\"sex\": \"f\",\n  \"score\": 0.9,\n  \"sex\": null}]\n",
    );
    file(room, "other.jsonl", "{\"sex\":\"f\",\"x\":1,\"score\":0.1,\"x\":2}\n{\"sex\":\"m\",\"score\":0.2}\n");
    for (name, line) in [("lines.jsonl", 2), ("list.json", 4)] {
        for command in ["audit", "project"] {
            let done = at(room, &format!("{command} @/spec.fair --data @/{name}"));
            let told = format!("{name}` line {line}: the object has the key `sex` twice");
            let flat = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(&told) && flat.contains("rename one of the two, or leave it out"), "{}", done.stderr);
            assert_eq!(done.code, 2, "{}", done.stderr);
        }
    }
    let first = "{\"sex\":\"f\",\"sex\":\"m\",\"score\":0.9}\n";
    let spec = room.join("spec.fair").display().to_string();
    let stream =
        run_with(&["stream", &spec, "--data", "-", "--data-format", "jsonl", "-o", "-"], Some(first.as_bytes()));
    assert!(stream.stderr.contains("line 1: the object has the key `sex` twice"), "{}", stream.stderr);
    // A key that nobody reads may be there as often as it likes.
    assert_eq!(at(room, "audit @/spec.fair --data @/other.jsonl").code, 0);
}

#[test]
fn a_folder_is_no_file_for_offsets_and_thresholds() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    file(room, "data.csv", DATA);
    fs::create_dir(room.join("d")).unwrap();
    for command in ["decide @/spec.fair --data @/data.csv --freeze @/d", "freeze @/spec.fair --data @/data.csv -o @/d"]
    {
        let done = at(room, command);
        assert_eq!(done.code, 2, "{}", done.stderr);
        assert!(done.stderr.contains("it is a folder") && done.stderr.contains("name a file in it"), "{}", done.stderr);
    }
}

#[test]
fn streams_are_written_as_their_data_are() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    file(room, "data.csv", DATA.replace('\n', "\r\n"));
    let done = at(room, "stream @/spec.fair --data @/data.csv -o @/out.jsonl");
    assert!(done.code == 2 && !room.join("out.jsonl").exists(), "{}", done.stderr);
    assert!(done.stderr.contains("let its name end in `.csv`"), "{}", done.stderr);
    let done = at(room, "stream @/spec.fair --data @/data.csv -o -");
    assert!(done.stdout.starts_with("sex,score,score_fair\r\nf,0.1,0.1\r\n"), "{:?}", done.stdout);
    file(room, "data.parquet", "PAR1");
    let done = at(room, "stream @/spec.fair --data @/data.parquet");
    assert!(done.stderr.contains("cannot be read as a stream"), "{}", done.stderr);
}

#[test]
fn files_that_are_something_else_are_named() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    let told = |name: &str, content: &[u8], words: &str| {
        file(room, name, content);
        let done = at(room, &format!("audit @/spec.fair --data @/{name}"));
        assert_eq!(done.code, 2, "{}{}", done.stdout, done.stderr);
        assert!(done.stderr.contains(words), "{name}: {}", done.stderr);
    };
    told("a.csv", b"\x1f\x8b\x08\0", "`data.csv.gz`");
    told("a.csv", b"PK\x03\x04", "workbook");
    told("a.csv", b"PAR1", "--data-format parquet");
    told("a.csv", b"\xff\xfes\0", "--encoding utf-16");
    told("a.csv", b"[{\"sex\": \"f\"}]", "--data-format jsonl");
    told("a.csv", b"sex;score\nf;0.1\n", "--delimiter ';'");
    told("a.csv", b"sex\tscore\nf\t0.1\n", "--delimiter '\\t'");
    told("a.csv", b"f,0.1\nm,0.2\n", "--no-header");
    told("a.csv", b"sex,Score\nf,0.1\n", "did you mean `Score`");
    told("a.csv", b"sex,score\n1,f,0.1\n", "name of the row");
    told("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the workbook as CSV");
    told("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the workbook as CSV");
    told("a.csv", b"\n<!DOCTYPE html>\n<html>", "begins as HTML");
    told("a.jsonl", b"<html>", "begins as HTML");
    told("a.html", b"<html>", "save the table in it as CSV");
    told("a.csv", b"\0s\0e\0x\0,", "--encoding utf-16");
    told("a.data", b"sex,score\nf,0.1\n", "--data-format");
    told("a.jsonl", b"{\"sex\":\"f\"}\n", "first 1000 objects");
    let done = run_with(&["audit", "tests/fixtures/cli/parity.fair", "--data", "-"], Some(b"PAR1"));
    assert!(done.stderr.contains("Parquet"), "{}", done.stderr);
}

#[test]
fn dialects_are_read_by_every_command() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    file(room, "a.data", "#x\n f ; 0,1\n m ; 0,9\n f ; NA\n f ; 0,2\n");
    file(room, "b.csv", "sex,score\nTrue,0.1\nFALSE,0.2\n");
    let dialect = "--data @/a.data --delimiter ; --trim --decimal , --comment # --header sex,score";
    let done = at(room, &format!("audit @/spec.fair {dialect} --null NA"));
    assert!(done.stderr.contains("line 4"), "{}", done.stderr);
    file(room, "a.data", "#x\n f ; 0,1\n m ; 0,9\n f ; 0,2\n");
    for command in ["audit", "check", "project", "stream"] {
        let done = at(room, &format!("{command} @/spec.fair {dialect}"));
        assert_eq!(done.code, 0, "{command}: {}{}", done.stdout, done.stderr);
    }
    let done = at(room, &format!("stream @/spec.fair {dialect} -o -"));
    assert_eq!(done.stdout.lines().next(), Some(" f ; 0,1;0,1"), "{}", done.stderr);
    for levels in ["true, false", "1, 0", "TRUE, FALSE"] {
        file(room, "b.fair", SPEC.replace("f, m", levels));
        let done = at(room, "audit @/b.fair --data @/b.csv");
        assert_eq!(done.code, 0, "{levels}: {}{}", done.stdout, done.stderr);
    }
}

/// A list without objects, lines of them, and a header alone: a file and a pipe are answered alike.
#[test]
fn nothing_is_answered_alike_from_files_and_pipes() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    let inputs: [(&str, &str, &str, [i32; 3]); 10] = [
        ("a.jsonl", "jsonl", "", [2, 2, 2]),
        ("a.jsonl", "jsonl", "\n \n", [2, 2, 2]),
        ("a.jsonl", "jsonl", "[]", [2, 2, 0]),
        ("a.json", "jsonl", "[]\n", [2, 2, 0]),
        ("a.json", "jsonl", "[ ]\r\n", [2, 2, 0]),
        ("a.jsonl", "jsonl", "[]\n[]\n", [2, 2, 0]),
        ("a.jsonl", "jsonl", "{}\n", [2, 2, 2]),
        ("a.csv", "csv", "", [2, 2, 2]),
        ("a.csv", "csv", "\n\n", [2, 2, 2]),
        ("a.csv", "csv", "sex,score\n", [2, 2, 0]),
    ];
    for (name, format, content, expected) in inputs {
        file(room, name, content);
        for (command, expected) in ["audit", "project", "stream"].into_iter().zip(expected) {
            let spec = room.join("spec.fair").display().to_string();
            let whole = at(room, &format!("{command} @/spec.fair --data @/{name}"));
            let piped = [command, &spec, "--data", "-", "--data-format", format];
            let piped = run_with(&piped, Some(content.as_bytes()));
            assert_eq!((whole.code, piped.code), (expected, expected), "{command} {content:?}: {}", whole.stderr);
            let plain = |text: &str| text.replace(&room.join(name).display().to_string(), "it");
            let plain = |text: &str| plain(text).replace("standard input", "it").replace("<stdin>", "it");
            assert_eq!(plain(&whole.stderr), plain(&piped.stderr), "{command} {content:?}");
            // Names differ in length, and with them where lines break.
            let plain = |text: &str| squeezed(&plain(text));
            assert_eq!(plain(&whole.stdout), plain(&piped.stdout), "{command} {content:?}");
        }
    }
}

#[test]
fn places_in_lists_are_those_of_the_file() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    let cases = [
        ("[{\"sex\":\"f\",\"score\":0.1},\n {\"sex\":\"m\",\"score\":0.9,}]\n", "line 2, column 25"),
        ("[{\"sex\":\"f\",\"score\":0.1},\n\n  {\"sex\":\"m\",\n \"score\":x}]\n", "line 4, column 10"),
        ("[{\"sex\":\"f\",\"score\":0.1}\r\n,{\"sex\":\"m\",\r\n\t\"score\":x}]\n", "line 3, column 10"),
        ("[{\"sex\":\"f\",\"score\":0.1}\n {\"sex\":\"m\"}]\n", "line 2, column 2"),
        ("[{\"sex\":\"f\",\"score\":0.1}, {\"sex\":x}]\n", "line 1, column 34"),
        ("[\n{\"sex\":\"f\",\"score\":0.1}\n", "line 3, column 1"),
        ("{\"sex\":\"f\",\t\"score\":x}\n", "line 1, column 21"),
    ];
    for (content, place) in cases {
        file(room, "a.json", content);
        let done = at(room, "audit @/spec.fair --data @/a.json");
        assert!(done.code == 2 && done.stderr.contains(place), "{content}: {}", done.stderr);
    }
    file(room, "a.json", "[{\"sex\":\"f\",\n\t\"score\":0.1},\n{\"sex\":\"m\",\"score\":0.2}]");
    let done = at(room, "project @/spec.fair --data @/a.json -o -");
    assert!(done.stdout.starts_with("[\n{\"sex\":\"f\",  \"score\":0.1,\"score_fair\":"), "{}", done.stdout);
}

#[test]
fn one_mark_has_one_meaning() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    file(room, "data.csv", DATA);
    file(room, "data.tsv", DATA.replace(',', "\t"));
    for words in ["@/data.csv --comment ,", "@/data.csv --delimiter # --comment #", "@/data.tsv --comment \\t"] {
        for command in ["audit", "project", "stream"] {
            let done = at(room, &format!("{command} @/spec.fair --data {words}"));
            assert!(done.code == 2 && done.stderr.contains("cannot both separate"), "{words}: {}", done.stderr);
        }
    }
    assert_eq!(at(room, "audit @/spec.fair --data @/data.tsv --comment ,").code, 0);
}

/// A comment ends where lines do, so no row behind it is lost.
#[test]
fn a_comment_is_one_line() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    for end in ["\n", "\r", "\r\n"] {
        file(room, "data.csv", "#a\nsex,score\nf,0.1\n#b,\nm,0.9\nf,0.2\n".replace('\n', end));
        for words in ["", " --trim", " --no-quotes"] {
            let done = at(
                room,
                &format!("audit @/spec.fair --data @/data.csv --comment # --bootstrap 0 --format json{words}"),
            );
            assert!(
                done.stdout.contains("\"n\": 3") || done.stdout.contains("\"n\":3"),
                "{words}: {}{}",
                done.stdout,
                done.stderr
            );
        }
    }
}

#[test]
fn spaces_around_quotes_are_trimmed() {
    let room = folder(&[]);
    let room = room.path();
    file(room, "spec.fair", SPEC);
    let text = "\"sex\" , \"score\",  \"note, \"\"x\"\"\"\n \"f\" ,\t\"0.1\", \"a, b\"  \n\"m\", 0.9, \nf,\"0.2\" , \"c,\"\"\nd\" \n";
    file(room, "data.csv", text);
    for command in ["audit", "project", "stream"] {
        let done = at(room, &format!("{command} @/spec.fair --data @/data.csv --trim"));
        assert_eq!(done.code, 0, "{command}: {}{}", done.stdout, done.stderr);
    }
    let done = at(room, "project @/spec.fair --data @/data.csv --trim -o -");
    let expected = "\"sex\" , \"score\",  \"note, \"\"x\"\"\",score_fair\n \"f\" ,\t\"0.1\", \"a, b\"  ,0.1\n";
    assert!(done.stdout.starts_with(expected), "{}", done.stdout);
    for (text, words) in [
        ("sex,score\n \"f\"x,0.1\n", "line 2: text follows a closing quote"),
        ("sex,score\nm,0.1\n\"f\" \"x\",0.1\n", "line 3: text follows a closing quote"),
        ("sex,score,note\nm,0.1,\nf,0.1, \"a\nb\n", "line 3: a quote is opened"),
    ] {
        file(room, "data.csv", text);
        let done = at(room, "audit @/spec.fair --data @/data.csv --trim");
        assert!(done.code == 2 && done.stderr.contains(words), "{text}: {}", done.stderr);
    }
    file(room, "data.csv", "sex,score\n\"f\", \"0.1\"\n");
    assert_eq!(at(room, "audit @/spec.fair --data @/data.csv").code, 1);
}

/// `--tolerance -1`: the option says what it takes; nothing advises `-- -1`.
#[test]
fn negative_values_belong_to_their_options() {
    for arguments in [
        &["audit", "a.fair", "--data", "a.csv", "--tolerance", "-1"][..],
        &["audit", "a.fair", "--data", "a.csv", "--bootstrap", "-1"],
        &["stream", "a.fair", "--batch", "-2"],
        &["stream", "a.fair", "--gain", "-1", "--smooth"],
        &["verify", "a", "b", "--tolerance", "-1e9"],
    ] {
        let done = run(arguments);
        assert!(done.code == 2 && !done.stderr.contains("-- -"), "{arguments:?}: {}", done.stderr);
        assert!(!done.stderr.contains("unexpected argument"), "{arguments:?}: {}", done.stderr);
    }
    let done = run(&[
        "project",
        "tests/fixtures/cli/parity.fair",
        "--data",
        "tests/fixtures/cli/people.csv",
        "--set",
        "eps=-1",
    ]);
    assert!(done.code != 0 && done.stderr.contains("eps"), "{}", done.stderr);
}
