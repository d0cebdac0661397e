//! How a stage lists its mistakes: each variant with its message, and beside it code, label and help.

/// An enum of the kinds of mistakes of a stage, with its [`Explained`](super::Explained):
///
/// ```text
/// kinds! {
///     pub enum Kind {
///         #[error("there is no `{name}`")]
///         Unknown { name: String } => "E0201",
///             label: "not declared",
///             help: format!("declare `{name}`");
///     }
/// }
/// ```
///
/// Label and help may use the fields, by reference. A help may be an `Option`.
macro_rules! kinds {
    ($(#[$outer:meta])* $vis:vis enum $Kind:ident {
        $( $(#[$meta:meta])* $Variant:ident $({ $($field:ident : $type:ty),* $(,)? })? => $code:literal,
            label: $label:expr,
            help: $help:expr; )*
    }) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, thiserror::Error)]
        $vis enum $Kind {
            $( $(#[$meta])* $Variant $({ $($field: $type),* })?, )*
        }

        impl $crate::diagnostic::Explained for $Kind {
            fn code(&self) -> $crate::diagnostic::Code {
                $crate::diagnostic::Code(match self { $( $Kind::$Variant { .. } => $code, )* })
            }

            #[allow(unused_variables)] // Few labels use the fields.
            fn label(&self) -> String {
                match self { $( $Kind::$Variant $({ $($field),* })? => $label.to_string(), )* }
            }

            #[allow(unused_variables)]
            fn help(&self) -> Option<String> {
                match self { $( $Kind::$Variant $({ $($field),* })? => $crate::diagnostic::kinds::Help::text($help), )* }
            }
        }
    };
}

pub(crate) use kinds;

/// What a help can be given as.
pub(crate) trait Help {
    fn text(self) -> Option<String>;
}

impl Help for &str {
    fn text(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Help for String {
    fn text(self) -> Option<String> {
        Some(self)
    }
}

impl Help for Option<String> {
    fn text(self) -> Option<String> {
        self
    }
}
