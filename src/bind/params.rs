//! The values of the params of one run: the defaults of the spec, and what the caller sets instead.

use crate::language::program::Program;
use crate::language::words::nearest;

use super::error::BindError;

/// One value for each param of a program, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    values: Vec<f64>,
}

impl Params {
    /// The defaults of the spec.
    pub fn defaults(program: &Program) -> Params {
        Params { values: program.params.iter().map(|param| param.value).collect() }
    }

    /// The defaults with some values replaced; of a name that is given twice the last value counts.
    ///
    /// # Errors
    /// Every name that is no param, and every value outside the declared range.
    pub fn resolve(program: &Program, overrides: &[(String, f64)]) -> Result<Params, Vec<BindError>> {
        let mut params = Params::defaults(program);
        let mut errors = Vec::new();
        for (name, value) in overrides {
            if let Err(error) = params.set(program, name, *value) {
                errors.push(error);
            }
        }
        if errors.is_empty() { Ok(params) } else { Err(errors) }
    }

    /// Replaces one value.
    ///
    /// # Errors
    /// The name is no param, or the value is outside its range or not finite.
    pub fn set(&mut self, program: &Program, name: &str, value: f64) -> Result<(), BindError> {
        let found = program.params.iter().zip(&mut self.values).find(|(param, _)| param.name == name);
        let Some((param, slot)) = found else {
            let known: Vec<String> = program.params.iter().map(|param| param.name.clone()).collect();
            let suggestion = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
            return Err(BindError::UnknownParam { name: name.to_owned(), suggestion, known });
        };
        if !(value.is_finite() && param.range.lower <= value && value <= param.range.upper) {
            let (lower, upper) = (param.range.lower, param.range.upper);
            return Err(BindError::ParamOutOfRange { name: name.to_owned(), value, lower, upper });
        }
        *slot = value;
        Ok(())
    }

    /// The values, in the order of [`Program::params`].
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Names and values.
    pub fn iter<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = (&'a str, f64)> {
        program.params.iter().map(|param| param.name.as_str()).zip(self.values.iter().copied())
    }
}
