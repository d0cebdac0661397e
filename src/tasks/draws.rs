//! Decisions that are drawn by their chances.

use std::collections::HashMap;

use super::refused::undecided as refused;
use super::{Case, Refused};
use crate::bind::Bound;
use crate::report::Miss;
use crate::runtime::decide::{AskedRow, drawn, miss_chances};

/// How chances are drawn.
#[derive(Clone, Copy)]
pub struct Draws<'a> {
    pub seed: u64,
    /// What a sample's draw depends on; by default the number of its row, from 1.
    pub keys: Option<&'a [String]>,
}

impl Draws<'_> {
    /// Decisions from chances.
    pub(super) fn decide(&self, chances: &[f64]) -> Vec<f64> {
        let draw = |(row, chance): (usize, &f64)| match *chance {
            chance if chance <= 0.0 => 0.0,
            chance if chance >= 1.0 => 1.0,
            chance => {
                let number = (row + 1).to_string();
                let key = self.keys.and_then(|keys| keys.get(row)).map_or(number.as_str(), String::as_str);
                f64::from(u8::from(drawn(self.seed, key.as_bytes()) < chance))
            }
        };
        chances.iter().enumerate().map(draw).collect()
    }

    /// The number of each sample's draw: samples with the same key share one.
    fn numbers(&self, samples: usize) -> Vec<u32> {
        let Some(keys) = self.keys else { return (0..samples as u32).collect() };
        let mut known = HashMap::new();
        keys.iter()
            .map(|key| {
                let next = known.len() as u32;
                *known.entry(key.as_str()).or_insert(next)
            })
            .collect()
    }

    /// The chance that a draw misses each hard promised row, and whether these decisions do.
    pub(super) fn misses(
        &self,
        case: &Case<'_>,
        bound: &Bound,
        chances: &[f64],
        decisions: &[f64],
    ) -> Result<Vec<Miss>, Refused> {
        let program = case.context.program;
        let (mut asked, mut names) = (Vec::new(), Vec::new());
        for promised in program.promised_rows() {
            let Some(row) = bound.rows.get(promised.row) else { continue };
            let hard = row.kept().filter(|place| bound.problem.soft().get(*place) == Some(&f64::INFINITY));
            if let (Some(place), Some(origin)) = (hard, program.origin(promised)) {
                let (lower, upper) = row.sides_of(promised.origin);
                asked.push(AskedRow { row: place, lower, upper });
                names.push(origin.name.clone());
            }
        }
        let numbers = self.numbers(chances.len());
        let chance = miss_chances(&bound.problem, chances, &numbers, &asked).map_err(refused)?;
        let now = miss_chances(&bound.problem, decisions, &numbers, &asked).map_err(refused)?;
        let all = names.into_iter().zip(chance).zip(now);
        Ok(all
            .map(|((name, found), now)| Miss {
                name,
                chance: found.chance,
                exact: found.exact,
                missed: now.chance > 0.5,
            })
            .collect())
    }
}
