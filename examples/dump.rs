use fairc::language::span::Source;
use fairc::language::syntax::import::NoImports;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let t = std::time::Instant::now();
    let c = fairc::compile(Source { name: path, text: text.into() }, &NoImports);
    eprintln!("{:?}", t.elapsed());
    for d in &c.diagnostics {
        let at = c.sources.line_column(d.labels[0].span.source, d.labels[0].span.start);
        println!(
            "{} {}:{} `{}` {} -- {}",
            d.code.0,
            at.line,
            at.column,
            c.sources.text(d.labels[0].span),
            d.message,
            d.help.clone().unwrap_or_default()
        );
        for l in &d.labels[1..] {
            println!("      ~ {}: `{}` {}", c.sources.name(l.span.source), c.sources.text(l.span), l.text);
        }
    }
    if let Some(p) = &c.program {
        println!("{}", p.canonical_text());
        println!("{:?}", p.fingerprint());
    }
}
