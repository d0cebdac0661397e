//! A solver whose buffers have grown allocates nothing, and what a spec takes grows with it. (A test binary of its own: the
//! counter is the allocator.)

use fairc::runtime::{Bounds, Gradient, Problem, ProblemParts, Projection, Projector, RowsByCell, Sample, Settings};

/// Equal means of four groups, within `eps`; with a factor, weights and bounds of each sample if `rich`.
fn problem(n: usize, rich: bool) -> Problem {
    let cell: Vec<u32> = (0..n as u32).map(|i| i.wrapping_mul(2_654_435_761) >> 30).collect();
    let mut lists = vec![Vec::new(); 4];
    let mut rows = 0;
    for a in 0..4 {
        for b in a + 1..4 {
            lists[a].push((rows, 4.0 / n as f64));
            lists[b].push((rows, -4.0 / n as f64));
            rows += 1;
        }
    }
    let mut parts = ProblemParts {
        cell,
        cells: 4,
        dictionary: vec![RowsByCell::from_cells(lists)],
        lower: vec![-0.01; rows as usize],
        upper: vec![0.01; rows as usize],
        bounds: Bounds::Uniform { lo: 0.0, hi: 1.0 },
        ..ProblemParts::default()
    };
    if rich {
        parts.factors = vec![(0..n).map(|i| ((i * 7) % 13) as f64 / 13.0).collect()];
        parts.dictionary.push(RowsByCell::from_cells(vec![[(0, 0.5 / n as f64)]; 4]));
        parts.weights = Some((0..n).map(|i| 0.5 + ((i * 5) % 11) as f64 / 11.0).collect());
        parts.bounds =
            Bounds::PerSample { lo: vec![0.0; n], hi: (0..n).map(|i| 0.8 + 0.01 * (i % 7) as f64).collect() };
    }
    Problem::new(parts).expect("a well-formed problem")
}

fn check<T: Sample>(n: usize, rich: bool, narrow: impl Fn(f64) -> T) {
    let problem = problem(n, rich);
    let z: Vec<T> = (0..n)
        .map(|i| narrow(((i * 2_654_435_761) % 1_000_003) as f64 / 1e6 + 0.05 * f64::from(problem.cell()[i])))
        .collect();
    let settings = Settings::default();
    let (mut solver, mut out, mut gradient) = (Projector::new(), Projection::default(), Gradient::default());
    let mut both = || {
        solver.project_into(&problem, &z, &settings, &mut out).expect("finite input");
        solver.vjp_into(&problem, &out, &z, &mut gradient).expect("an optimum");
    };
    assert!(allocation_counter::measure(&mut both).count_total > 0, "the first solve must fill its buffers");
    // Buffers of the basis may still grow when a solve takes another path.
    both();
    let warm = allocation_counter::measure(&mut both);
    assert_eq!(warm.count_total, 0, "n = {n}, rich {rich}, {} passes", out.passes);
    assert!(out.multipliers.iter().any(|m| *m != 0.0));
}

#[test]
fn warm_solves_do_not_allocate() {
    // One thread: handing tasks to others allocates.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    pool.install(|| {
        for n in [64, 1000, 40_000, 300_000] {
            for rich in [false, true] {
                check(n, rich, |z| z);
                check(n, rich, |z| z as f32);
            }
        }
    });
}

/// Constraints that all bound one quantity: one row with as many origins.
fn one_row_of_many(constraints: usize) -> fairc::Compilation {
    let mut text = "column a: {x, y}\ncolumn b: {p, q}\npredict s: real in [0, 1]\n".to_owned();
    for i in 0..constraints {
        let limit = 0.01 + i as f64 * 1e-4;
        text += &format!("constraint c{i}: |E[s | a == x and b == p] - E[s | a == y]| <= {limit:.4}\n");
    }
    let source = fairc::language::span::Source { name: "spec.fair".into(), text: text.into() };
    fairc::compile(source, &fairc::language::syntax::import::NoImports)
}

#[test]
fn promises_of_one_row_take_as_much_as_they_are_many() {
    let bytes = |constraints: usize| {
        let compilation = one_row_of_many(constraints);
        let program = compilation.program.expect("a valid spec");
        assert_eq!((program.rows.len(), program.rows[0].origins.len()), (1, constraints));
        let promised = program.promised_rows();
        let count = allocation_counter::measure(|| {
            assert_eq!(program.by_promise().rows.len(), constraints);
            assert!(promised.iter().all(|row| program.promised(*row).is_some_and(|row| row.origins.len() == 1)));
        });
        count.bytes_total
    };
    let (few, many) = (bytes(100), bytes(400));
    assert!(many < 5 * few, "{few} bytes for 100 promises, {many} for 400");
}
