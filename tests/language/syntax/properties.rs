//! Properties of well-formed texts.

use fairc::language::span::SourceId;
use fairc::language::syntax::{parse, tree};
use proptest::prelude::*;

use super::check_any;
use super::samples::Choices;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn declarations_give_the_tree_of_the_precedence_table(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let made = Choices::new(&bytes).declaration();
        let parsed = parse(SourceId(0), &made.text);
        prop_assert_eq!(&parsed.errors, &[], "{}", made.text);
        prop_assert_eq!(tree(&parsed.file), format!("{}\n", made.tree), "{}", made.text);
    }

    #[test]
    fn layout_and_comments_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut choices = Choices::new(&bytes);
        let (mut text, mut expected) = (String::new(), String::new());
        while expected.is_empty() || !choices.is_empty() {
            let made = choices.declaration();
            text += &format!("{}\n", choices.spread(&made.text));
            expected += &format!("{}\n", made.tree);
        }
        let without_docs: String = tree(&parse(SourceId(0), &text).file)
            .lines()
            .filter(|line| !line.starts_with("##"))
            .map(|line| format!("{line}\n"))
            .collect();
        prop_assert_eq!(without_docs, expected, "{}", text);
        check_any(&text);
    }

    #[test]
    fn any_characters_give_errors_or_a_tree(text in "\\PC{0,200}") {
        check_any(&text);
    }
}
