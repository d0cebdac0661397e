//! What a caller may choose.

/// What to do with a batch that no point satisfies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInfeasible {
    /// Report [`super::Status::Infeasible`] and return no point.
    #[default]
    Error,
    /// Return the point of least total row violation that is nearest to `z`.
    Relax,
}

/// Settings of a projection; the defaults are right for almost all uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What to do with infeasible batches.
    pub on_infeasible: OnInfeasible,
    /// Most Newton steps before [`super::Status::IterationLimit`].
    pub max_steps: usize,
    /// Keep inequality rows inside their sides by the rounding error of the result, so that they hold in exact
    /// arithmetic on the returned numbers, as true means too.
    pub exact_rows: bool,
    /// Multipliers to start from, one per row (those of the last batch, say). The result is the same point.
    pub warm_start: Option<Vec<f64>>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { on_infeasible: OnInfeasible::Error, max_steps: 200, exact_rows: true, warm_start: None }
    }
}
