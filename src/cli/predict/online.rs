//! A trained network in front of a stream: each batch is scored, answered and written before the next is read.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tch::Device;

use super::Args;
use crate::bind::Params;
use crate::cli::console::Console;
use crate::cli::input::Spec;
use crate::cli::setting::words;
use crate::cli::stop::{Outcome, Stop};
use crate::cli::stream::{Job, Scores, answer, open};
use crate::cli::train::stop;
use crate::data::{Piece, TableStream};
use crate::language::program::Program;
use crate::torch::{Features, Mlp, numbers, raw, single};

/// The parts of a model that a stream needs.
pub struct Scorer<'a> {
    pub features: &'a Features,
    pub model: &'a Mlp,
    /// Of the weights.
    pub hash: String,
}

/// Answers the data of the arguments.
pub fn run(
    args: &Args,
    spec: &Spec,
    program: &Program,
    params: &Params,
    scorer: &Scorer<'_>,
    console: &Console,
) -> Outcome {
    let job = Job {
        spec,
        program,
        params,
        data: &args.data,
        method: args.steering.pooled(),
        steering: &args.steering,
        batch: args.batch.unwrap_or(1),
        output: args.output.as_deref(),
        name: None,
        dialect: args.form.of_copies(),
        settings: words(&args.settings),
        require_all: false,
        html: None,
        shown: &args.shown,
    };
    let headers: Vec<String> = scorer.features.headers().map(str::to_owned).collect();
    let table = open(&args.form, &args.data, program, &headers)?;
    table.require(&headers)?;
    let unseen = RefCell::new(BTreeMap::new());
    let scores = Scores::Model {
        header: &program.prediction.header,
        identity: scorer.hash.clone(),
        score: Box::new(|table, piece| scorer.score(table, piece, &headers, &mut unseen.borrow_mut())),
    };
    let outcome = answer(&job, scores, table, console)?;
    note_unseen(&unseen.borrow(), console);
    Ok(outcome)
}

impl Scorer<'_> {
    fn score(
        &self,
        table: &TableStream,
        piece: &Piece,
        headers: &[String],
        unseen: &mut BTreeMap<String, usize>,
    ) -> Result<Vec<f64>, Stop> {
        let features = self.features.apply_batch(table.name(), &table.batch(piece, headers)?).map_err(stop)?;
        for (column, count) in &features.unseen {
            *unseen.entry(column.clone()).or_default() += count;
        }
        let shape = [features.rows as i64, features.width as i64];
        let x = single(&features.values, &shape, Device::Cpu).map_err(stop)?;
        raw(self.model, &x).and_then(|z| numbers(&z)).map_err(stop)
    }
}

/// Says which values the network does not know.
pub fn note_unseen(unseen: &BTreeMap<String, usize>, console: &Console) {
    for (column, count) in unseen {
        console.note(&format!("column `{column}`: {count} values that training did not have"));
    }
}
