//! A linear map of Rust as a node of libtorch's graph: derivatives of every order, and what can go wrong on the way back.

use std::error::Error;
use std::sync::Arc;
use std::thread;

use fairc::torch::numbers;
use fairc_autograd::{LinearMap, attach, tensor_of};
use tch::{Kind, Tensor};

use crate::support::noise;

const N: i64 = 5;

/// A matrix, and what it does when it is asked.
struct Matrix {
    rows: Vec<Vec<f64>>,
    mood: Mood,
    /// For each map that is alive a clone of this is.
    _alive: Arc<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    Refuses,
    Panics,
    TooFew,
}

impl LinearMap for Matrix {
    fn apply(&self, v: &Tensor, transposed: bool) -> Result<Tensor, Box<dyn Error + Send + Sync>> {
        match self.mood {
            Mood::Fine => {}
            Mood::Refuses => return Err(format!("not with {} numbers", v.numel()).into()),
            Mood::Panics => panic!("the map fell over"),
            Mood::TooFew => return Ok(Tensor::from_slice(&[1.0])),
        }
        let (v, n) = (numbers(v)?, self.rows.len());
        let entry = |i: usize, j: usize| if transposed { self.rows[j][i] } else { self.rows[i][j] };
        let image = (0..n).map(|i| (0..n).map(|j| entry(i, j) * v[j]).sum::<f64>());
        Ok(Tensor::from_slice(&image.collect::<Vec<_>>()))
    }
}

fn matrix(alive: &Arc<()>, mood: Mood) -> (Matrix, Tensor) {
    let tensor = noise(N * N, 3);
    let rows = numbers(&tensor).unwrap().chunks(N as usize).map(<[f64]>::to_vec).collect();
    (Matrix { rows, mood, _alive: alive.clone() }, tensor.reshape([N, N]))
}

/// A leaf, its image by the node, and its image by a product that libtorch knows.
fn images(shape: &[i64]) -> (Tensor, Tensor, Tensor) {
    let (map, tensor) = matrix(&Arc::new(()), Mood::Fine);
    let z = noise(N, 1).reshape(shape).set_requires_grad(true);
    let known = tensor.mv(&z.reshape([-1])).reshape(shape);
    let y = attach(&known.detach().reshape([-1]), &z, map).unwrap();
    (z, y, known)
}

fn near(a: &Tensor, b: &Tensor) -> bool {
    a.size() == b.size() && (a - b).abs().max().double_value(&[]) < 1e-12
}

fn gradient(of: &Tensor, by: &Tensor) -> Tensor {
    Tensor::run_backward(&[of], &[by], true, true).remove(0)
}

#[test]
fn derivatives_of_every_order_are_those_of_the_product() {
    let (z, y, known) = images(&[N]);
    assert!(!y.is_leaf() && y.requires_grad() && near(&y, &known));
    let (v, w) = (noise(N, 7), noise(N, 8));
    let curved = |y: &Tensor| (y * y * y * y * noise(N, 9)).sum(Kind::Double);
    let derivatives = |y: &Tensor| {
        let first = gradient(&curved(y), &z);
        let second = gradient(&(&first * &v).sum(Kind::Double), &z);
        let third = gradient(&(&second * &w).sum(Kind::Double), &z);
        [first, second, third]
    };
    for (found, expected) in derivatives(&y).iter().zip(&derivatives(&known)) {
        assert!(expected.abs().max().double_value(&[]) > 1e-3);
        assert!(near(found, expected), "{found} {expected}");
    }
}

#[test]
fn gradients_of_any_layout_and_shape_will_do() {
    for shape in [&[N][..], &[N, 1], &[1, N]] {
        let (z, y, known) = images(shape);
        let losses: [&dyn Fn(&Tensor) -> Tensor; 4] = [
            // One number that stands for all.
            &|y| y.sum(Kind::Double),
            // A column of a matrix: with gaps.
            &|y| {
                (Tensor::stack(&[y, &(y * 2.0)], -1) * noise(2 * N, 5).reshape([&y.size()[..], &[2]].concat()))
                    .sum(Kind::Double)
            },
            // From both ends, and in parts.
            &|y| (y.flip([0, 1].get(..y.dim()).unwrap_or(&[])) * noise(N, 6).reshape(y.size())).sum(Kind::Double),
            &|y| y.reshape([-1]).slice(0, 1, 3, 1).square().sum(Kind::Double),
        ];
        for loss in losses {
            assert!(near(&gradient(&loss(&y), &z), &gradient(&loss(&known), &z)), "{shape:?}");
        }
    }
}

#[test]
fn the_output_may_be_changed_in_place_and_has_no_other_history() {
    let (map, _) = matrix(&Arc::new(()), Mood::Fine);
    let (z, other) = (noise(N, 1).set_requires_grad(true), noise(N, 2).set_requires_grad(true));
    let mut y = attach(&(&other * 2.0), &z, map).unwrap();
    let _ = y.g_mul_scalar_(3.0);
    y.sum(Kind::Double).backward();
    let (_, tensor) = matrix(&Arc::new(()), Mood::Fine);
    assert!(near(&z.grad(), &(tensor.tr().mv(&Tensor::ones([N], (Kind::Double, tch::Device::Cpu))) * 3.0)));
    assert!(!other.grad().defined());
}

#[test]
fn errors_and_panics_come_back_as_errors() {
    for (mood, words) in [
        (Mood::Refuses, "not with 5 numbers"),
        (Mood::Panics, "panicked while going backward: the map fell over"),
        (Mood::TooFew, "shape '[5]' is invalid for input of size 1"),
    ] {
        let alive = Arc::new(());
        let z = noise(N, 1).set_requires_grad(true);
        let y = attach(&noise(N, 2), &z, matrix(&alive, mood).0).unwrap();
        for _ in 0..2 {
            let error = y.sum(Kind::Double).f_backward().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(!z.grad().defined());
        drop(y);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
    let z = noise(N, 1).set_requires_grad(true);
    let alive = Arc::new(());
    let error = attach(&noise(N + 1, 2), &z, matrix(&alive, Mood::Fine).0).unwrap_err().to_string();
    assert!(error.contains("shape '[5]' is invalid for input of size 6"), "{error}");
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn a_graph_goes_backward_as_often_as_it_is_kept() {
    let alive = Arc::new(());
    let z = noise(N, 1).set_requires_grad(true);
    let y = attach(&noise(N, 2), &z, matrix(&alive, Mood::Fine).0).unwrap();
    let loss = y.sum(Kind::Double);
    let backward = |keep: bool| Tensor::f_run_backward(&[&loss], &[&z], keep, false).map(|mut found| found.remove(0));
    let first = backward(true).unwrap();
    assert_eq!(Arc::strong_count(&alive), 2);
    assert!(near(&backward(false).unwrap(), &first));
    assert_eq!(Arc::strong_count(&alive), 1, "the map goes with the pass that does not keep the graph");
    let error = backward(false).unwrap_err().to_string();
    assert!(error.contains("backward through the graph a second time"), "{error}");
}

#[test]
fn without_gradients_there_is_no_node() {
    let alive = Arc::new(());
    let z = noise(N, 1).set_requires_grad(true);
    let without = tch::no_grad(|| attach(&noise(N, 2), &z, matrix(&alive, Mood::Panics).0).unwrap());
    let constant = attach(&noise(N, 2), &noise(N, 1), matrix(&alive, Mood::Panics).0).unwrap();
    assert!(!without.requires_grad() && !constant.requires_grad());
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn threads_go_backward_through_their_own_and_through_one_graph() {
    let (z, y, known) = images(&[N]);
    let expected = gradient(&known.sum(Kind::Double), &z);
    let losses: Vec<Tensor> = (0..4).map(|_| y.sum(Kind::Double)).collect();
    let threads: Vec<_> = losses
        .into_iter()
        .map(|loss| {
            let z = z.shallow_clone();
            thread::spawn(move || {
                for _ in 0..200 {
                    let found = Tensor::run_backward(&[&loss], &[&z], true, false).remove(0);
                    let (own, y, known) = images(&[N]);
                    assert!(near(&gradient(&y.sum(Kind::Double), &own), &gradient(&known.sum(Kind::Double), &own)));
                    drop(found);
                }
                Tensor::run_backward(&[&loss], &[&z], true, false).remove(0)
            })
        })
        .collect();
    for thread in threads {
        assert!(near(&thread.join().unwrap(), &expected));
    }
}

#[test]
fn nothing_is_left_behind() {
    let alive = Arc::new(());
    let z = noise(N, 1).set_requires_grad(true);
    for step in 0..10_000 {
        let mood = [Mood::Fine, Mood::Refuses][usize::from(step % 10 == 9)];
        let y = attach(&noise(N, 2), &z, matrix(&alive, mood).0).unwrap();
        match step % 3 {
            0 => drop(Tensor::f_run_backward(&[y.sum(Kind::Double)], &[&z], false, true)),
            1 => drop(y.sum(Kind::Double).f_backward()),
            _ => {}
        }
    }
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn tensors_hold_their_numbers() {
    let (single, double) = (tensor_of(&[0.5_f32, -1.0, 3.0]).unwrap(), tensor_of(&[1e-300, 2.0]).unwrap());
    assert_eq!((single.size(), single.kind()), (vec![3], Kind::Float));
    assert_eq!((double.size(), double.kind()), (vec![2], Kind::Double));
    assert_eq!((numbers(&single).unwrap(), numbers(&double).unwrap()), (vec![0.5, -1.0, 3.0], vec![1e-300, 2.0]));
    assert_eq!(tensor_of::<f32>(&[]).unwrap().size(), [0]);
}
