//! The error pages and the other documents: every example does what its page says.

use std::collections::BTreeSet;

use fairc::language::explain::PAGES;

use super::example::{Expected, documents, examples, root, same_after_mark};

#[test]
fn every_example_of_the_documents_does_what_it_says() {
    let mut failures = Vec::new();
    let mut count = 0;
    for (path, page) in documents() {
        for example in examples(&path, &page) {
            count += 1;
            if let Err(reason) = example.run() {
                failures.push(format!("{} {reason}\n", example.place));
            }
        }
    }
    assert!(count > 80, "only {count} examples were found");
    assert!(failures.is_empty(), "{} of {count} examples:\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_page_fails_with_its_own_code() {
    // A file too long for the compiler, and one that is no text, fit on no page.
    for page in PAGES.iter().filter(|page| !["E0104", "E0105"].contains(&page.code)) {
        let examples = examples(page.code, page.text);
        let own = Expected::Fails(page.code.to_string());
        assert!(examples.iter().any(|example| example.expected == own), "{} has no failing example", page.code);
        let others = examples.iter().filter(|example| matches!(&example.expected, Expected::Fails(_)));
        others.for_each(|example| assert_eq!(example.expected, own, "{}", example.place));
        let artefact = page.code.starts_with("E06");
        let mended = examples.iter().any(|example| example.expected == Expected::Passes);
        assert!(mended || artefact, "{} shows no way out", page.code);
    }
}

#[test]
fn pages_and_files_are_the_same() {
    let files = std::fs::read_dir(root().join("docs/errors")).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = names.map(|name| name.trim_end_matches(".md").to_string()).collect();
    let pages: BTreeSet<String> = PAGES.iter().map(|page| page.code.to_string()).collect();
    assert_eq!(files, pages);
}

/// The codes that the sources mention are those that have a page.
#[test]
fn codes_and_pages_are_the_same() {
    let mut codes = BTreeSet::new();
    let mut folders = vec![root().join("src"), root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("explain.rs") {
                codes.extend(quoted_codes(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let pages: BTreeSet<String> = PAGES.iter().map(|page| page.code.to_string()).collect();
    assert_eq!(codes, pages);
}

/// `"E0401"` and its like in a text.
fn quoted_codes(text: &str) -> Vec<String> {
    let is_code = |word: &&str| {
        word.len() == 5 && word.starts_with(['E', 'W']) && word.bytes().skip(1).all(|byte| byte.is_ascii_digit())
    };
    text.split('"').filter(is_code).map(str::to_string).collect()
}

/// `docs/errors.md` and the summary list the pages with their titles.
#[test]
fn the_indexes_list_every_page() {
    let family = |code: &str| match &code[..3] {
        "E01" => "Syntax",
        "E02" => "Names and arguments",
        "E03" => "Shapes and kinds",
        "E04" => "Not affine, not convex",
        "E05" => "Values and sizes",
        "E06" => "Compiled specs",
        "E07" => "Data",
        "E08" => "Feasibility",
        _ => "Warnings",
    };
    let (mut table, mut links, mut last) = (String::new(), String::new(), "");
    links += "\n# Errors and warnings\n\n- [All codes](errors.md)\n";
    for page in PAGES {
        if family(page.code) != last {
            last = family(page.code);
            table += &format!("\n## {last}\n\n| code | what |\n| --- | --- |\n");
        }
        table += &format!("| [{0}](errors/{0}.md) | {1} |\n", page.code, page.title());
        links += &format!("  - [{0}: {1}](errors/{0}.md)\n", page.code, page.title());
    }
    same_after_mark("docs/errors.md", "<!-- codes -->\n", &table);
    same_after_mark("docs/SUMMARY.md", "<!-- codes -->\n", &links);
}

/// Links between the documents lead to files, and to headings in them.
#[test]
fn links_lead_somewhere() {
    let documents = documents();
    for (path, page) in &documents {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            // What `scripts/playground.sh` builds is there only then.
            if link == "playground/index.html" {
                assert!(root().join("scripts/playground.sh").exists());
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { joined(folder, file) };
            assert!(root().join(&target).exists(), "{path}: there is no {link}");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(root().join(&target)).unwrap();
                let found = text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor);
                assert!(found, "{path}: there is no heading {link}");
            }
        }
    }
}

/// `docs/errors` and `../language.md` make `docs/language.md`.
fn joined(folder: &str, file: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchor that a heading gets.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
