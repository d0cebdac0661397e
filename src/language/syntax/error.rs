//! The mistakes that parsing finds, one variant for each kind.
//!
//! A message says what was found and what was expected; the help says how to put it right. Several variants share a
//! code: `E0101` is any text that the grammar does not allow.

use thiserror::Error;

use crate::language::span::Span;

#[derive(Clone, Debug, PartialEq, Error)]
pub enum SyntaxError {
    /// Returned where a token does not fit and nothing more particular is known about it.
    #[error("expected {expected}, found {found}")]
    Unexpected { found: String, expected: String, span: Span },
    /// Returned when brackets or right-binding operators go deeper than the limit.
    #[error("this is nested more than {limit} levels deep")]
    TooDeep { limit: usize, span: Span },
    /// Returned for a literal that no 64-bit floating point number comes near.
    #[error("the number `{text}` is out of range")]
    NumberOutOfRange { text: String, span: Span },
    /// Returned where `forall .. in` is followed by an expression that lists no values.
    #[error("`{found}` does not belong in a list of values for `forall`")]
    NotADomain { found: String, span: Span },
    /// Returned for an end of `a..b` that is no number.
    #[error("`{found}` cannot be an end of a range")]
    NotARangeEnd { found: String, span: Span },
}

impl SyntaxError {
    pub fn code(&self) -> &'static str {
        match self {
            SyntaxError::TooDeep { .. } => "E0102",
            SyntaxError::NumberOutOfRange { .. } => "E0103",
            SyntaxError::Unexpected { .. } | SyntaxError::NotADomain { .. } | SyntaxError::NotARangeEnd { .. } => {
                "E0101"
            }
        }
    }

    /// The text at fault.
    pub fn span(&self) -> Span {
        match self {
            SyntaxError::Unexpected { span, .. }
            | SyntaxError::TooDeep { span, .. }
            | SyntaxError::NumberOutOfRange { span, .. }
            | SyntaxError::NotADomain { span, .. }
            | SyntaxError::NotARangeEnd { span, .. } => *span,
        }
    }

    pub fn message(&self) -> String {
        self.to_string()
    }
}

/// Returned for a file whose bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the file is not UTF-8 text: byte {offset} belongs to no character")]
pub struct NotUtf8 {
    /// The offset of the first byte at fault, a byte order mark not counted.
    pub offset: usize,
}
