pub mod program;
pub mod span;
pub mod syntax;
