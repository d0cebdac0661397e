mod problems;
use std::time::Instant;
use fairc::runtime::*;
use problems::*;
fn median(mut f: impl FnMut(), limit: f64) -> f64 {
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < 5 || (begin.elapsed().as_secs_f64() < limit && times.len() < 2000) {
        let t = Instant::now(); f(); times.push(t.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
fn main() {
    let only = std::env::args().nth(1);
    for family in Family::TABLE.into_iter().chain([Family::Pairwise200]) {
        if only.as_ref().is_some_and(|o| !family.name().contains(o.as_str())) { continue; }
        let size: Option<usize> = std::env::args().nth(2).and_then(|s| s.parse().ok());
        for n in [256, 1024, 4096, 16384, 65536, 1 << 20] {
            if size.is_some_and(|s| s != n) { continue; }
            let batch = batch(family, n, 7);
            let mut out = Projection::default();
            let mut grad = Gradient::default(); let mut solver = Projector::new();
            let settings = Settings::default();
            let problem = bind(&batch);
            let b = median(|| { std::hint::black_box(bind(&batch)); }, 0.2);
            let f = median(|| solver.project_into(&problem, &batch.z, &settings, &mut out).unwrap(), 0.3);
            assert!(out.is_optimal());
            let g = median(|| { solver.vjp_into(&problem, &out, &batch.v, &mut grad).unwrap(); }, 0.2);
            let mut copy = vec![0.0; n];
            let c = median(|| { copy.copy_from_slice(std::hint::black_box(&batch.z)); std::hint::black_box(&mut copy); }, 0.1);
            println!("{:34} {n:8} bind {:9.2} fwd {:9.2} vjp {:9.2} copy {:8.2} µs ratio {:.1} passes {} active {}", family.name(), b*1e6, f*1e6, g*1e6, c*1e6, f/c, out.passes, out.active.iter().filter(|a| **a != Side::Inactive).count());
        }
    }
}
