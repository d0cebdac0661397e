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
use fairc::runtime::{Gradient, Projection, Projector, Settings, Side};
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
    println!("forward+: FairLayer::forward, a loss, and backward through both; loss: the same without the layer");
    println!("{:>14}{}", "n", HEADS.map(|head| format!("{head:>14}")).join(""));
    for n in [256, 1024, 4096, 16384] {
        let line = measure(&program, n);
        let numbers: String = line.iter().map(|value| format!("{value:>14.1}")).collect();
        let [.., loss, with_layer, without, with] = line;
        println!("{n:>14}{numbers}{:>14.1}{:>14.2}", with_layer - loss, with / without);
    }
}

const HEADS: [&str; 10] =
    ["project", "vjp", "bind", "forward", "loss", "forward+", "step without", "step with", "layer's own", "step ratio"];

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

/// The same of runs that take turns, so that all see the machine equally busy.
fn fastest_by_turns<const N: usize>(mut run: impl FnMut(usize)) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    let begin = Instant::now();
    let mut runs = 0;
    while runs < 30 * N || (begin.elapsed().as_secs_f64() < 7.0 && runs < 30_000) {
        let start = Instant::now();
        run(runs % N);
        let slot = &mut best[runs % N];
        *slot = slot.min(start.elapsed().as_secs_f64() * 1e6);
        runs += 1;
    }
    best
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

    let layer = FairLayer::new(program, &encoded, params.clone());
    let leaf = Tensor::from_slice(&z).set_requires_grad(true);
    let seed = Tensor::from_slice(&v);
    let forward = fastest(|| drop(black_box(layer.forward(&leaf, &samples).unwrap())));
    // A gradient needs a loss; what that costs alone is in a column of its own.
    let loss = |y: &Tensor| (y * &seed).sum(Kind::Float);
    let gradient_of = |loss: Tensor| drop(black_box(Tensor::run_backward(&[loss], &[&leaf], false, false)));
    let [alone, both] = fastest_by_turns(|way| match way {
        0 => gradient_of(loss(&leaf)),
        _ => gradient_of(loss(&layer.forward(&leaf, &samples).unwrap().y)),
    });

    let store = nn::VarStore::new(Device::Cpu);
    let architecture = "mlp:64,32".parse::<Architecture>().unwrap();
    let model = Mlp::new(store.root(), WIDTH as usize, &architecture, Link::Sigmoid, 1).unwrap();
    let x: Vec<f32> = (0..n as i64 * WIDTH).map(|_| random.uniform() as f32).collect();
    // Women stand out in one column, so that the row is active as it is in training.
    let sex: Vec<f32> = rows.iter().map(|row| if women(row) { 50.0 } else { 0.0 }).collect();
    let x = Tensor::from_slice(&x).reshape([-1, WIDTH]);
    x.select(1, 0).copy_(&Tensor::from_slice(&sex));
    let active = layer.forward(&model.forward(&x), &samples).unwrap().active;
    assert_ne!(active[0], Side::Inactive, "the row is not active");
    let target = Tensor::from_slice(&rows.iter().map(|_| random.below(2) as f32).collect::<Vec<_>>());
    let mut adam = Adam::new(&store);
    let steps = fastest_by_turns(|way| {
        let z = model.forward(&x);
        adam.zero_grad();
        match way {
            0 => Loss::Bce.of(&z, &target).backward(),
            _ => Loss::Bce.of(&layer.forward(&z, &samples).unwrap().y, &target).backward(),
        }
        // A rate of zero, so that the network stays what it is.
        adam.step(0.0).unwrap();
    });
    let [without, with] = steps;
    [project, vjp, bind, forward, alone, both, without, with]
}
