//! `fairc explain`: the page of an error or warning code.

use super::console::{Console, Tone};
use super::stop::{Outcome, Stop, Verdict};
use crate::language::explain::{PAGES, page};
use crate::language::words::nearest;
use crate::report::prose;

/// Explain an error or warning code
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, for example E0401; without it all are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Outcome {
    match &args.code {
        Some(code) => print(code, console)?,
        None => list(console)?,
    }
    Ok(Verdict::Yes)
}

fn list(console: &Console) -> Result<(), Stop> {
    if console.is_json() {
        let codes = PAGES.iter().map(|page| serde_json::json!({ "code": page.code, "title": page.title() }));
        return console.json(&serde_json::json!({ "codes": codes.collect::<Vec<_>>() }));
    }
    let line = |code: &str, title: &str| format!("{}  {title}\n", console.paint(code, Tone::Strong));
    let text: String = PAGES.iter().map(|page| line(page.code, page.title())).collect();
    console.print(&text)
}

fn print(code: &str, console: &Console) -> Result<(), Stop> {
    let Some(page) = page(code) else {
        let plain = code.trim().to_uppercase();
        let plain = plain.strip_prefix("FAIR::").unwrap_or(&plain);
        let help = match nearest(plain, PAGES.iter().map(|page| page.code)) {
            Some(near) => format!("did you mean `{near}`? `fairc explain` lists all codes"),
            None => "`fairc explain` lists all codes".to_owned(),
        };
        return Err(Stop::failed(format!("there is no code `{code}`"), help));
    };
    if console.is_json() {
        return console.json(&serde_json::json!({ "code": page.code, "title": page.title(), "text": page.text }));
    }
    console.print(&prose(&page.plain(), console.out_look().width))
}
