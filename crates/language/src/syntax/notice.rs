//! What a text holds that does no harm to its reading, and may to its readers.

use super::scan::Scan;
use crate::diagnostic::hidden::has_no_shape;
use crate::diagnostic::{Code, Diagnostic, Fix, Label};
use crate::span::{SourceId, Span};

/// The most notices of one file.
const MOST: usize = 100;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Notice {
    /// Returned for characters that are not seen, or that turn the direction of what is.
    #[error("the text holds the hidden character U+{character:04X}")]
    Hidden { character: u32, span: Span },
    /// Returned for a `##` comment with no declaration behind it.
    #[error("this comment documents no declaration")]
    DanglingDoc { span: Span, mark: Span },
}

impl Notice {
    pub fn diagnostic(&self) -> Diagnostic {
        let (code, help, label, span, fix) = match self {
            Notice::Hidden { span, .. } => (
                "W0121",
                "remove it: with such characters a text can read otherwise than it is",
                "hidden here",
                *span,
                Some(Fix::one(*span, "", false)),
            ),
            Notice::DanglingDoc { span, mark } => (
                "W0122",
                "write it above the declaration that it speaks of, or begin it with a single `#`",
                "nothing follows",
                *span,
                Some(Fix::one(*mark, "#", true)),
            ),
        };
        Diagnostic {
            code: Code(code),
            message: self.to_string(),
            help: Some(help.to_owned()),
            labels: vec![Label { span, text: label.to_owned() }],
            fix,
        }
    }
}

/// What is to be noticed in a text.
pub(super) fn notices(source: SourceId, text: &str, scan: &Scan) -> Vec<Notice> {
    let mut found = Vec::new();
    let outside = |at: usize| {
        // A character outside of names, strings and comments is an error already.
        let token = scan.tokens.partition_point(|token| token.end <= at);
        scan.tokens
            .get(token)
            .is_some_and(|token| token.start <= at && matches!(token.kind, super::TokenKind::Broken(_)))
    };
    let hidden = |(at, c): &(usize, char)| {
        let mark = *at == 0 && *c == '\u{feff}';
        let line_end = *c == '\r' && text.as_bytes().get(at + 1) == Some(&b'\n');
        let control = c.is_control() && !matches!(c, '\n' | '\t') && !line_end;
        !mark && (control || has_no_shape(*c)) && !outside(*at)
    };
    for (at, c) in text.char_indices().filter(hidden).take(MOST) {
        let span = Span::new(source, at, at + c.len_utf8());
        found.push(Notice::Hidden { character: u32::from(c), span });
    }
    let mut dangling = scan.comments_before(scan.tokens.len()).iter().filter(|comment| comment.is_doc(text));
    if let Some(comment) = dangling.next_back() {
        let words = comment.text(text).trim_start_matches('#').trim_start();
        let span = Span::new(source, comment.end - words.len(), comment.end);
        found.push(Notice::DanglingDoc { span, mark: Span::new(source, comment.start, comment.start + 2) });
    }
    found
}
