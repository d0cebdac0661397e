//! The commands of the README, the tutorial and the pages of the command line give the output that they show.
//!
//! Those in `console` blocks are run here, with the files that the page names with `file=`. The blocks of the tutorial that
//! say `console torch` need a `fairc` that can train: `tests/torch/tutorial.rs` runs them.

use super::example::{examples, root};

#[path = "../common/transcripts.rs"]
mod machinery;

use machinery::{Kind, by_line, check};

/// The pages, and how many commands each shows at least.
const PAGES: [(&str, usize); 9] = [
    ("README.md", 2),
    ("docs/analysis.md", 4),
    ("docs/audit.md", 1),
    ("docs/impact.md", 3),
    ("docs/cli.md", 1),
    ("docs/decisions.md", 1),
    ("docs/faq.md", 3),
    ("docs/price.md", 2),
    ("docs/tutorial.md", 8),
];

#[test]
fn commands_print_what_the_pages_show() {
    for (path, least) in PAGES {
        let page = std::fs::read_to_string(root().join(path)).unwrap();
        let files: Vec<(String, String)> =
            examples(path, &page).into_iter().map(|example| (example.name, example.text)).collect();
        let same = |page: &str, shown: &str| by_line(page, shown, |old, new| steady(old) == steady(new));
        check(path, least, &Kind { fence: "```console", files: &files, same });
    }
}

/// The line without the digits of rounding errors, which may differ from one processor to another.
fn steady(line: &str) -> String {
    let is_rounding = |word: &str| word.parse::<f64>().is_ok_and(|number| number != 0.0 && number.abs() < 1e-10);
    let word = |word: &str| if is_rounding(word) { "(rounding)".to_string() } else { word.to_string() };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
