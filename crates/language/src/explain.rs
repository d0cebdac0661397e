//! The error pages: one for each code, shown by `fairc explain` and in the book.
//!
//! A page's first line is `# CODE: title`, and its examples run as tests (`tests/language/pages.rs`). The pages are the
//! only list of the codes.

macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        /// Every page, in the order of the codes.
        pub const PAGES: &[Page] = &[
            $(Page { code: $code, text: include_str!(concat!("../errors/", $code, ".md")) }),*
        ];
    };
}

/// What a code means, in Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub code: &'static str,
    pub text: &'static str,
}

pages!(
    "E0101", "E0102", "E0103", "E0104", "E0105", //
    "E0201", "E0202", "E0203", "E0204", "E0205", "E0206", "E0207", "E0208", "E0209", "E0210", "E0212", "E0213", //
    "E0301", "E0302", "E0303", "E0304", "E0305", //
    "E0401", "E0402", "E0403", "E0404", "E0405", "E0406", "E0407", "E0408", "E0409", "E0410", //
    "E0501", "E0502", "E0503", "E0504", "E0505", "E0506", //
    "E0601", "E0602", "E0603", //
    "E0701", "E0702", "E0703", "E0704", "E0705", "E0706", "E0707", "E0708", "E0709", //
    "E0801", //
    "W0101", "W0102", "W0103", "W0104", "W0105", "W0106", //
    "W0111", "W0112", "W0113", "W0114", "W0115", "W0116", "W0121", "W0122",
);

impl Page {
    /// `product of two predictions`.
    pub fn title(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }

    /// The page for a terminal: the fences of examples without the words that tell the tests what to expect.
    pub fn plain(&self) -> String {
        let line = |line: &str| match line.strip_prefix("```") {
            Some(info) => format!("```{}\n", info.split_whitespace().next().unwrap_or_default()),
            None => format!("{line}\n"),
        };
        self.text.lines().map(line).collect()
    }
}

/// The page of a code as it stands in the book; `E0401`, `e0401` and `fair::E0401` are the same.
pub fn explain(code: &str) -> Option<&'static str> {
    page(code).map(|page| page.text)
}

/// The page of a code.
pub fn page(code: &str) -> Option<&'static Page> {
    let code = code.trim();
    let code = code.strip_prefix("fair::").unwrap_or(code);
    PAGES.iter().find(|page| page.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_titles_follow_them() {
        assert!(PAGES.is_sorted_by_key(|page| page.code));
        for page in PAGES {
            assert!(page.text.starts_with(&format!("# {}: {}", page.code, page.title())), "{}", page.code);
        }
    }

    #[test]
    fn a_code_is_found_in_any_spelling() {
        assert!(explain("E0401").is_some_and(|text| text.contains("quadratic")));
        assert_eq!(explain("e0401"), explain("fair::E0401"));
        assert_eq!(explain("E9999"), None);
        assert_eq!(explain(""), None);
    }

    #[test]
    fn a_terminal_shows_no_instructions_for_tests() {
        let plain = page("E0401").map(Page::plain).unwrap_or_default();
        assert!(plain.contains("```fair\n") && !plain.contains("fails="));
    }
}
