//! How columns, params, the prediction and numbers stand in a text: for people, or in the canonical form.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::number::snap;
use super::super::{PairColumn, Program, RAW};
use super::{level_of, name, number, quoted_name};

/// How columns and the prediction are called.
pub struct Names<'a> {
    /// `None` in canonical text.
    by_header: Option<Arc<BTreeMap<&'a str, &'a str>>>,
    pub(super) prediction: &'a str,
    /// Numbers to the last bit.
    exact: bool,
}

impl<'a> Names<'a> {
    /// The names of the spec.
    pub fn of(program: &'a Program) -> Names<'a> {
        let by_header = program.columns.iter().map(|column| (column.header.as_str(), column.name.as_str())).collect();
        Names { by_header: Some(Arc::new(by_header)), prediction: &program.prediction.name, exact: false }
    }

    /// Headers, and `prediction`.
    pub fn canonical() -> Names<'static> {
        Names { by_header: None, prediction: "prediction", exact: true }
    }

    /// Whether these are the names of the spec, and not those of the canonical form.
    pub(super) fn for_people(&self) -> bool {
        self.by_header.is_some()
    }

    /// The same with numbers to the last bit: at the end of an event that bit decides who is in it.
    pub(super) fn exactly(&self) -> Names<'a> {
        Names { by_header: self.by_header.clone(), prediction: self.prediction, exact: true }
    }

    /// For people, `1.15 + 0.2` stands as 1.35 although doubles add it up to 1.3499999999999999.
    pub(super) fn number(&self, value: f64) -> String {
        number(if self.exact { value } else { snap(value) })
    }

    /// For people, an entry of a table stands as the language writes it: `tol[white]`.
    pub(super) fn param(&self, param: &str) -> String {
        let entry = self.by_header.as_ref().and_then(|_| param.strip_suffix(']')?.split_once('['));
        match entry {
            Some((table, level)) => format!("{}[{}]", name(table), level_of(level)),
            None => name(param),
        }
    }

    pub(super) fn column(&self, header: &str) -> String {
        if header == RAW {
            return format!("raw({})", name(self.prediction));
        }
        match (&self.by_header, PairColumn::of(header)) {
            (Some(names), Some(_)) => names.get(header).copied().unwrap_or(header).to_owned(),
            (Some(names), None) => name(names.get(header).copied().unwrap_or(header)),
            (None, Some(_)) => header.to_owned(),
            (None, None) => quoted_name(header),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn people_read_the_decimal_that_a_double_stands_for() {
        let mut names = Names::canonical();
        assert_eq!(names.number(1.15 + 0.2), "1.3499999999999999");
        names.exact = false;
        assert_eq!(names.number(1.15 + 0.2), "1.35");
        assert_eq!(names.number(1.0 / 3.0), "0.3333333333333333");
        assert_eq!(names.exactly().number(0.1 + 0.2), "0.30000000000000004");
    }
}
