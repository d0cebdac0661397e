pub mod span;
pub mod syntax;
