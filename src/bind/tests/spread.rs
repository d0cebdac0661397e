//! A batch in parts binds to the rows that it has as a whole.

use super::*;
use crate::runtime::project::{Settings, project};
use crate::runtime::remote::{Cuts, Remote, Sums, project_remote};

const CSV: &str = "sex,town,age,income,w\n\
    f,a,30,0.2,1\nm,a,41,0.9,2\nf,b,52,0.4,0\nm,b,23,0.7,1.5\nm,c,64,0.5,1\nf,a,35,0.1,3\nm,c,46,0.8,0.5\nf,b,57,0.6,1\n";
const SPECS: [&str; 4] = [
    "column sex: {f, m}\npredict score: real in [0, 1]\nuse demographic_parity(sex, 0.02)",
    "column sex: {f, m}\nlabel income: real in [0, 1]\npredict score: real in [0, 1]\n\
     constraint right: |E[income - score | sex == f]| <= 0.01\n\
     constraint close: |E[income - score | sex == m]| <= 0.01",
    "column sex: {f, m}\ncolumn town: {a, b, c}\nweight w\npredict score: real in [0, 1]\n\
     use demographic_parity(sex, 0.02)\nconstraint towns: |E[score | town == a] - E[score | town == c]| <= 0.1",
    "column town: {a, b, c}\ncolumn age: real in [0, 100]\npredict score: real in [0, 1]\n\
     constraint old: E[score | age > 50] <= 0.4\nconstraint b (min_count = 3): E[score | town == b] >= 0.6",
];
const Z: [f64; 8] = [0.3, 0.8, 0.35, 0.6, 0.9, 0.2, 0.75, 0.5];

/// The processes of a group, in one: sums are added up over the parts.
struct Group {
    parts: Vec<(BatchShare, Vec<f64>)>,
    cells: usize,
    y: Vec<Vec<f64>>,
    rounds: usize,
}

impl Group {
    fn each(&self) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
        self.parts.iter().flat_map(|(part, z)| {
            let weight = move |i: usize| part.weight.as_ref().map_or(1.0, |weight| weight[i]);
            z.iter().enumerate().map(move |(i, &z)| (part.cell[i] as usize, weight(i), z))
        })
    }
}

impl Remote for Group {
    type Error = Refused;

    fn sums(&mut self, cuts: &Cuts, shift: &[f64], (lo, hi): (f64, f64)) -> Result<Sums, Refused> {
        self.rounds += 1;
        let (places, none) = (vec![0.0; self.cells * (cuts.each + 1)], vec![0.0; self.cells]);
        let mut sums = Sums { weight: places.clone(), sum: places, fair: none.clone(), size: none.clone(), free: none };
        let moved = self.each().map(|(cell, w, z)| {
            let own = &cuts.values[cell * cuts.each..][..cuts.each];
            let place = cell * (cuts.each + 1) + own.iter().filter(|cut| z > **cut).count();
            sums.weight[place] += w;
            sums.sum[place] += w * z;
            let y = (z - if w > 0.0 { shift[cell] } else { 0.0 }).clamp(lo, hi);
            sums.fair[cell] += w * y;
            sums.size[cell] += w * y.abs();
            sums.free[cell] += f64::from(u8::from(lo < y && y < hi));
            y
        });
        let mut y: Vec<f64> = moved.collect();
        self.y = self.parts.iter().map(|(part, _)| y.drain(..part.cell.len()).collect()).collect();
        Ok(sums)
    }

    fn not_finite(&mut self) -> Refused {
        Refused("not finite".into())
    }
}

/// Why there is no projection.
#[derive(Debug)]
struct Refused(String);

impl From<crate::runtime::ProjectError> for Refused {
    fn from(error: crate::runtime::ProjectError) -> Refused {
        Refused(error.to_string())
    }
}

impl From<crate::runtime::ProblemError> for Refused {
    fn from(error: crate::runtime::ProblemError) -> Refused {
        Refused(error.to_string())
    }
}

/// The lines of the table that a process has.
fn lines(range: std::ops::Range<usize>) -> String {
    let mut all = CSV.lines();
    let header = all.next().unwrap();
    std::iter::once(header).chain(all.skip(range.start).take(range.len())).map(|line| format!("{line}\n")).collect()
}

#[test]
fn parts_are_bound_and_projected_as_the_whole() {
    for (spec, cuts) in SPECS.iter().flat_map(|spec| [[0, 3, 8], [0, 0, 8], [0, 7, 8]].map(|cuts| (spec, cuts))) {
        let program = program(spec);
        let params = Params::defaults(&program);
        let whole = bound(&program, CSV);
        let expected = project(&whole.problem, &Z, &Settings::default()).unwrap();

        // Each part is encoded from its own lines, so that its cells have numbers of their own.
        let parts = cuts.windows(2).map(|cut| encoded(&program, &lines(cut[0]..cut[1]))).collect::<Vec<_>>();
        let mut cells = SharedCells::default();
        assert!(parts[1].part(&Samples::All, &cells).unwrap().is_none(), "unknown cells");
        parts.iter().for_each(|part| cells.add(part.cell_keys(&Samples::All).unwrap()));
        let own: Vec<BatchShare> =
            parts.iter().map(|part| part.part(&Samples::All, &cells).unwrap().unwrap()).collect();
        let sums: Vec<f64> = own[0].sums.iter().zip(&own[1].sums).map(|(a, b)| a + b).collect();
        let bound = parts[0].bind_sums(&params, &cells, &sums).unwrap();
        assert!(parts.iter().all(Encoded::is_by_cell));
        assert_eq!(bound.rows, whole.rows, "{spec}");
        assert_eq!(bound.events, whole.events);

        let z = |range: std::ops::Range<usize>| Z[range].to_vec();
        let parts = own.into_iter().zip([z(cuts[0]..cuts[1]), z(cuts[1]..cuts[2])]).collect();
        let mut group = Group { parts, cells: cells.len(), y: Vec::new(), rounds: 0 };
        let found = project_remote::<f64, _>(&bound.problem, &mut group, &Settings::default()).unwrap();
        assert_eq!(found.status, expected.status);
        assert!(found.certificate.row_violation <= 0.0 && group.rounds < 8, "{} rounds", group.rounds);
        let y: Vec<f64> = group.y.concat();
        for (found, expected) in y.iter().zip(&expected.y).chain(found.multipliers.iter().zip(&expected.multipliers)) {
            assert!((found - expected).abs() <= 1e-13, "{spec}: {found} {expected}");
        }
        let free = |y: &&f64| 0.0 < **y && **y < 1.0;
        assert_eq!(found.free, expected.y.iter().filter(free).count());
    }
}

/// However far outside the bounds the raw predictions are, margins follow the fair ones.
#[test]
fn far_predictions_end_where_the_host_has_them() {
    let program = program(SPECS[0]);
    let mut lines = CSV.lines();
    let header = lines.next().unwrap();
    let csv = [header].into_iter().chain(lines.cycle().take(2000)).map(|line| format!("{line}\n")).collect::<String>();
    let raw = |i: i32| f64::from(i * 7919 % 2003) / 2003.0 - if [0, 2, 5, 7].contains(&(i % 8)) { 0.6 } else { 0.4 };
    let z: Vec<f64> = (0..2000).map(|i| 1e6 * raw(i)).collect();
    let whole = encoded(&program, &csv);
    let mut cells = SharedCells::default();
    cells.add(whole.cell_keys(&Samples::All).unwrap());
    let part = whole.part(&Samples::All, &cells).unwrap().unwrap();
    let bound = whole.bind_sums(&Params::defaults(&program), &cells, &part.sums).unwrap();
    let expected = project(&super::bound(&program, &csv).problem, &z, &Settings::default()).unwrap();
    let mut group = Group { parts: vec![(part, z)], cells: cells.len(), y: Vec::new(), rounds: 0 };
    let found = project_remote::<f64, _>(&bound.problem, &mut group, &Settings::default()).unwrap();
    assert!(found.certificate.row_violation <= 0.0 && group.rounds < 20, "{} rounds", group.rounds);
    let apart = group.y[0].iter().zip(&expected.y).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart <= 1e-9, "{apart}");
}

/// A device that holds the columns of a whole table sums the lines of a batch itself.
#[test]
fn the_columns_of_samples_add_up_to_the_sums_of_their_part() {
    for spec in SPECS {
        let table = encoded(&program(spec), CSV);
        let mut cells = SharedCells::default();
        cells.add(table.cell_keys(&Samples::All).unwrap());
        let whole = table.part(&Samples::All, &cells).unwrap().unwrap();
        let columns = table.part_columns(&Samples::All, &cells).unwrap().unwrap();
        for rows in [vec![0, 1, 2, 3, 4, 5, 6, 7], vec![6, 1, 1], vec![]] {
            let expected = table.part(&Samples::Rows(&rows), &cells).unwrap().unwrap();
            let mut sums = vec![0.0; expected.sums.len()];
            for &row in &rows {
                let place = whole.cell[row as usize] as usize * columns.len();
                sums.iter_mut().skip(place).zip(&columns).for_each(|(sum, column)| *sum += column[row as usize]);
            }
            let close = |(found, expected): (&f64, &f64)| (found - expected).abs() <= 1e-14;
            assert!(sums.iter().zip(&expected.sums).all(close), "{spec}: {sums:?} {:?}", expected.sums);
        }
        assert!(table.part_columns(&Samples::Rows(&[8]), &cells).is_err());
    }
}

#[test]
fn what_has_no_answer_is_said() {
    let program = program(SPECS[3]);
    let whole = encoded(&program, CSV);
    let mut cells = SharedCells::default();
    cells.add(whole.cell_keys(&Samples::All).unwrap());
    let part = whole.part(&Samples::All, &cells).unwrap().unwrap();
    let bind = |bound: Bound, z: Vec<f64>| {
        let mut group = Group { parts: vec![(part.clone(), z)], cells: cells.len(), y: Vec::new(), rounds: 0 };
        project_remote::<f64, _>(&bound.problem, &mut group, &Settings::default())
    };
    let params = Params::defaults(&program);
    let mut bound = whole.bind_sums(&params, &cells, &part.sums).unwrap();
    let mut wild = Z.to_vec();
    wild[5] = f64::NAN;
    assert_eq!(bind(bound.clone(), wild).unwrap_err().0, "not finite");
    // Means above the bounds of the predictions.
    let sides: Vec<f64> = bound.problem.lower().iter().map(|_| 2.0).collect();
    bound.problem.set_sides(&sides, &sides).unwrap();
    let found = bind(bound, Z.to_vec()).unwrap();
    assert!(matches!(found.status, crate::runtime::Status::Infeasible(_)), "{:?}", found.status);
}

#[test]
fn rows_that_need_samples_are_told_apart() {
    let covariance = program(
        "column age: real in [0, 100]\npredict score: real in [0, 1]\nconstraint flat: |Cov[age, score]| <= 0.1",
    );
    assert!(!encoded(&covariance, CSV).is_by_cell());
    let each =
        program("column sex: {f, m}\npredict score: real in [0, 1]\nconstraint low: each where sex == f: score <= 0.9");
    assert!(!encoded(&each, CSV).is_by_cell());
}
