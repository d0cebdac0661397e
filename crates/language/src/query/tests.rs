//! Names stand for what is nearest.

use super::{DefinitionKind, Index};
use crate::compile::compile;
use crate::span::{Source, SourceId};
use crate::syntax::import::NoImports;

#[test]
fn names_are_those_of_their_place() {
    let text = "column white: real\ncolumn race: {white, black}\npredict score: real in [0, 1]\n\
        metric m(race: group) = forall a in race: E[prediction | race == a] <= 1\nuse m(race)\n\
        constraint c: forall a in race: E[white * score | race == white] <= max(a in race: P[race == a])\n";
    let source = Source { name: "spec.fair".into(), text: text.into() };
    let compilation = compile(source, &NoImports);
    let index = Index::of(&compilation);
    let stands_for = |before: &str, word: &str| {
        let at = text.find(before).expect("it is there") + before.len();
        let reference = index.at(SourceId(0), at).expect("a name");
        assert_eq!(text.get(reference.span.range()), Some(word));
        let definition = index.get(reference.definition).expect("a definition");
        (definition.kind, text.get(..definition.span.range().start).map_or(0, |before| before.matches('\n').count()))
    };
    // The level beside its column, the column elsewhere; the parameter hides the column of its name.
    assert_eq!(stands_for("score | race == ", "white"), (DefinitionKind::Level, 1));
    assert_eq!(stands_for("forall a in race: E[", "prediction"), (DefinitionKind::Prediction, 2));
    assert_eq!(stands_for("<= max(a in race: P[race == ", "a"), (DefinitionKind::Binder, 5));
    assert_eq!(stands_for("E[prediction | ", "race"), (DefinitionKind::Parameter, 3));
    assert_eq!(stands_for("use m(", "race"), (DefinitionKind::Column, 1));
    assert_eq!(stands_for("constraint c: forall a in race: E[", "white"), (DefinitionKind::Column, 0));
}
