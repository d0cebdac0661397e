//! Row names that a text format can hold: without its own signs, none empty, no two alike.

use std::collections::HashSet;

/// What a format allows in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Free-format MPS: no blank in a name, and none of the signs that begin a comment in front.
    Mps,
    /// CPLEX LP: no operator or bracket, nothing that begins like a number or is a word of the format.
    Lp,
}

/// Longer names are cut: readers allow 255 characters.
const LONGEST: usize = 200;

/// Words with a meaning in LP files, in lower case.
const LP_WORDS: [&str; 19] = [
    "st", "such", "subject", "s.t.", "st.", "bound", "bounds", "free", "inf", "infinity", "nan", "end", "general",
    "gen", "generals", "integer", "binary", "bin", "sos",
];

impl Alphabet {
    fn allows(self, c: char) -> bool {
        match self {
            Alphabet::Mps => c.is_ascii_graphic(),
            Alphabet::Lp => c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '(' | ')' | ',' | '#' | '%'),
        }
    }

    /// The same name in the signs of the format: `odds[c=1]` is `odds(c_1)` in LP.
    fn spell(self, name: &str) -> String {
        let allowed = |c: char| match c {
            c if self.allows(c) => c,
            '[' => '(',
            ']' => ')',
            _ => '_',
        };
        let spelled: String = name.chars().map(allowed).take(LONGEST).collect();
        if self.begins_well(&spelled) { spelled } else { format!("r_{spelled}") }
    }

    fn begins_well(self, name: &str) -> bool {
        let mut letters = name.chars();
        let (first, second) = (letters.next(), letters.next());
        match self {
            Alphabet::Mps => first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_'),
            Alphabet::Lp => {
                // `e1` can be read as an exponent.
                let exponent = matches!(first, Some('e' | 'E')) && second.is_none_or(|c| !c.is_ascii_alphabetic());
                let letter = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
                letter && !exponent && !LP_WORDS.contains(&name.to_ascii_lowercase().as_str())
            }
        }
    }
}

/// The names for a format, in order; `taken` are names that are used already.
pub(super) fn safe(names: &[String], alphabet: Alphabet, taken: &[&str]) -> Vec<String> {
    let mut used: HashSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    // A name that can stay as it is does so, whatever the others turn into.
    let stays = |name: &&String| alphabet.spell(name) == **name;
    let mut kept: HashSet<&str> = names.iter().filter(stays).map(String::as_str).collect();
    names
        .iter()
        .map(|name| {
            let spelled = alphabet.spell(name);
            let mut unique = spelled.clone();
            let mut count = 1;
            let own = kept.remove(name.as_str());
            while used.contains(&unique) || (!own && kept.contains(unique.as_str())) {
                count += 1;
                unique = format!("{spelled}_{count}");
            }
            used.insert(unique.clone());
            unique
        })
        .collect()
}

/// The name on one line, for a comment.
pub(super) fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe_of(names: &[&str], alphabet: Alphabet) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        safe(&names, alphabet, &["obj"])
    }

    #[test]
    fn names_are_kept_where_the_format_allows_them() {
        let names = ["odds[c=1]", "größe 2", "", "*x", "obj", "1a"];
        assert_eq!(safe_of(&names, Alphabet::Mps), ["odds[c=1]", "gr__e_2", "r_", "r_*x", "obj_2", "r_1a"]);
        let names = ["odds[c=1]", "e", "e12", "even", "Free", "a:b", "a<b"];
        assert_eq!(safe_of(&names, Alphabet::Lp), ["odds(c_1)", "r_e", "r_e12", "even", "r_Free", "a_b", "a_b_2"]);
    }

    #[test]
    fn no_two_names_are_alike() {
        assert_eq!(safe_of(&["a b", "a_b", "a_b", "a_b_2"], Alphabet::Mps), ["a_b_3", "a_b", "a_b_4", "a_b_2"]);
        let long = "x".repeat(500);
        let two = safe_of(&[&long, &format!("{long}y")], Alphabet::Lp);
        assert!(two[0] != two[1] && two.iter().all(|name| name.len() <= 255));
    }
}
