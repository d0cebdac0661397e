//! What editors ask, one thing after the other.

use serde_json::{Value, json};

use super::{Editor, Memory, SPEC};

const HEAD: &str = "\
## Told by the applicant.
column sex: {female, male}
column race: {white, black, `of both`}
column age: int in [0, 120]
label hired: {0, 1}
predict score: real in [0, 1]
param eps = 5% in [0, 1]
param tol[race] = {white: 2%, otherwise: 5%}
group band = bins(age, 25, 45)
group both = sex * race
event old = age >= 60
let gain = hired - 0.5
";

fn spec(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

/// The labels of what may stand at the cursor.
fn labels(rest: &str) -> Vec<String> {
    let memory = Memory::default();
    let mut editor = Editor::new(&memory, &spec(rest));
    let found = editor.at_cursor("textDocument/completion", &Value::Null);
    let label = |item: &Value| item["label"].as_str().unwrap_or_default().to_owned();
    found.as_array().map(|items| items.iter().map(label).collect()).unwrap_or_default()
}

fn hover(rest: &str) -> String {
    let memory = Memory::default();
    let mut editor = Editor::new(&memory, &spec(rest));
    let found = editor.at_cursor("textDocument/hover", &Value::Null);
    found["contents"]["value"].as_str().unwrap_or("nothing").to_owned()
}

#[test]
fn levels_stand_behind_a_comparison() {
    for rest in [
        "constraint c: E[score | race == ‸] <= 1",
        "constraint c: E[score | race == wh‸] <= 1",
        "constraint c: E[score | race != ‸",
        "event e = race in {‸",
        "event e = race not in {white, ‸}",
        "constraint c: forall r in race where r == ‸: E[score] <= 1",
        "param other[race] = {‸",
    ] {
        let found = labels(rest);
        assert_eq!(found.get(..3), Some(&["white", "black", "of both"].map(str::to_owned)[..]), "{rest}: {found:?}");
    }
    let found = labels("constraint c: E[score | band == ‸] <= 1");
    assert_eq!(found.get(..3), Some(&["(-inf,25)", "[25,45)", "[45,inf)"].map(str::to_owned)[..]));
    assert!(labels("constraint c: E[score | both == ‸] <= 1").contains(&"female*white".to_owned()));
    assert_eq!(labels("constraint c: E[score] <= tol[‸").first().map(String::as_str), Some("white"));
}

#[test]
fn what_may_stand_depends_on_the_place() {
    let has = |rest: &str, wanted: &[&str], unwanted: &[&str]| {
        let found = labels(rest);
        wanted
            .iter()
            .for_each(|name| assert!(found.iter().any(|label| label == name), "{rest}: no `{name}` in {found:?}"));
        unwanted.iter().for_each(|name| assert!(!found.iter().any(|label| label == name), "{rest}: `{name}`"));
    };
    has("‸", &["column", "constraint", "use"], &["E", "sex"]);
    has("con‸", &["constraint"], &["score"]);
    has("constraint c: ‸", &["E", "score", "eps", "forall", "each", "gain"], &["column", "skip"]);
    has("use ‸", &["demographic_parity", "equalized_odds"], &["score", "column"]);
    has("use demographic_parity(‸", &["sex", "race", "hired", "band", "attr", "tol"], &["age", "score", "eps"]);
    has("use demographic_parity(sex, ‸", &["eps", "tol"], &["sex", "age"]);
    has("use demographic_parity(tol = ‸", &["eps"], &["sex", "attr"]);
    has("use demographic_parity({sex, ‸", &["race", "band"], &["eps"]);
    has("use demographic_parity({sex, race}, ‸", &["eps"], &["age", "band"]);
    let of = "metric m(attr: group, lvl: level of attr) = E[prediction | attr == lvl] <= 1\nuse m(";
    has(&format!("{of}race, ‸"), &["white", "black"], &["female", "eps"]);
    has(&format!("{of}attr = race, lvl = ‸"), &["white", "black"], &["female", "eps"]);
    has("constraint c (‸", &["min_count", "when_empty", "soft", "enforce"], &["score"]);
    has("constraint c (min_count = 3, ‸", &["when_empty"], &["min_count"]);
    has("constraint c (when_empty = ‸", &["skip", "error"], &["score"]);
    has("use demographic_parity(sex, eps) as p (‸", &["enforce"], &["score"]);
    has("constraint c: forall a in ‸", &["sex", "band", "pairs", "adjacent"], &["score", "eps"]);
    has("constraint c: forall (a, b) in pairs(sex): E[score | sex == ‸", &["a", "b", "female"], &[]);
    has("column x: ‸", &["real", "int", "{..}"], &["score"]);
    has("metric m(attr: ‸", &["group", "number", "level"], &["score"]);
    has("metric m(attr: group, tol: number) = E[‸", &["attr", "tol", "prediction"], &[]);
    has("## a doc of ‸", &[], &["column", "score"]);
    has("column ‸", &[], &["score", "column"]);
}

#[test]
fn what_is_filled_in_takes_the_place_of_the_word() {
    let memory = Memory::default();
    let mut editor = Editor::new(&memory, &spec("use demo‸"));
    let found = editor.at_cursor("textDocument/completion", &Value::Null);
    let item = found.as_array().and_then(|items| items.iter().find(|item| item["label"] == "demographic_parity"));
    let item = item.cloned().unwrap_or_default();
    assert_eq!(item["textEdit"]["newText"], "demographic_parity(${1:attr}, ${2:tol})");
    assert_eq!(item["textEdit"]["range"]["start"], json!({"line": 12, "character": 4}));
    assert_eq!(item["insertTextFormat"], 2);
    // Where brackets are, none are brought; and a space calls for a list only where one is of use.
    let mut editor = Editor::new(&memory, &spec("use demo‸(sex, eps)"));
    let found = editor.at_cursor("textDocument/completion", &Value::Null);
    let item =
        found.as_array().and_then(|items| items.iter().find(|item| item["label"] == "demographic_parity")).cloned();
    assert_eq!(item.unwrap_or_default()["textEdit"]["newText"], "demographic_parity");
    for (rest, asked) in [("event e = race == ‸", true), ("constraint c: E[score] ‸", false)] {
        let mut editor = Editor::new(&memory, &spec(rest));
        let typed = json!({"context": {"triggerKind": 2, "triggerCharacter": " "}});
        assert_eq!(editor.at_cursor("textDocument/completion", &typed).is_array(), asked, "{rest}");
    }
    let mut editor = Editor::new(&memory, &spec("event e = race == `of‸"));
    let found = editor.at_cursor("textDocument/completion", &Value::Null);
    let item = found.as_array().and_then(|items| items.iter().find(|item| item["label"] == "of both")).cloned();
    assert_eq!(item.unwrap_or_default()["textEdit"]["newText"], "`of both`");
}

#[test]
fn hovers() {
    let places = [
        "constraint c: E[sc‸ore | sex == female] <= eps",
        "constraint c: E‸[score | sex == female] <= eps",
        "constraint c: E[score | s‸ex == female] <= eps",
        "constraint c: E[score | sex == fem‸ale] <= eps",
        "constraint c: E[score] <= ep‸s",
        "constraint c: E[score] <‸= eps",
        "constraint c: |E[score | sex == female] -‸ E[score]| <= eps",
        "constraint c‸: forall a in race: E[score | race == a] <= tol[a]",
        "constraint c: forall a in race: E[score | race == a‸] <= tol[a]",
        "constraint b: forall a in sex: E[score | sex == a] <= 1\nconstraint c: forall a‸ in race: E[score | race == a] <= eps",
        "use demographic_parity(sex, eps) as fai‸r",
        "use demographic‸_parity(sex, eps)",
        "use demographic_parity(at‸tr = sex, tol = eps)",
        "constraint c: E[score | ba‸nd == `[25,45)`] <= eps",
        "constraint c (min‸_count = 3): E[score] <= eps",
        "constraint c (enforce = train): E[ga‸in * score] <= eps",
        "constraint c: E[score | ol‸d] <= eps",
        "constraint c: E[score | oops‸] <= eps",
        "constraint c: E[score | sex == female] * E‸[score] <= eps",
    ];
    let text = places.map(|place| format!("{place}\n---\n{}\n", hover(place))).join("\n====\n");
    insta::assert_snapshot!(text);
}

#[test]
fn names_lead_to_their_declarations() {
    let to = |rest: &str| {
        let memory = Memory::default();
        let mut editor = Editor::new(&memory, &spec(rest));
        let found = editor.at_cursor("textDocument/definition", &Value::Null);
        let uri = found["uri"].as_str().unwrap_or("nothing").to_owned();
        (
            uri,
            found["range"]["start"]["line"].as_u64().unwrap_or(99),
            found["range"]["start"]["character"].as_u64().unwrap_or(99),
        )
    };
    let here = SPEC.to_owned();
    assert_eq!(to("constraint c: E[sco‸re] <= eps"), (here.clone(), 5, 8));
    assert_eq!(to("constraint c: E[score | race == bl‸ack] <= eps"), (here.clone(), 2, 21));
    assert_eq!(to("constraint c: E[score | race in {bl‸ack}] <= eps"), (here.clone(), 2, 21));
    assert_eq!(to("constraint c: E[score | both == female * bl‸ack] <= eps"), (here.clone(), 2, 21));
    assert_eq!(to("constraint c: E[score] <= tol[bl‸ack]"), (here.clone(), 2, 21));
    assert_eq!(to("constraint c: forall a in race: E[score | race == ‸a] <= eps"), (here.clone(), 12, 21));
    assert_eq!(to("constraint c: max(a in race: E[score | race == ‸a]) <= eps"), (here.clone(), 12, 18));
    assert_eq!(to("use demographic_par‸ity(sex, eps)").0, "file:///library/std/demographic_parity.fair");
    assert_eq!(to("use demographic_par‸ity(sex, eps").0, "file:///library/std/demographic_parity.fair");
    assert_eq!(to("use demographic_parity(to‸l = eps, attr = sex)").0, "file:///library/std/demographic_parity.fair");
    assert_eq!(to("metric m(attr: group) = E[prediction | attr == a‸ge] <= 1"), (here.clone(), 3, 7));
    assert_eq!(to("metric m(attr: group) = E[predi‸ction] <= 1"), (here, 5, 8));
    assert_eq!(to("constraint c: E[score | oops‸] <= eps").0, "nothing");
}

#[test]
fn uses_are_found_across_files() {
    let mut memory = Memory::default();
    memory
        .files
        .insert("/specs/common.fair".into(), "column sex: {female, male}\npredict score: real in [0, 1]\n".into());
    memory.files.insert(
        "/specs/other.fair".into(),
        "import \"common.fair\"\nconstraint o: E[score | sex == male] <= 1\n".into(),
    );
    let text = "import \"common.fair\"\nconstraint c: E[sc‸ore | sex == female] <= 0.5\n";
    let mut editor = Editor::new(&memory, text);
    let to = editor.at_cursor("textDocument/definition", &Value::Null);
    assert_eq!(
        (to["uri"].as_str(), to["range"]["start"]["line"].as_u64()),
        (Some("file:///specs/common.fair"), Some(1))
    );
    let found = editor.at_cursor("textDocument/references", &json!({"context": {"includeDeclaration": true}}));
    let uris: Vec<&str> =
        found.as_array().map(|all| all.iter().filter_map(|it| it["uri"].as_str()).collect()).unwrap_or_default();
    assert_eq!(uris, ["file:///specs/common.fair", "file:///specs/other.fair", SPEC]);
    let found = editor.at_cursor("textDocument/references", &json!({"context": {"includeDeclaration": false}}));
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    let edit = editor.at_cursor("textDocument/rename", &json!({"newName": "rating"}));
    insta::assert_snapshot!(serde_json::to_string_pretty(&sorted(&edit)).unwrap_or_default());
    // A buffer stands in the place of its file.
    editor.open("file:///specs/common.fair", "column sex: {female, male}\n\n\npredict score: real in [0, 1]\n");
    let to = editor.at_cursor("textDocument/definition", &Value::Null);
    assert_eq!(to["range"]["start"]["line"].as_u64(), Some(3));
}

/// Changes of several files come in no order.
fn sorted(edit: &Value) -> Value {
    let changes = edit["changes"].as_object().map(|all| all.iter().collect::<std::collections::BTreeMap<_, _>>());
    json!(changes)
}

#[test]
fn renames_say_the_same_or_are_refused() {
    let rename = |rest: &str, new: &str| {
        let memory = Memory::default();
        let mut editor = Editor::new(&memory, &spec(rest));
        let edit = editor.at_cursor("textDocument/rename", &json!({"newName": new}));
        match edit["refused"].as_str() {
            Some(reason) => format!("refused: {reason}"),
            None => edits(&editor.text(SPEC), &edit["changes"][SPEC]),
        }
    };
    let rest = |text: &str| text.get(HEAD.len()..).unwrap_or_default().to_owned();
    let plain = "constraint c: forall a in race: E[score | race == ‸a] <= tol[a]";
    assert_eq!(rest(&rename(plain, "r")), "constraint c: forall r in race: E[score | race == r] <= tol[r]");
    assert_eq!(rename(plain, "race"), "refused: binder `race` is declared twice");
    assert!(rename(plain, "a\nb").starts_with("refused: "));
    assert!(rename(plain, "forall").contains("`forall`"));
    let column = "constraint c: E[score | s‸ex == female] <= eps";
    let renamed = rename(column, "gender");
    assert!(renamed.contains("column gender: {female, male} from sex\n"), "{renamed}");
    assert!(renamed.contains("group both = gender * race"));
    assert_eq!(rename(column, "score"), "refused: prediction `score` is declared twice");
    assert!(
        rename("constraint c: E[score | sex == fem‸ale] <= eps", "woman").starts_with("refused: `female` is a value")
    );
    assert!(rename("use demographic‸_parity(sex, eps)", "p").starts_with("refused: `demographic_parity` belongs"));
    assert!(rename("constraint c‸: E[score] <= eps", "limit").ends_with("constraint limit: E[score] <= eps"));
    let metric = "metric m(a‸ttr: group) = forall x in attr: E[prediction | attr == x] <= 1\nuse m(attr = sex)";
    assert!(
        rename(metric, "by")
            .ends_with("metric m(by: group) = forall x in by: E[prediction | by == x] <= 1\nuse m(by = sex)")
    );
    // A parameter of the new name would take the place of the param, with errors elsewhere too.
    let hidden = "metric m(lim: number) = E[prediction] <= lim + e‸ps\nuse m(0.1)\n";
    let taken = "refused: another name has this text here, and would take its place";
    assert_eq!(rename(hidden, "lim"), taken);
    assert_eq!(rename(&format!("{hidden}constraint d: E[score | oops == 1] <= 1\n"), "lim"), taken);
    assert!(rename(hidden, "slack").contains("<= lim + slack"));
}

/// A text with the edits of the protocol made; all positions are those of ASCII.
fn edits(text: &str, edits: &Value) -> String {
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset =
        |place: &Value| lines[place["line"].as_u64().unwrap() as usize] + place["character"].as_u64().unwrap() as usize;
    let mut all: Vec<(usize, usize, String)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap().to_owned())
        })
        .collect();
    all.sort();
    let mut out = text.to_owned();
    for (start, end, new) in all.into_iter().rev() {
        out.replace_range(start..end, &new);
    }
    out
}

#[test]
fn fixes_are_offered_where_their_mistakes_are() {
    let memory = Memory::default();
    let text = spec("constraint c: E[scor‸e | sex = female] <= eps\nconstraint d: E[score | sex = male] <= eps\n");
    let mut editor = Editor::new(&memory, &text);
    let context = json!({"diagnostics": []});
    let line = json!({"start": {"line": 12, "character": 0}, "end": {"line": 12, "character": 50}});
    let found = editor.about("textDocument/codeAction", SPEC, &json!({"range": line, "context": context}));
    let titles: Vec<&str> = found.as_array().unwrap().iter().filter_map(|action| action["title"].as_str()).collect();
    assert_eq!(titles, ["Replace `=` by `==`", "Mend all mistakes that can be meant in one way only"]);
    let mended = edits(&text.replace('‸', ""), &found[1]["edit"]["changes"][SPEC]);
    assert_eq!(mended, text.replace('‸', "").replace("sex = ", "sex == "));
    let only = json!({"range": line, "context": {"diagnostics": [], "only": ["source.fixAll"]}});
    let found = editor.about("textDocument/codeAction", SPEC, &only);
    assert_eq!((found.as_array().map(Vec::len), found[0]["kind"].as_str()), (Some(1), Some("source.fixAll")));
    let elsewhere = json!({"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}});
    let asked = json!({"range": elsewhere, "context": {"diagnostics": [], "only": ["refactor"]}});
    assert_eq!(editor.about("textDocument/codeAction", SPEC, &asked), json!([]));
}

#[test]
fn the_rest_of_the_answers() {
    let memory = Memory::default();
    let text = spec(
        "constraint c:\n    forall a in race: E[score | race == a] <= tol[a]\nuse demographic_parity(sex, ‸eps)\n",
    );
    let mut editor = Editor::new(&memory, &text);
    let whole = json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}});
    let hints = editor.about("textDocument/inlayHint", SPEC, &whole);
    let of = |hint: &Value| {
        (hint["label"].as_str().unwrap_or_default().to_owned(), hint["position"]["line"].as_u64().unwrap_or_default())
    };
    let hints: Vec<(String, u64)> = hints.as_array().unwrap().iter().map(of).collect();
    assert_eq!(hints, [("3 rows".to_owned(), 12), ("1 row".to_owned(), 14)]);
    let help = editor.at_cursor("textDocument/signatureHelp", &Value::Null);
    assert_eq!(help["signatures"][0]["label"], "demographic_parity(attr: group, tol: number >= 0)");
    assert_eq!(
        (&help["activeParameter"], &help["signatures"][0]["parameters"][1]["label"]),
        (&json!(1), &json!([32, 48]))
    );
    let folds = editor.about("textDocument/foldingRange", SPEC, &Value::Null);
    assert_eq!(folds.as_array().map(Vec::len), Some(1));
    let highlights = editor.at_cursor("textDocument/documentHighlight", &Value::Null);
    assert_eq!(highlights.as_array().map(Vec::len), Some(2));
    let formatted =
        editor.about("textDocument/formatting", SPEC, &json!({"options": {"tabSize": 4, "insertSpaces": true}}));
    assert_eq!(formatted, json!([]));
    let symbols = editor.about("textDocument/documentSymbol", SPEC, &Value::Null);
    let line = |symbol: &Value| {
        format!("{} {} {}", symbol["kind"], symbol["name"], symbol["children"].as_array().map_or(0, Vec::len))
    };
    let symbols: Vec<String> = symbols.as_array().unwrap().iter().map(line).collect();
    insta::assert_snapshot!(symbols.join("\n"));
    let tokens = editor.about("textDocument/semanticTokens/full", SPEC, &Value::Null);
    insta::assert_snapshot!(painted(&editor.text(SPEC), &tokens["data"]));
}

#[test]
fn names_of_relations_have_a_type_of_their_own() {
    let memory = Memory::default();
    let text = "column id: key\npredict score: real in [0, 1]\nrelation near from \"pairs.csv\": (i, j) by id\n\
                constraint c: each (i, j) in near: score[i] - score[j] <= 0.1\n";
    let mut editor = Editor::new(&memory, text);
    let tokens = editor.about("textDocument/semanticTokens/full", SPEC, &Value::Null);
    let painted = painted(text, &tokens["data"]);
    assert_eq!(painted.matches("near:struct").count(), 2, "{painted}");
}

/// Each token with its type.
fn painted(text: &str, data: &Value) -> String {
    let legend = crate::answer::tokens::legend();
    let numbers: Vec<usize> = data.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect();
    let lines: Vec<&str> = text.lines().collect();
    let (mut line, mut start, mut out) = (0, 0, String::new());
    for token in numbers.chunks(5) {
        if token[0] > 0 {
            (line, start) = (line + token[0], 0);
            out.push('\n');
        }
        start += token[1];
        let word = &lines[line][start..start + token[2]];
        let marks = (0..4).filter(|bit| token[4] >> bit & 1 == 1).map(|bit| &*legend.token_modifiers[bit]);
        let marks: Vec<&str> = marks.collect();
        out.push_str(&format!(
            "{word}:{}{} ",
            legend.token_types[token[3]],
            marks.iter().map(|mark| format!(".{mark}")).collect::<String>()
        ));
    }
    out
}

#[test]
fn formatting_keeps_what_is_well() {
    let memory = Memory::default();
    let text = "column sex: {female, male}\r\npredict   score: real in [0,1]\nconstraint c: E[score]<=1\n";
    let mut editor = Editor::new(&memory, text);
    let found =
        editor.about("textDocument/formatting", SPEC, &json!({"options": {"tabSize": 4, "insertSpaces": true}}));
    let formatted = edits(text, &found);
    assert_eq!(formatted, "column sex: {female, male}\npredict score: real in [0, 1]\nconstraint c: E[score] <= 1\n");
    let mut editor = Editor::new(&memory, "constraint c: E[");
    let found =
        editor.about("textDocument/formatting", SPEC, &json!({"options": {"tabSize": 4, "insertSpaces": true}}));
    assert_eq!(found["refused"], "a spec with syntax errors has no layout");
}
