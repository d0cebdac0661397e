//! What rows about means sum over samples.

/// `φ · Π (a − m_a)^p` of a sample, with the means of an event: a factor, or none for 1, and powers of deviations of other
/// factors, the atoms, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Measure {
    pub factor: Option<usize>,
    pub powers: Vec<(usize, u32)>,
}

/// `φ · Π d_a^p` of a sample, with `d` its deviations from the references of its cell. All of it differs within cells, but
/// for the 1 that is left where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Basis {
    pub factor: Option<usize>,
    pub powers: Vec<(usize, u32)>,
}

impl Basis {
    /// A factor as it stands.
    pub(super) fn plain(factor: Option<usize>) -> Basis {
        Basis { factor, powers: Vec::new() }
    }

    /// The deviations of one atom.
    pub(super) fn deviation(atom: usize) -> Basis {
        Basis { factor: None, powers: vec![(atom, 1)] }
    }

    pub(super) fn is_one(&self) -> bool {
        self.factor.is_none() && self.powers.is_empty()
    }
}
