//! The unknowns that finite sides bring to the interior-point method: one list for rows, one for samples.
//!
//! Where there are many rows, passes over these lists cost as much as the factorisation. So a step takes four of them: one that goes
//! along the last step and measures where it led ([`Halves::measure`]), one along the predictor ([`Halves::set_steps`]), one for what
//! the corrector asks for ([`Halves::pulls`]), and one along the corrector. What can be computed from the rest is not kept.

/// Sides nearer to each other than this share of the size of a move count as an equality.
pub(super) const THIN: f64 = 1e-9;
/// Of a pair one tends to zero and the other does not: its relative change is less than this share of that of the other.
const DECIDED: f64 = 0.3;

/// One finite side `c ≤ b` (of `−c` for a lower one), with its unknowns and their steps; of an equality `λ` alone counts.
#[derive(Debug, Clone, Copy, Default)]
struct Half {
    b: f64,
    s: f64,
    lambda: f64,
    ds: f64,
    dl: f64,
}

/// By how much a soft side gives way; of a hard one the cap is infinite and nothing else counts.
#[derive(Debug, Clone, Copy)]
struct Give {
    cap: f64,
    e: f64,
    de: f64,
}

impl Give {
    fn is_soft(&self) -> bool {
        self.cap < f64::INFINITY
    }
}

/// What the products of the pairs shall become, and the share of the terms of second order of the last direction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Aim {
    pub(super) target: f64,
    pub(super) second: f64,
}

/// Newton's equations of one side: `dλ = weight · dc + pull`, and what the products of its pairs still have to change by.
struct Equations {
    weight: f64,
    pull: f64,
    rc: f64,
    re: f64,
}

impl Half {
    #[inline]
    fn equations(&self, give: Option<&Give>, c: f64, aim: Aim) -> Equations {
        let rc = aim.target - self.s * self.lambda - aim.second * self.ds * self.dl;
        let apart = c - self.b + self.s;
        match give.filter(|give| give.is_soft()) {
            None => {
                let inverse = 1.0 / self.s;
                let weight = self.lambda * inverse;
                Equations { weight, pull: weight * apart + rc * inverse, rc, re: 0.0 }
            }
            Some(give) => {
                let kappa = give.cap - self.lambda;
                let re = aim.target - give.e * kappa + aim.second * give.de * self.dl;
                let weight = 1.0 / (self.s / self.lambda + give.e / kappa);
                Equations { weight, pull: weight * (apart + rc / self.lambda - give.e - re / kappa), rc, re }
            }
        }
    }
}

/// Which sides of a quantity are finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Equal,
    Upper,
    Lower,
    Both,
}

impl Kind {
    /// The sign of each side: an upper one bounds `c`, a lower one `−c`.
    fn signs(self) -> &'static [f64] {
        match self {
            Kind::None => &[],
            Kind::Equal | Kind::Upper => &[1.0],
            Kind::Lower => &[-1.0],
            Kind::Both => &[1.0, -1.0],
        }
    }
}

/// Of one quantity where it is: `D`, its multiplier, and what a predictor would add to that where the quantity stays.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) weight: f64,
    pub(super) multiplier: f64,
    pub(super) pull: f64,
}

/// What a list measures where it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    /// Of the products of all pairs.
    pub(super) sum: f64,
    pub(super) count: usize,
    /// By how much quantities miss what slacks say, at most.
    pub(super) missed: f64,
    /// Pairs of which the last step does not tell which of the two stays.
    pub(super) undecided: usize,
    pub(super) largest: f64,
}

/// How far a direction may be followed, and the sum of the products on the way: `sum + length · slope + length² · bend`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub(super) length: f64,
    pub(super) slope: f64,
    pub(super) bend: f64,
}

impl Ahead {
    pub(super) fn to(length: f64) -> Ahead {
        Ahead { length, slope: 0.0, bend: 0.0 }
    }

    /// With a pair whose product is to stay positive.
    #[inline]
    fn keep(&mut self, (a, da): (f64, f64), (b, db): (f64, f64)) {
        for (v, d) in [(a, da), (b, db)] {
            if d < 0.0 && v < -d * self.length {
                self.length = -v / d;
            }
        }
        self.slope += a * db + b * da;
        self.bend += da * db;
    }

    pub(super) fn and(self, other: Ahead) -> Ahead {
        Ahead { length: self.length.min(other.length), slope: self.slope + other.slope, bend: self.bend + other.bend }
    }
}

/// The sides of a list of quantities.
#[derive(Debug, Default)]
pub(super) struct Halves {
    kinds: Vec<Kind>,
    /// Those of one quantity after those of another, upper before lower.
    halves: Vec<Half>,
    /// Empty where all sides are hard, else one for each.
    gives: Vec<Give>,
    /// `δ` of equalities.
    delta: f64,
}

impl Halves {
    pub(super) fn new(count: usize, delta: f64) -> Halves {
        Halves { kinds: Vec::with_capacity(count), delta, ..Halves::default() }
    }

    /// Adds a quantity that is `c` now, with slacks of at least `least` and products of about `product`.
    pub(super) fn push(&mut self, (lower, upper): (f64, f64), c: f64, cap: f64, least: f64, product: f64) {
        let kind = match (lower.is_finite(), upper.is_finite()) {
            (true, true) if upper - lower <= THIN * least && cap == f64::INFINITY => Kind::Equal,
            (true, true) => Kind::Both,
            (true, false) => Kind::Lower,
            (false, true) => Kind::Upper,
            (false, false) => Kind::None,
        };
        self.kinds.push(kind);
        if kind == Kind::Equal {
            self.add(Half { b: 0.5 * (lower + upper), ..Half::default() }, cap, 0.0);
            return;
        }
        for sign in kind.signs() {
            let b = if *sign > 0.0 { upper } else { -lower };
            let s = (b - sign * c).max(least);
            let lambda = (product / s).min(0.5 * cap);
            let e = if cap < f64::INFINITY { product / (cap - lambda) } else { 0.0 };
            self.add(Half { b, s, lambda, ..Half::default() }, cap, e);
        }
    }

    fn add(&mut self, half: Half, cap: f64, e: f64) {
        if cap < f64::INFINITY && self.gives.is_empty() {
            self.gives.resize(self.halves.len(), Give { cap: f64::INFINITY, e: 0.0, de: 0.0 });
        }
        if cap < f64::INFINITY || !self.gives.is_empty() {
            self.gives.push(Give { cap, e, de: 0.0 });
        }
        self.halves.push(half);
    }

    /// Adds a quantity without sides.
    pub(super) fn push_none(&mut self) {
        self.kinds.push(Kind::None);
    }

    /// Goes `length` along the last step, and tells `see` each quantity; `value` says what it is there.
    pub(super) fn measure(
        &mut self,
        length: f64,
        mut value: impl FnMut(usize) -> f64,
        mut see: impl FnMut(usize, Seen),
    ) -> Measured {
        let (mut all, mut at) = (Measured::default(), 0);
        for (place, kind) in self.kinds.iter().enumerate() {
            let (c, mut seen) = (value(place), Seen::default());
            for sign in kind.signs() {
                let (half, mut give) = (&mut self.halves[at], self.gives.get_mut(at));
                at += 1;
                let (of_lambda, of_slack) = ((half.dl * half.s).abs(), (half.ds * half.lambda).abs());
                all.undecided += usize::from(of_lambda.min(of_slack) > DECIDED * of_lambda.max(of_slack));
                half.lambda += length * half.dl;
                if *kind == Kind::Equal {
                    let error = c - half.b;
                    all.missed = all.missed.max(error.abs());
                    seen = Seen { weight: 1.0 / self.delta, multiplier: half.lambda, pull: error / self.delta };
                    continue;
                }
                half.s += length * half.ds;
                let mut e = 0.0;
                if let Some(give) = give.as_deref_mut().filter(|give| give.is_soft()) {
                    give.e += length * give.de;
                    e = give.e;
                    all.sum += e * (give.cap - half.lambda);
                    all.count += 1;
                }
                all.sum += half.s * half.lambda;
                all.count += 1;
                all.missed = all.missed.max((sign * c - half.b + half.s - e).abs());
                let equations = half.equations(give.as_deref(), sign * c, Aim::default());
                seen.weight += equations.weight;
                seen.multiplier += sign * half.lambda;
                seen.pull += sign * equations.pull;
            }
            all.largest = all.largest.max(seen.multiplier.abs());
            see(place, seen);
        }
        all
    }

    /// Sets the steps that belong to changes `dc` of the quantities `c`.
    pub(super) fn set_steps(&mut self, aim: Aim, c: &[f64], dc: &[f64], longest: f64) -> Ahead {
        let (mut ahead, mut at) = (Ahead::to(longest), 0);
        for ((kind, &c), &dc) in self.kinds.iter().zip(c).zip(dc) {
            for sign in kind.signs() {
                let (half, give) = (&mut self.halves[at], self.gives.get_mut(at));
                at += 1;
                if *kind == Kind::Equal {
                    half.dl = (c - half.b + dc) / self.delta;
                    continue;
                }
                let equations = half.equations(give.as_deref(), sign * c, aim);
                half.dl = equations.weight * (sign * dc) + equations.pull;
                half.ds = (equations.rc - half.s * half.dl) / half.lambda;
                ahead.keep((half.s, half.ds), (half.lambda, half.dl));
                if let Some(give) = give.filter(|give| give.is_soft()) {
                    let kappa = give.cap - half.lambda;
                    give.de = (equations.re + give.e * half.dl) / kappa;
                    ahead.keep((give.e, give.de), (kappa, -half.dl));
                }
            }
        }
        ahead
    }

    /// Tells `see` what the multiplier of each quantity becomes more by where it stays.
    pub(super) fn pulls(&self, aim: Aim, c: &[f64], mut see: impl FnMut(usize, f64)) {
        let mut at = 0;
        for (place, (kind, &c)) in self.kinds.iter().zip(c).enumerate() {
            let mut pull = 0.0;
            for sign in kind.signs() {
                let (half, give) = (&self.halves[at], self.gives.get(at));
                at += 1;
                pull += match kind {
                    Kind::Equal => (c - half.b) / self.delta,
                    Kind::None | Kind::Upper | Kind::Lower | Kind::Both => {
                        sign * half.equations(give, sign * c, aim).pull
                    }
                };
            }
            see(place, pull);
        }
    }

    /// The multipliers as they are.
    pub(super) fn multipliers(&self) -> impl Iterator<Item = f64> + '_ {
        self.each(|sign, half, _| sign * half.lambda)
    }

    /// The multipliers settled: zero where the last step says that the slack stays, and the cap where it says that a soft side gives
    /// way. Of a pair whose product tends to zero, the number that stays changes by less of itself than the other (El-Bakry, Tapia
    /// and Zhang 1994), whatever the units, long before it is the larger one.
    pub(super) fn settled(&self) -> impl Iterator<Item = f64> + '_ {
        let stays = |(a, da): (f64, f64), (b, db): (f64, f64)| (da * b).abs() < (db * a).abs();
        self.each(move |sign, half, give| match give {
            _ if stays((half.s, half.ds), (half.lambda, half.dl)) => 0.0,
            Some(give) if stays((give.e, give.de), (give.cap - half.lambda, half.dl)) => sign * give.cap,
            Some(_) | None => sign * half.lambda,
        })
    }

    /// Sums over the sides of each quantity; the slacks of equalities are zero and never stay.
    fn each<'a>(&'a self, term: impl Fn(f64, &Half, Option<&Give>) -> f64 + 'a) -> impl Iterator<Item = f64> + 'a {
        let mut at = 0;
        self.kinds.iter().map(move |kind| {
            let own = kind.signs().iter().map(|sign| {
                let (half, give) = (&self.halves[at], self.gives.get(at).filter(|give| give.is_soft()));
                at += 1;
                term(*sign, half, give)
            });
            own.sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list with all kinds of sides, and quantities between and beyond them.
    fn halves() -> (Halves, Vec<f64>) {
        let inf = f64::INFINITY;
        let sides =
            [(-1.0, 2.0, inf), (0.5, inf, inf), (-inf, 0.25, inf), (0.1, 0.1, inf), (-inf, 0.0, 0.7), (-2.0, 1.0, 0.4)];
        let c = vec![0.5, 0.75, 0.5, 0.125, 0.3, -0.6];
        let mut halves = Halves::new(sides.len() + 1, 1e-3);
        sides.iter().zip(&c).for_each(|(&(lower, upper, cap), &c)| halves.push((lower, upper), c, cap, 0.3, 0.02));
        (halves, c)
    }

    /// What the equations of all sides miss where the quantities are `c`: slacks, products, and equalities.
    fn missed(halves: &Halves, c: &[f64], target: f64) -> Vec<f64> {
        let (mut at, mut all) = (0, Vec::new());
        for (kind, &c) in halves.kinds.iter().zip(c) {
            for sign in kind.signs() {
                let half = &halves.halves[at];
                let give = halves.gives.get(at).filter(|give| give.is_soft());
                at += 1;
                let e = give.map_or(0.0, |give| give.e);
                all.push(sign * c + half.s - e - half.b);
                if *kind != Kind::Equal {
                    all.push(half.s * half.lambda - target);
                    all.push(give.map_or(0.0, |give| e * (give.cap - half.lambda) - target));
                }
            }
        }
        all
    }

    #[test]
    fn steps_are_those_of_newtons_method() {
        let (mut halves, c) = halves();
        let dc = [0.1, -0.2, -0.3, -0.025, 0.2, 0.4];
        let target = 0.01;
        halves.set_steps(Aim { target, second: 0.0 }, &c, &dc, 1.0);
        let before = missed(&halves, &c, target);
        // A short way along the step, each equation misses by that much less, but for terms of second order.
        let length = 1e-6;
        let there: Vec<f64> = c.iter().zip(dc).map(|(c, d)| c + length * d).collect();
        halves.measure(length, |place| there[place], |_, _| {});
        for (before, after) in before.iter().zip(missed(&halves, &there, target)) {
            assert!((after - (1.0 - length) * before).abs() < 1e-10, "{before} became {after}");
        }
    }

    #[test]
    fn what_is_ahead_is_what_is_there() {
        let (mut halves, c) = halves();
        let dc = [0.1, -0.2, -0.3, -0.025, 0.2, 0.4];
        let before = halves.measure(0.0, |place| c[place], |_, _| {});
        let ahead = halves.set_steps(Aim::default(), &c, &dc, 10.0);
        assert!(ahead.length > 0.1 && ahead.length < 10.0, "{}", ahead.length);
        let length = 0.5 * ahead.length;
        let after = halves.measure(length, |place| c[place] + length * dc[place], |_, _| {});
        let foretold = before.sum + length * (ahead.slope + length * ahead.bend);
        assert!((after.sum - foretold).abs() < 1e-12 * before.sum, "{} for {foretold}", after.sum);
        // The rest of the way one number reaches zero.
        halves.measure(length, |place| c[place] + ahead.length * dc[place], |_, _| {});
        let pairs = halves.halves.iter().flat_map(|half| [half.s, half.lambda]).filter(|number| *number != 0.0);
        let gives = halves.gives.iter().zip(&halves.halves).filter(|(give, _)| give.is_soft());
        let least = pairs.chain(gives.flat_map(|(give, half)| [give.e, give.cap - half.lambda])).fold(1.0, f64::min);
        assert!(least.abs() < 1e-12, "{least}");
    }

    #[test]
    fn of_a_pair_the_number_that_stays_counts() {
        let mut halves = Halves::new(2, 1e-3);
        halves.push((f64::NEG_INFINITY, 0.0), 0.0, f64::INFINITY, 1.0, 1.0);
        halves.push((f64::NEG_INFINITY, 0.0), 0.0, f64::INFINITY, 1.0, 1.0);
        // The multiplier of the first is small but stays, that of the second large but falls.
        halves.halves[0] = Half { b: 0.0, s: 1e-3, lambda: 1e-5, ds: -9e-4, dl: 1e-8 };
        halves.halves[1] = Half { b: 0.0, s: 1e-5, lambda: 1e-3, ds: 1e-8, dl: -9e-4 };
        assert_eq!(halves.settled().collect::<Vec<_>>(), [1e-5, 0.0]);
        assert_eq!(halves.multipliers().collect::<Vec<_>>(), [1e-5, 1e-3]);
        assert_eq!(halves.measure(0.0, |_| 0.0, |_, _| {}).undecided, 0);
        halves.halves[1].ds = 5e-6;
        assert_eq!(halves.measure(0.0, |_| 0.0, |_, _| {}).undecided, 1);
    }
}
