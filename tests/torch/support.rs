//! Specs and small random data sets.

#[path = "../common/random.rs"]
mod random;

use fairc::bind::{EncodeOptions, Encoded, Params, Samples, encode};
use fairc::data::{Format, Source};
use fairc::language::program::Program;
use fairc::language::span;
use fairc::language::syntax::import::NoImports;
use fairc::torch::FairLayer;
use tch::{Device, Kind, Tensor};

pub use random::Random;

/// Numbers between −1 and 1.
pub fn noise(n: i64, seed: u64) -> Tensor {
    let mut random = Random(seed);
    Tensor::from_slice(&(0..n).map(|_| random.between(-1.0, 1.0)).collect::<Vec<f64>>())
}

pub fn compile(text: &str) -> Program {
    let source = span::Source { name: "test.fair".into(), text: text.into() };
    let compilation = fairc::compile(source, &NoImports);
    compilation.program.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics))
}

pub fn encoded(program: &Program, csv: &str, params: &Params) -> Encoded {
    encoded_with(program, csv, params, &EncodeOptions::default())
}

pub fn encoded_with(program: &Program, csv: &str, params: &Params, options: &EncodeOptions) -> Encoded {
    let source = Source::from_stream("test.csv", csv.as_bytes(), Format::Csv).unwrap();
    encode(program, params, &source, options, &mut |_, _| {}).unwrap()
}

/// People with a sex, a race, an age, a weight and a label.
#[derive(Clone)]
pub struct People {
    pub sex: Vec<&'static str>,
    pub race: Vec<&'static str>,
    pub age: Vec<f64>,
    pub weight: Vec<f64>,
    pub income: Vec<f64>,
    pub z: Vec<f64>,
}

impl People {
    /// `n` people; women score lower, and some count nothing.
    pub fn random(n: usize, seed: u64) -> People {
        let mut random = Random(seed);
        let mut people = People { sex: vec![], race: vec![], age: vec![], weight: vec![], income: vec![], z: vec![] };
        for i in 0..n {
            let female = random.uniform() < 0.4;
            people.sex.push(if female { "f" } else { "m" });
            people.race.push(["a", "b", "c"][random.below(3)]);
            people.age.push(20.0 + 50.0 * random.uniform());
            people.weight.push(if i % 10 == 3 { 0.0 } else { 0.5 + random.uniform() });
            people.income.push(random.uniform());
            people.z.push(1.2 * random.uniform() - if female { 0.25 } else { 0.0 });
        }
        people
    }

    pub fn csv(&self) -> String {
        let mut text = "sex,race,age,w,income\n".to_owned();
        for i in 0..self.z.len() {
            text +=
                &format!("{},{},{},{},{}\n", self.sex[i], self.race[i], self.age[i], self.weight[i], self.income[i]);
        }
        text
    }
}

pub const COLUMNS: &str = "column sex: {f, m}\ncolumn race: {a, b, c}\ncolumn age: real in [0, 100]\n\
                       label income: real in [0, 1]\npredict score: real in [0, 1]\n";

/// Specs of every kind of row, with one param `eps`.
pub fn specs() -> Vec<(&'static str, String)> {
    let spec = |body: &str| format!("{COLUMNS}param eps = 0.02 in [0, 1]\n{body}");
    vec![
        ("parity", spec("use demographic_parity(sex, eps)")),
        ("pairs", spec("use demographic_parity(race, eps)\nuse demographic_parity(sex, eps)")),
        (
            "residual",
            spec(
                "constraint r: forall a in race: |E[income - score | race == a]| <= eps\nconstraint s: forall a in sex: |E[income - score | sex == a]| <= eps",
            ),
        ),
        (
            "covariance",
            spec(
                "constraint c: |Cov[score, age]| <= eps\nconstraint d: E[score | sex == f] >= E[score | sex == m] - eps",
            ),
        ),
        ("weighted", spec("weight w\nconstraint p: |E[score | sex == f] - E[score | sex == m]| <= eps")),
        ("ratio", spec("constraint q: E[score | sex == f] >= (1 - eps) * E[score | sex == m]")),
        (
            "soft",
            spec(
                "constraint p (soft = 0.8): |E[score | sex == f] - E[score | sex == m]| <= eps\nconstraint r: |E[income - score | race == a]| <= eps",
            ),
        ),
        ("equality", spec("constraint b: E[score] == 10 * eps + 20%")),
        ("label factor", spec("constraint i: |E[income * score | sex == f] - E[income * score | sex == m]| <= eps")),
    ]
}

/// What a layer makes of a batch, and of the sum of squares of that.
pub struct Answer {
    pub y: Vec<f64>,
    pub gradient: Vec<f64>,
    pub violation: f64,
}

/// The numbers of a tensor, wherever it is.
pub fn numbers_of(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).reshape([-1])).unwrap()
}

impl Answer {
    pub fn of(layer: &FairLayer<'_>, people: &People, kind: Kind, device: Device) -> Answer {
        let z = Tensor::from_slice(&people.z).to_kind(kind).to_device(device).set_requires_grad(true);
        let fair = layer.forward(&z, &Samples::All).unwrap();
        assert_eq!((fair.y.device(), fair.y.kind()), (device, kind));
        (&fair.y * &fair.y).sum(Kind::Double).backward();
        Answer { y: numbers_of(&fair.y), gradient: numbers_of(&z.grad()), violation: fair.certificate.row_violation }
    }

    /// Checks that the same batch of the spec `name`, solved on sums, is answered alike.
    pub fn agrees(&self, on_sums: &Answer, name: &str, told: &str, tolerance: f64) {
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance);
        assert!(near(&self.y, &on_sums.y), "{name} {told}: values");
        assert!(near(&self.gradient, &on_sums.gradient), "{name} {told}: gradients");
        assert!(name == "equality" || on_sums.violation == 0.0, "{name} {told}: {}", on_sums.violation);
        assert!(on_sums.y.iter().all(|y| (0.0..=1.0).contains(y)), "{name}");
    }
}
