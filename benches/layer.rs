//! What the fairness layer costs beside the runtime that it wraps, and beside the network that it follows.
//!
//!     source tests/torch/libtorch.sh && cargo bench --features torch --bench layer
//!
//! Minimum of many runs, one thread, mean parity over two groups at eps 0.02, f32.

use std::hint::black_box;
use std::time::Instant;

use fairc::bind::{EncodeOptions, Encoded, Params, Samples, encode};
use fairc::data::{Format, Source};
use fairc::language::program::Program;
use fairc::language::span;
use fairc::language::syntax::import::NoImports;
use fairc::runtime::{Gradient, Projection, Projector, Settings};
use fairc::torch::{Adam, Architecture, FairLayer, Link, Loss, Mlp, Optimiser, Random};
use tch::nn::Module;
use tch::{Device, Kind, Tensor, nn};

const SPEC: &str = "column sex: {f, m}\npredict score: real in [0, 1]\nuse demographic_parity(sex, 0.02)";
/// Inputs of the network: Adult's, one-hot.
const WIDTH: i64 = 107;

fn main() {
    // Cargo passes `--bench`; there is nothing to choose.
    tch::set_num_threads(1);
    let source = span::Source { name: "bench.fair".into(), text: SPEC.into() };
    let Some(program) = fairc::compile(source, &NoImports).program else { return };
    println!("microseconds, minimum of many runs; one step is forward, backward and Adam on an MLP 64-32");
    let heads = [
        "n",
        "project",
        "vjp",
        "bind",
        "layer fwd",
        "layer fwd+bwd",
        "loss fwd+bwd",
        "step without",
        "step with",
        "ratio",
    ];
    println!("{}", heads.map(|head| format!("{head:>14}")).join(""));
    for n in [256, 1024, 4096, 16384] {
        let line = measure(&program, n);
        let ratio = line[7] / line[6];
        let numbers: String = line.iter().map(|value| format!("{value:>14.1}")).collect();
        println!("{n:>14}{numbers}{ratio:>14.2}");
    }
}

/// Microseconds of the fastest run.
fn fastest(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    let mut runs = 0;
    while runs < 30 || (begin.elapsed().as_secs_f64() < 1.5 && runs < 20_000) {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64() * 1e6);
        runs += 1;
    }
    best
}

/// The same of two runs that take turns, so that both see the machine equally busy.
fn fastest_by_turns(mut run: impl FnMut(bool)) -> (f64, f64) {
    let mut best = [f64::INFINITY; 2];
    let begin = Instant::now();
    let mut runs = 0;
    while runs < 60 || (begin.elapsed().as_secs_f64() < 5.0 && runs < 20_000) {
        let with = runs % 2 == 1;
        let start = Instant::now();
        run(with);
        let slot = &mut best[usize::from(with)];
        *slot = slot.min(start.elapsed().as_secs_f64() * 1e6);
        runs += 1;
    }
    (best[0], best[1])
}

fn data(program: &Program, n: usize, random: &mut Random) -> Encoded {
    let mut csv = "sex\n".to_owned();
    (0..n).for_each(|_| csv += if random.uniform() < 0.33 { "f\n" } else { "m\n" });
    let source = Source::from_stream("bench.csv", csv.as_bytes(), Format::Csv).unwrap();
    encode(program, &Params::defaults(program), &source, &EncodeOptions::default(), &mut |_, _| {}).unwrap()
}

fn measure(program: &Program, n: usize) -> [f64; 8] {
    let mut random = Random::new(1, "bench", n as u64);
    let encoded = data(program, 4 * n, &mut random);
    let params = Params::defaults(program);
    let rows: Vec<u32> = (0..n).map(|_| random.below(4 * n) as u32).collect();
    let samples = Samples::Rows(&rows);
    let women = |row: &u32| encoded.cell()[*row as usize] == encoded.cell()[rows[0] as usize];
    let z: Vec<f32> =
        (rows.iter()).map(|row| (random.uniform() * 0.7 + if women(row) { 0.1 } else { 0.3 }) as f32).collect();

    let bound = encoded.bind(&params, &samples).unwrap();
    let (mut projector, mut out, mut gradient) = (Projector::new(), Projection::default(), Gradient::default());
    let settings = Settings::default();
    let v = vec![1.0_f32; n];
    let project = fastest(|| projector.project_into(&bound.problem, &z, &settings, &mut out).unwrap());
    let vjp = fastest(|| projector.vjp_into(&bound.problem, &out, &v, &mut gradient).unwrap());
    let bind = fastest(|| drop(black_box(encoded.bind(&params, &samples).unwrap())));

    let mut layer = FairLayer::new(program, &encoded, params.clone());
    let leaf = Tensor::from_slice(&z).set_requires_grad(true);
    let seed = Tensor::from_slice(&v);
    let forward = fastest(|| drop(black_box(layer.forward(&leaf, &samples).unwrap())));
    // A gradient needs a loss; what that costs alone is in the next column.
    let back =
        |y: &Tensor| drop(black_box(Tensor::run_backward(&[(y * &seed).sum(Kind::Float)], &[&leaf], false, false)));
    let both = fastest(|| back(&layer.forward(&leaf, &samples).unwrap().y));
    let alone = fastest(|| back(&leaf));

    let store = nn::VarStore::new(Device::Cpu);
    let architecture = "mlp:64,32".parse::<Architecture>().unwrap();
    let model = Mlp::new(store.root(), WIDTH as usize, &architecture, Link::Sigmoid, 1).unwrap();
    let x: Vec<f32> = (0..n as i64 * WIDTH).map(|_| random.uniform() as f32).collect();
    let x = Tensor::from_slice(&x).reshape([-1, WIDTH]);
    let target = Tensor::from_slice(&rows.iter().map(|_| random.below(2) as f32).collect::<Vec<_>>());
    let mut adam = Adam::new(&store);
    let mut step = |output: &mut dyn FnMut(Tensor) -> Tensor| {
        let loss = Loss::Bce.of(&output(model.forward(&x)), &target);
        adam.zero_grad();
        loss.backward();
        // A rate of zero, so that the network stays what it is.
        adam.step(0.0).unwrap();
    };
    let (without, with) = fastest_by_turns(|with| match with {
        true => step(&mut |z| layer.forward(&z, &samples).unwrap().y),
        false => step(&mut |z| z),
    });
    [project, vjp, bind, forward, both, alone, without, with]
}
