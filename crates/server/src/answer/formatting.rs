//! The one layout of specs.

use fairc_language::syntax::format;
use gen_lsp_types::{DocumentFormattingParams, Range, TextEdit};

use crate::analysis::ROOT;
use crate::refusal::{Answer, Refusal};
use crate::session::Session;

/// The edit that gives a document its layout. One with syntax errors is left as it is.
pub fn whole(session: &mut Session<'_>, params: DocumentFormattingParams) -> Answer<Option<Vec<TextEdit>>> {
    let Some(document) = session.document(&params.text_document.uri) else { return Ok(None) };
    let formatted =
        format(ROOT, &document.text).map_err(|_| Refusal("a spec with syntax errors has no layout".into()))?;
    if *formatted == *document.text {
        return Ok(Some(Vec::new()));
    }
    Ok(Some(vec![least(&document.text, &formatted, |bytes| {
        document.lines.range(&document.text, bytes, session.encoding)
    })]))
}

/// The edit of the lines between those that both texts begin and end with.
pub fn least(old: &str, new: &str, range: impl Fn(std::ops::Range<usize>) -> Range) -> TextEdit {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    let same = old_lines.iter().zip(&new_lines).take_while(|(a, b)| a == b).count();
    let (old_lines, new_lines) = (old_lines.split_at(same), new_lines.split_at(same));
    let tail = old_lines.1.iter().rev().zip(new_lines.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let new_text = new_lines.1.get(..new_lines.1.len() - tail).unwrap_or_default().concat();
    let start = length(old_lines.0);
    TextEdit {
        range: range(start..start + length(old_lines.1.get(..old_lines.1.len() - tail).unwrap_or_default())),
        new_text,
    }
}
