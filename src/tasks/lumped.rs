//! The projection of predictions that lie elsewhere, in a database or a file: lumps of neighbours are known, and more are asked for.

use super::{Context, Refused, Solvable, settle};
use crate::bind::{Bound, Lumps};
use crate::runtime::problem::ProblemError;
use crate::runtime::project::{OnInfeasible, ProjectError, Settings};
use crate::runtime::remote::{Cuts, Remote, RemoteProjection, Sums, project_remote};
use crate::source::Failure;

/// Predictions by lumps; `ask` gives those between other cuts.
struct Lumped<A> {
    lumps: Lumps,
    /// Lumps count as their means, and nothing is asked.
    means: bool,
    /// Between which two of its answers the table must not change: `queries`, `reads`.
    answers: &'static str,
    ask: A,
}

impl<E, A> Remote for Lumped<A>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
    A: FnMut(&Cuts) -> Result<Lumps, E>,
{
    type Error = E;

    fn sums(&mut self, cuts: &Cuts, shift: &[f64], bounds: (f64, f64)) -> Result<Sums, E> {
        if let Some(known) = self.lumps.sums(cuts, shift, bounds, self.means) {
            return Ok(known);
        }
        self.lumps = (self.ask)(cuts)?;
        let sums = self.lumps.sums(cuts, shift, bounds, false);
        sums.ok_or_else(|| {
            let message = format!("the table changed between two {}", self.answers);
            let help = "project a table that nobody changes meanwhile: a copy of it";
            Refused::from(Failure::new(message, help)).into()
        })
    }

    fn not_finite(&mut self) -> E {
        too_large().into()
    }
}

pub(super) fn too_large() -> Refused {
    Failure::new("sums of the predictions are too large", "scale the predictions").into()
}

/// The projection that settles the rows of `bound`, from the first lumps on: of their means, and then of the samples themselves.
///
/// # Errors
/// No predictions satisfy the rows, the table changed, and whatever `ask` fails with.
pub(super) fn project_lumps<E>(
    context: &Context<'_>,
    bound: &Bound,
    lumps: Lumps,
    on_infeasible: OnInfeasible,
    answers: &'static str,
    ask: impl FnMut(&Cuts) -> Result<Lumps, E>,
) -> Result<RemoteProjection, E>
where
    E: From<Refused> + From<ProjectError> + From<ProblemError>,
{
    let mut lumped = Lumped { lumps, means: true, answers, ask };
    let settings = Settings { on_infeasible, ..Settings::default() };
    let guess = project_remote::<f64, _>(&bound.problem, &mut lumped, &settings)?;
    lumped.means = false;
    let settings = Settings { warm_start: Some(guess.multipliers), ..settings };
    let found = project_remote::<f64, _>(&bound.problem, &mut lumped, &settings)?;
    let batch = Solvable { rows: &bound.rows, encoded: None };
    settle(context, &found.status, found.certificate.row_violation, &batch)?;
    Ok(found)
}
