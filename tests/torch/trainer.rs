//! The trainer as a library: any module, any loss, a caller that watches.

use std::cell::RefCell;

use fairc::bind::Params;
use fairc::torch::{
    Adam, Event, Loss, Mode, Optimiser, Options, Plateau, Sampling, Sgd, Split, TrainData, Trainer, numbers, variables,
};
use tch::{Device, Kind, Tensor, nn};

use crate::support::{People, compile, encoded, specs};

fn options(epochs: u64) -> Options {
    Options {
        epochs,
        batch: 50,
        evaluation_batch: 0,
        sampling: Sampling::Stratified,
        seed: 3,
        mode: Mode::Layer,
        own_loss: 0.0,
        relax: false,
    }
}

#[test]
fn any_module_is_trained_and_the_caller_can_end_it() {
    let (_, spec) = specs().remove(0);
    let (program, people) = (compile(&spec), People::random(400, 8));
    let data = encoded(&program, &people.csv(), &Params::defaults(&program));
    let age: Vec<f32> = people.age.iter().map(|age| (*age / 50.0 - 1.0) as f32).collect();
    let target: Vec<f32> = people.age.iter().map(|age| (*age / 100.0) as f32).collect();
    let train = TrainData {
        features: Tensor::from_slice(&age).reshape([-1, 1]),
        target: Tensor::from_slice(&target),
        program: &program,
        encoded: &data,
        params: Params::defaults(&program),
        split: Split::new(data.cell(), 0.2, 0.0, 1),
    };
    // `nn::linear` draws from libtorch's own generator.
    tch::manual_seed(7);
    let store = nn::VarStore::new(Device::Cpu);
    let model = nn::seq()
        .add(nn::linear(store.root() / "one", 1, 4, nn::LinearConfig::default()))
        .add_fn(|x| x.tanh())
        .add(nn::linear(store.root() / "two", 4, 1, nn::LinearConfig::default()))
        .add_fn(|x| x.squeeze_dim(-1));
    let seen = RefCell::new(Vec::new());
    let mut trainer = Trainer {
        model: &model,
        store: &store,
        data: &train,
        loss: Box::new(|y, target| (y - target).abs().mean(Kind::Float)),
        optimiser: Box::new(Adam::new(&store)),
        schedule: Plateau::new(0.02, 0.5, 5, None),
        options: options(30),
        watch: Box::new(|event| match event {
            Event::Epoch(record) => {
                seen.borrow_mut().push(record.valid.loss);
                record.epoch < 9
            }
            Event::Step { .. } | Event::NoGradient { .. } => true,
        }),
        checkpoint: None,
    };
    let progress = trainer.run(None).unwrap();
    drop(trainer);
    let seen = seen.into_inner();
    assert_eq!((seen.len(), progress.history.len(), progress.finished), (10, 10, false));
    assert!(seen[9] < 0.5 * seen[0], "{seen:?}");
    let record = &progress.history[0].train;
    assert_eq!((record.samples, record.steps, record.skipped), (320, 7, 0));
    assert!(progress.history.iter().all(|record| record.train.violation == 0.0 && record.train.outside == 0.0));
    // The variables are those of the best epoch.
    let best = progress.best().unwrap();
    let y = fairc::torch::evaluate(
        &model,
        &train,
        &options(30),
        &train.split.valid,
        &(Box::new(|y: &Tensor, t: &Tensor| (y - t).abs().mean(Kind::Float)) as _),
    );
    assert_eq!(y.unwrap().loss, best.valid.loss);
}

/// libtorch's own optimisers are the oracle.
#[test]
fn optimisers_do_what_those_of_libtorch_do() {
    use tch::nn::OptimizerConfig;
    let build = || {
        let store = nn::VarStore::new(Device::Cpu);
        let path = store.root();
        let a = path.var_copy("a", &Tensor::from_slice(&[1.0_f32, -2.0, 3.0]));
        let b = path.var_copy("b", &Tensor::from_slice(&[0.5_f32, 0.25]).reshape([2, 1]));
        (store, a, b)
    };
    let loss = |a: &Tensor, b: &Tensor, step: i64| {
        ((a * a * a).sum(Kind::Float) * 0.1 + (b - step as f64).square().sum(Kind::Float)) * 0.3
    };
    for which in ["adam", "sgd"] {
        let (store, a, b) = build();
        let mut ours: Box<dyn Optimiser> =
            if which == "adam" { Box::new(Adam::new(&store)) } else { Box::new(Sgd::new(&store, 0.9)) };
        let (other, c, d) = build();
        let mut theirs = if which == "adam" {
            nn::Adam::default().build(&other, 0.05).unwrap()
        } else {
            nn::Sgd { momentum: 0.9, ..nn::Sgd::default() }.build(&other, 0.05).unwrap()
        };
        for step in 0..25 {
            ours.zero_grad();
            loss(&a, &b, step).backward();
            ours.step(0.05).unwrap();
            theirs.backward_step(&loss(&c, &d, step));
        }
        for (x, y) in [(&a, &c), (&b, &d)] {
            for (x, y) in numbers(x).unwrap().iter().zip(numbers(y).unwrap()) {
                assert!((x - y).abs() <= 2e-6 * y.abs().max(1.0), "{which}: {x} {y}");
            }
        }
    }
}

#[test]
fn an_optimiser_goes_on_from_its_state() {
    let store = nn::VarStore::new(Device::Cpu);
    let a = store.root().var_copy("a", &Tensor::from_slice(&[1.0_f32, -2.0]));
    let mut first = Adam::new(&store);
    let step = |optimiser: &mut Adam| {
        optimiser.zero_grad();
        (&a * &a).sum(Kind::Float).backward();
        optimiser.step(0.1).unwrap();
    };
    step(&mut first);
    let (state, values) = (first.state(), variables(&store).unwrap());
    step(&mut first);
    let expected = numbers(&a).unwrap();
    fairc::torch::set_variables(&store, &values).unwrap();
    let mut second = Adam::new(&store);
    second.restore(&state).unwrap();
    step(&mut second);
    assert_eq!(numbers(&a).unwrap(), expected);
    assert!(second.restore(&Default::default()).unwrap_err().to_string().contains("missing"));
}

#[test]
fn losses_are_means() {
    let (y, target) = (Tensor::from_slice(&[0.5_f32, 1.0]), Tensor::from_slice(&[1.0_f32, 1.0]));
    assert!((Loss::Bce.of(&y, &target).double_value(&[]) - 0.5 * 2_f64.ln()).abs() < 1e-6);
    assert_eq!(Loss::Mse.of(&y, &target).double_value(&[]), 0.125);
}
