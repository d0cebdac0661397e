//! HTML from nested calls. Text is escaped when it becomes [`Html`], and nothing else makes [`Html`] of text, so a page
//! cannot hold markup that came from a spec or from data.

use std::fmt::Display;

/// Markup.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Html(String);

impl Html {
    /// What stands inside the markup.
    pub fn into_string(self) -> String {
        self.0
    }

    /// A style sheet, which is a constant of the program.
    pub fn style(css: &'static str) -> Html {
        Html(format!("<style>{css}</style>"))
    }

    /// A style sheet that prints a title over each page, and its number under it.
    pub fn running_head(title: &str) -> Html {
        // Letters and digits as they are; whatever could end the string, or the element, as an escape.
        let text: String = title
            .chars()
            .filter(|c| !c.is_control())
            .map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{:06x}", u32::from(c)) })
            .collect();
        let font = "font: 9pt system-ui, sans-serif; color: #333;";
        Html(format!(
            "<style>@page {{ @top-left {{ content: \"{text}\"; {font} }} \
             @bottom-right {{ content: counter(page) \" / \" counter(pages); {font} }} }}</style>"
        ))
    }
}

/// `el!("th", "scope" = "col"; "Group", number)`: an element with attributes and children. Void elements have none.
macro_rules! el {
    ($name:literal $(, $attribute:literal = $value:expr)* $(,)? $(; $($child:expr),* $(,)?)?) => {
        $crate::report::html::build::element(
            $name,
            &[$(($attribute, &$value as &dyn std::fmt::Display)),*],
            vec![$($($crate::report::html::build::Html::from($child)),*)?],
        )
    };
}
pub(super) use el;

/// Elements that have no end tag.
const VOID: [&str; 1] = ["meta"];

pub(super) fn element(name: &'static str, attributes: &[(&'static str, &dyn Display)], children: Vec<Html>) -> Html {
    let mut out = format!("<{name}");
    for (attribute, value) in attributes {
        out.push_str(&format!(" {attribute}=\"{}\"", escaped(&value.to_string())));
    }
    out.push('>');
    if !VOID.contains(&name) {
        children.iter().for_each(|child| out.push_str(&child.0));
        out.push_str(&format!("</{name}>"));
    }
    Html(out)
}

/// One after the other.
pub(super) fn each<T>(items: impl IntoIterator<Item = T>, of: impl FnMut(T) -> Html) -> Html {
    Html(items.into_iter().map(of).map(Html::into_string).collect())
}

/// Characters with a meaning in HTML, and those that no HTML may hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

impl From<&str> for Html {
    fn from(text: &str) -> Html {
        Html(escaped(text))
    }
}

impl From<&String> for Html {
    fn from(text: &String) -> Html {
        Html(escaped(text))
    }
}

impl From<String> for Html {
    fn from(text: String) -> Html {
        Html(escaped(&text))
    }
}

impl From<usize> for Html {
    fn from(number: usize) -> Html {
        Html(number.to_string())
    }
}

impl From<Vec<Html>> for Html {
    fn from(several: Vec<Html>) -> Html {
        each(several, |one| one)
    }
}

impl<T: Into<Html>> From<Option<T>> for Html {
    fn from(perhaps: Option<T>) -> Html {
        perhaps.map_or_else(Html::default, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped() {
        let html = el!("p", "title" = "a \"b\" 'c'"; "<script>\u{7}", el!("meta", "charset" = "utf-8"), None::<Html>);
        let expected = "<p title=\"a &quot;b&quot; &#39;c&#39;\">&lt;script&gt;\u{fffd}<meta charset=\"utf-8\"></p>";
        assert_eq!(html.into_string(), expected);
    }
}
