//! What can be folded: declarations and comments of several lines.

use fairc_language::syntax::{PieceKind, declarations, pieces};
use gen_lsp_types::{FoldingRange, FoldingRangeKind, FoldingRangeParams};

use crate::refusal::Answer;
use crate::session::Session;

pub fn ranges(session: &mut Session<'_>, params: FoldingRangeParams) -> Answer<Option<Vec<FoldingRange>>> {
    let Some(document) = session.document(&params.text_document.uri) else { return Ok(None) };
    let (text, lines) = (&document.text, &document.lines);
    let fold = |start: usize, end: usize, kind: Option<FoldingRangeKind>| {
        let line = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        (start < end).then(|| FoldingRange {
            start_line: line(start),
            end_line: line(end),
            kind,
            ..FoldingRange::default()
        })
    };
    let whole = declarations(text).into_iter().map(|range| (lines.line(range.start), lines.line(range.end)));
    let mut folds: Vec<FoldingRange> = whole.filter_map(|(start, end)| fold(start, end, None)).collect();
    let mut block: Option<(usize, usize)> = None;
    let own = |at: usize| {
        text.get(..at).is_some_and(|before| before.rsplit('\n').next().unwrap_or_default().trim().is_empty())
    };
    let remarks = pieces(text).into_iter().filter(|piece| matches!(piece.kind, PieceKind::Comment | PieceKind::Doc));
    for line in remarks.filter(|piece| own(piece.range.start)).map(|piece| lines.line(piece.range.start)) {
        match &mut block {
            Some((_, end)) if *end + 1 == line => *end = line,
            _ => {
                folds.extend(block.and_then(|(start, end)| fold(start, end, Some(FoldingRangeKind::Comment))));
                block = Some((line, line));
            }
        }
    }
    folds.extend(block.and_then(|(start, end)| fold(start, end, Some(FoldingRangeKind::Comment))));
    folds.sort_by_key(|fold| fold.start_line);
    Ok(Some(folds))
}
