//! The other solvers, on the same matrix.

use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus};
use fairc::runtime::Problem;
use fairc::runtime::problem::Csr;

/// A problem in the form that general solvers take: rows, then the box as rows.
pub struct General {
    n: usize,
    csr: Csr,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl General {
    pub fn new(problem: &Problem) -> Self {
        let (n, mut csr) = (problem.n(), problem.to_csr());
        let (mut lower, mut upper) = (problem.lower().to_vec(), problem.upper().to_vec());
        for i in 0..n {
            csr.indices.push(i as u32);
            csr.values.push(1.0);
            csr.indptr.push(csr.indices.len());
            lower.push(0.0);
            upper.push(1.0);
        }
        General { n, csr, lower, upper }
    }

    pub fn entries(&self) -> usize {
        self.csr.values.len()
    }

    /// Columns of `[A; I]`, or of `[A; I; −A; −I]` if `both`.
    fn columns(&self, both: bool) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
        let rows = self.lower.len();
        let mut indptr = vec![0_usize; self.n + 1];
        self.csr.indices.iter().for_each(|&c| indptr[c as usize + 1] += if both { 2 } else { 1 });
        (0..self.n).for_each(|c| indptr[c + 1] += indptr[c]);
        let mut next = indptr.clone();
        let total = indptr[self.n];
        let (mut indices, mut values) = (vec![0; total], vec![0.0; total]);
        for (offset, sign) in [(0, 1.0), (rows, -1.0)].into_iter().take(if both { 2 } else { 1 }) {
            for row in 0..rows {
                for e in self.csr.indptr[row]..self.csr.indptr[row + 1] {
                    let place = &mut next[self.csr.indices[e] as usize];
                    indices[*place] = row + offset;
                    values[*place] = sign * self.csr.values[e];
                    *place += 1;
                }
            }
        }
        (indptr, indices, values)
    }

    /// Clarabel at its default settings; set-up and solve.
    pub fn clarabel(&self, z: &[f64]) -> Option<Vec<f64>> {
        use clarabel::algebra::CscMatrix;
        let (indptr, indices, values) = self.columns(true);
        let a = CscMatrix::new(2 * self.lower.len(), self.n, indptr, indices, values);
        let p = CscMatrix::new(self.n, self.n, (0..=self.n).collect(), (0..self.n).collect(), vec![1.0; self.n]);
        let q: Vec<f64> = z.iter().map(|z| -z).collect();
        let b: Vec<f64> = self.upper.iter().copied().chain(self.lower.iter().map(|l| -l)).collect();
        let settings = DefaultSettingsBuilder::default().verbose(false).max_threads(1_u32).build().ok()?;
        let mut solver = DefaultSolver::new(&p, &q, &a, &b, &[NonnegativeConeT(b.len())], settings).ok()?;
        solver.solve();
        (solver.solution.status == SolverStatus::Solved).then(|| solver.solution.x.clone())
    }

    /// OSQP with tolerances of 1e-7 and polishing, since its defaults end near 1e-3; set-up and solve.
    pub fn osqp(&self, z: &[f64]) -> Option<Vec<f64>> {
        use osqp::{CscMatrix, Problem, Settings};
        let (indptr, indices, data) = self.columns(false);
        let a = CscMatrix {
            nrows: self.lower.len(),
            ncols: self.n,
            indptr: indptr.into(),
            indices: indices.into(),
            data: data.into(),
        };
        let p = CscMatrix {
            nrows: self.n,
            ncols: self.n,
            indptr: (0..=self.n).collect::<Vec<_>>().into(),
            indices: (0..self.n).collect::<Vec<_>>().into(),
            data: vec![1.0; self.n].into(),
        };
        let q: Vec<f64> = z.iter().map(|z| -z).collect();
        let settings = Settings::default().verbose(false).eps_abs(1e-7).eps_rel(1e-7).polish(true).max_iter(20_000);
        let mut solver = Problem::new(p, &q, a, &self.lower, &self.upper, &settings).ok()?;
        solver.solve().x().map(<[f64]>::to_vec)
    }
}
