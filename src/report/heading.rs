//! What stands above the comparisons of a promise.

use super::facts::sentence;
use super::table::Paint;
use super::words::first_sentence;
use crate::language::library::find;
use crate::language::program::Origin;

/// The first sentence of the standard metric that is used. The name of its last parameter stands in it.
fn words_of_metric(text: &str) -> Option<String> {
    let metric = find(text.split('(').next()?.trim())?;
    let doc: Vec<&str> = metric.lines().map_while(|line| line.strip_prefix("##")).map(str::trim).collect();
    Some(first_sentence(&doc.join("\n")))
}

/// The constraint as written, under its name and the first sentence of its doc comment.
pub(super) fn heading(origin: &Origin, paint: &dyn Paint) -> String {
    let doc = first_sentence(&origin.doc);
    let doc = match doc.as_str() {
        "" => String::new(),
        words if words_of_metric(&origin.text).as_deref() == Some(words) => format!(": {}", sentence(origin, &[])),
        words => format!(": {words}"),
    };
    let text = origin.text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    format!("  {}{doc}\n    {text}", paint.strong(&origin.constraint))
}

/// Whether the comparison as written leaves open what a row compares: it has binders, or stands in a metric.
pub(super) fn needs_words(origin: &Origin) -> bool {
    origin.name != origin.constraint || !origin.text.contains('[')
}
