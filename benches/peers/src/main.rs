//! Times the runtime against other solvers and a copy of the same bytes, on one thread unless told otherwise.
//!
//! ```text
//! fairc-peers table [FAMILY] [N]   all families and sizes, as a Markdown table
//! fairc-peers scale N              parity of two groups at N samples, f32 and f64: time and peak memory
//! fairc-peers pairs                19,900 pairwise rows over 200 groups at n = 100,000
//! fairc-peers neighbours N         individual fairness on lists of six neighbours
//! fairc-peers repeat FAMILY N RUNS fairc alone, again and again: for profilers, and for the least time of many runs
//! ```

#[path = "../../../tests/runtime/neighbours.rs"]
mod neighbours;
#[cfg(feature = "peers")]
mod peers;
mod problems;

use std::time::Instant;

use fairc::runtime::{Gradient, Problem, Projection, Projector, Settings, Side};
use problems::{Family, batch, bind};

const SIZES: [usize; 6] = [256, 1_024, 4_096, 16_384, 65_536, 1_048_576];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("scale") => scale(number(1).unwrap_or(10_000_000)),
        Some("pairs") => pairs(),
        Some("repeat") => {
            repeat(arguments.get(1).map_or("", String::as_str), number(2).unwrap_or(256), number(3).unwrap_or(1000))
        }
        Some("neighbours") => neighbour_rows(number(1).unwrap_or(10_000)),
        _ => table(arguments.get(1).map_or("", String::as_str), number(2)),
    }
}

/// Least times of many runs of the first family whose name contains `name`.
fn repeat(name: &str, n: usize, runs: usize) {
    let Some(family) = Family::TABLE.into_iter().find(|f| f.name().contains(name)) else { return };
    let batch = batch(family, n, 7);
    let problem = bind(&batch);
    let narrow: Vec<f32> = batch.z.iter().map(|z| *z as f32).collect();
    let only = std::env::var("FAIRC_ONLY").unwrap_or_default();
    println!("{}, n = {n}", family.name());
    if only != "f32" {
        least("f64", &problem, &batch.z, &batch.v, runs);
    }
    if only != "f64" {
        least("f32", &problem, &narrow, &vec![1.0_f32; n], runs);
    }
}

fn least<T: fairc::runtime::Sample>(what: &str, problem: &Problem, z: &[T], v: &[T], runs: usize) {
    let settings = Settings::default();
    let (mut solver, mut out, mut gradient) = (Projector::new(), Projection::default(), Gradient::default());
    let (mut forward, mut vjp) = (f64::INFINITY, f64::INFINITY);
    let mut long = [false; 2];
    for _ in 0..runs {
        let mut project = || solver.project_into(problem, z, &settings, &mut out).expect("finite input");
        forward = forward.min(seconds(&mut project, long[0]));
        let mut differentiate = || solver.vjp_into(problem, &out, v, &mut gradient).expect("an optimum");
        vjp = vjp.min(seconds(&mut differentiate, long[1]));
        long = [forward > LONG, vjp > LONG];
    }
    println!("{what}: forward {}, vjp {}, {} passes", time(forward), time(vjp), out.passes);
}

/// Runs of more seconds than this are timed by the processor's time.
const LONG: f64 = 0.05;

/// Median seconds of at least `least` runs, for about `limit` seconds.
fn median(least: usize, limit: f64, mut run: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < least || (begin.elapsed().as_secs_f64() < limit && times.len() < 5_000) {
        let long = times.last().is_some_and(|last| *last > LONG);
        times.push(seconds(&mut run, long));
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Seconds of a run: of the clock if it is short, else of this thread's processor, which others on the machine do not
/// stretch. (Asking for the latter takes microseconds, so it stays outside of what the clock measures.)
fn seconds(run: &mut impl FnMut(), long: bool) -> f64 {
    let before = if long { processor() } else { None };
    let start = Instant::now();
    run();
    let clock = start.elapsed().as_secs_f64();
    match (before, if long { processor() } else { None }) {
        (Some(before), Some(after)) if clock > LONG => after - before,
        _ => clock,
    }
}

/// Processor seconds of this thread, where the system tells.
fn processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|ns| ns * 1e-9)
}

fn table(only: &str, size: Option<usize>) {
    for family in Family::TABLE.into_iter().filter(|f| f.name().contains(only)) {
        println!("\n### {}\n", family.name());
        println!(
            "| n | copy | bind | forward | forward f32 | forward + vjp | Clarabel (error) | OSQP (error) | fastest exact \
             peer / forward | forward + vjp / forward | forward / copy | passes | active rows |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        let mut patience = [true; 2];
        for n in SIZES.into_iter().filter(|n| size.is_none_or(|s| s == *n)) {
            line(family, n, &mut patience);
        }
    }
}

fn line(family: Family, n: usize, patience: &mut [bool; 2]) {
    let batch = batch(family, n, 7);
    let problem = bind(&batch);
    let settings = Settings::default();
    let (mut solver, mut out, mut gradient) = (Projector::new(), Projection::default(), Gradient::default());
    let binding = median(5, 0.3, || drop(std::hint::black_box(bind(&batch))));
    let forward = median(5, 0.5, || {
        solver.project_into(&problem, &batch.z, &settings, &mut out).expect("finite input");
    });
    assert!(out.is_optimal(), "{:?}", out.status);
    let both = median(5, 0.5, || {
        solver.project_into(&problem, &batch.z, &settings, &mut out).expect("finite input");
        solver.vjp_into(&problem, &out, &batch.v, &mut gradient).expect("an optimum");
    });
    let narrow: Vec<f32> = batch.z.iter().map(|z| *z as f32).collect();
    let (mut solver32, mut out32) = (Projector::new(), Projection::default());
    let forward32 = median(5, 0.3, || {
        solver32.project_into(&problem, &narrow, &settings, &mut out32).expect("finite input");
    });
    let (copy, from_memory) = copy_times(&batch.z);
    let peers = peer_times(&problem, &batch.z, &out.y, patience);
    let exact = peers.iter().flatten().filter(|p| p.1 <= 1e-6).map(|p| p.0).fold(f64::INFINITY, f64::min);
    let cell = |peer: &Option<(f64, f64)>| peer.map_or("–".to_owned(), |(t, e)| format!("{} ({e:.0e})", time(t)));
    println!(
        "| {n} | {} | {} | {} | {} | {} | {} | {} | {} | {:.2} | {} | {} | {} |",
        from_memory.map_or(time(copy), |slow| format!("{} / {}", time(copy), time(slow))),
        time(binding),
        time(forward),
        time(forward32),
        time(both),
        cell(&peers[0]),
        cell(&peers[1]),
        if exact.is_finite() { format!("{:.0}", exact / forward) } else { "–".to_owned() },
        both / forward,
        from_memory.map_or(format!("{:.0}", forward / copy), |slow| format!(
            "{:.0} / {:.1}",
            forward / copy,
            forward / slow
        )),
        out.passes,
        out.active.iter().filter(|side| **side != Side::Inactive).count(),
    );
}

/// Seconds of a copy of `z`; and, where the arrays of a solve together are larger than a cache, of one that finds nothing
/// in the cache, as the passes of a solve do: of one pair of arrays after the other.
fn copy_times(z: &[f64]) -> (f64, Option<f64>) {
    const CACHE: usize = 1 << 24;
    const MORE_THAN_CACHE: usize = 1 << 28;
    let pairs = if z.len() * 28 > CACHE { MORE_THAN_CACHE / (16 * z.len()) } else { 1 };
    let sources = vec![z.to_vec(); pairs];
    let mut targets = vec![vec![0.0; z.len()]; pairs];
    let mut at = 0;
    let mut copy = |stride: usize| {
        at = (at + stride) % pairs;
        targets[at].copy_from_slice(std::hint::black_box(&sources[at]));
        std::hint::black_box(&mut targets[at]);
    };
    let same = median(20, 0.1, || copy(0));
    (same, (pairs > 1).then(|| median(40, 0.2, || copy(1))))
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.2} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// Time and largest error of each peer; a peer that took more than 20 seconds is not asked for a larger size.
#[cfg(feature = "peers")]
fn peer_times(problem: &Problem, z: &[f64], y: &[f64], patience: &mut [bool; 2]) -> [Option<(f64, f64)>; 2] {
    let general = peers::General::new(problem);
    let error = |x: &[f64]| x.iter().zip(y).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
    let mut out = [None; 2];
    let solvers: [&dyn Fn() -> Option<Vec<f64>>; 2] = [&|| general.clarabel(z), &|| general.osqp(z)];
    for ((out, patience), solve) in out.iter_mut().zip(patience).zip(solvers) {
        if !*patience || general.entries() > 1_500_000 {
            continue;
        }
        let mut first = None;
        let once = seconds(&mut || first = solve(), true);
        *patience = once < 4.0;
        let least = if once > 2.0 { 1 } else { 3 };
        *out = first.map(|x| (if least == 1 { once } else { median(3, 0.5, || drop(solve())) }, error(&x)));
    }
    out
}

#[cfg(not(feature = "peers"))]
fn peer_times(_: &Problem, _: &[f64], _: &[f64], _: &mut [bool; 2]) -> [Option<(f64, f64)>; 2] {
    [None; 2]
}

/// Peak resident memory in bytes, where the system tells.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
}

fn scale(n: usize) {
    let wide = std::env::var("FAIRC_F64").is_ok();
    let batch = problems::large_parity(n);
    println!(
        "n = {n}, {} threads, {}",
        std::env::var("RAYON_NUM_THREADS").unwrap_or("all".into()),
        if wide { "f64" } else { "f32" }
    );
    if wide { large(batch, |z| z) } else { large(batch, |z| z as f32) }
}

fn large<T: fairc::runtime::Sample>(parts: fairc::runtime::ProblemParts, narrow: impl Fn(f64) -> T) {
    let n = parts.cell.len();
    let mut random = problems::Random(5);
    let z: Vec<T> =
        parts.cell.iter().map(|c| narrow(0.5 + 0.1 * f64::from(*c) + (random.uniform() - 0.5) * 1.2)).collect();
    let input = (n * (4 + size_of::<T>())) as f64;
    println!("before: peak {:.2} of the input's {:.2} GB", peak() / input, input / 1e9);
    let start = Instant::now();
    let problem = Problem::new(parts).expect("a well-formed problem");
    println!("bind {}", time(start.elapsed().as_secs_f64()));
    let start = Instant::now();
    let (mut solver, mut out) = (Projector::new(), Projection::default());
    solver.project_into(&problem, &z, &Settings::default(), &mut out).expect("finite input");
    println!(
        "forward {} ({:.2} ns a sample), {} full passes",
        time(start.elapsed().as_secs_f64()),
        start.elapsed().as_secs_f64() * 1e9 / n as f64,
        out.passes
    );
    assert!(out.is_optimal());
    println!("peak {:.2} of the input; certificate {:?}", peak() / input, out.certificate);
}

fn pairs() {
    let batch = batch(Family::Pairwise200, 100_000, 7);
    let problem = bind(&batch);
    let (mut solver, mut out) = (Projector::new(), Projection::default());
    let forward = median(5, 1.0, || {
        solver.project_into(&problem, &batch.z, &Settings::default(), &mut out).expect("finite input");
    });
    let vjp = median(5, 0.5, || drop(out.vjp(&problem, &batch.v)));
    println!(
        "{} rows, {} samples: forward {}, vjp {}, {:?}",
        problem.rows(),
        problem.n(),
        time(forward),
        time(vjp),
        out.certificate
    );
}

fn neighbour_rows(n: usize) {
    let mut random = problems::Random(11);
    let (problem, z) = neighbours::neighbours(n, 6, || random.uniform());
    let start = Instant::now();
    let out = fairc::runtime::project(&problem, &z, &Settings::default()).expect("finite input");
    let cold = start.elapsed().as_secs_f64();
    let warm = Settings { warm_start: Some(out.multipliers.clone()), ..Settings::default() };
    let start = Instant::now();
    let again = fairc::runtime::project(&problem, &z, &warm).expect("finite input");
    println!(
        "{} rows, {n} samples: cold {}, warm {}, {} active, {:?} {:?}",
        problem.rows(),
        time(cold),
        time(start.elapsed().as_secs_f64()),
        out.active.iter().filter(|side| **side != Side::Inactive).count(),
        again.status,
        again.certificate
    );
}
