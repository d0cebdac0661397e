//! NumPy arrays and Arrow tables as what the library reads.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    RecordBatch, RecordBatchOptions, RecordBatchReader, StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_data::ArrayData;
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{Field, Schema};
use fairc::data::Batch;
use numpy::ndarray::{Array1, Axis, Ix1};
use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An array of shape `(n,)` or `(n, 1)`: one number for each sample.
pub type Vector<'py, T> = PyReadonlyArrayDyn<'py, T>;

/// Predictions in one of the two types that the runtime knows.
pub enum Numbers<'py> {
    Single(Vector<'py, f32>),
    Double(Vector<'py, f64>),
}

impl<'py> Numbers<'py> {
    /// A vector of floats.
    pub fn new(value: &Bound<'py, PyAny>) -> PyResult<Numbers<'py>> {
        if let Some(array) = vector(value) {
            return Ok(Numbers::Single(array));
        }
        vector(value).map(Numbers::Double).ok_or_else(|| {
            PyTypeError::new_err(format!(
                "predictions are {}, expected a vector of float32 or float64",
                describe(value)
            ))
        })
    }
}

impl Numbers<'_> {
    /// The same numbers in double precision.
    pub fn wide(&self) -> Vec<f64> {
        match self {
            Numbers::Single(values) => contiguous(values).iter().map(|&value| f64::from(value)).collect(),
            Numbers::Double(values) => contiguous(values).into_owned(),
        }
    }
}

/// A vector of numbers of this type, if it is one.
pub fn vector<'py, T: Element>(value: &Bound<'py, PyAny>) -> Option<Vector<'py, T>> {
    let array = value.extract::<Vector<'py, T>>().ok()?;
    matches!(array.shape(), [_] | [_, 1]).then_some(array)
}

/// The numbers of a vector where they are, or a copy if it has gaps.
pub fn contiguous<'a, T: Element + Copy>(array: &'a Vector<'_, T>) -> Cow<'a, [T]> {
    if let Ok(values) = array.as_slice() {
        return Cow::Borrowed(values);
    }
    // Along one axis it is a loop with a stride.
    let mut view = array.as_array();
    if view.ndim() == 2 {
        view = view.index_axis_move(Axis(1), 0);
    }
    let line = view.into_dimensionality::<Ix1>();
    Cow::Owned(line.map_or_else(|_| array.as_array().iter().copied().collect(), |line| line.to_vec()))
}

/// An array of these numbers, `(n,)` or `(n, 1)` as `like` is.
pub fn shaped<'py, T: Element>(py: Python<'py>, values: Vec<T>, like: &Vector<'_, T>) -> Bound<'py, PyAny> {
    match like.ndim() {
        1 => PyArray1::from_vec(py, values).into_any(),
        _ => Array1::from_vec(values).insert_axis(Axis(1)).into_pyarray(py).into_any(),
    }
}

/// `int64 of shape (3, 1)`, or the type of what is no array.
fn describe(value: &Bound<'_, PyAny>) -> String {
    match value.cast::<PyUntypedArray>() {
        Ok(array) => format!("{} of shape {:?}", array.dtype(), array.shape()),
        Err(_) => value.get_type().name().map_or_else(|_| "no array".to_owned(), |name| name.to_string()),
    }
}

macro_rules! numeric {
    ($value:expr, $($native:ty => $array:ty),+) => {
        $(if let Some(found) = vector::<$native>($value) {
            return Ok(Arc::new(<$array>::from(contiguous(&found).into_owned())));
        })+
    };
}

macro_rules! floating {
    ($value:expr, $($native:ty => $array:ty),+) => {
        $(if let Some(found) = vector::<$native>($value) {
            let values = contiguous(&found).into_owned();
            return Ok(Arc::new(match values.iter().fold(false, |any, value| any | value.is_nan()) {
                false => <$array>::from(values),
                true => values.iter().map(|&value| (!value.is_nan()).then_some(value)).collect(),
            }));
        })+
    };
}

/// A column: a NumPy vector, an Arrow array, or a list of texts. NaN in a float is a null, as NumPy has no other.
pub fn column(name: &str, value: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    if value.cast::<PyUntypedArray>().is_ok() {
        floating!(value, f32 => Float32Array, f64 => Float64Array);
        numeric!(value, i64 => Int64Array, i32 => Int32Array, i16 => Int16Array, i8 => Int8Array,
            u8 => UInt8Array, u16 => UInt16Array, u32 => UInt32Array, u64 => UInt64Array);
        if let Some(found) = vector::<bool>(value) {
            return Ok(Arc::new(found.as_array().iter().map(|&value| Some(value)).collect::<BooleanArray>()));
        }
    } else if value.hasattr("__arrow_c_array__")? {
        let data = ArrayData::from_pyarrow_bound(value)?;
        return Ok(arrow_array::make_array(data));
    }
    let texts: Vec<Option<String>> = value.extract().map_err(|_| {
        PyTypeError::new_err(format!("column `{name}` is {}, expected a vector of numbers or texts", describe(value)))
    })?;
    Ok(Arc::new(StringArray::from(texts)))
}

/// The columns `headers` of a table of vectors by name.
pub fn columns(table: &str, vectors: &Bound<'_, PyDict>, rows: usize, headers: &[String]) -> PyResult<Batch> {
    let array = |header: &String| match vectors.get_item(header)? {
        Some(value) => column(header, &value),
        None => Err(PyValueError::new_err(format!("column `{header}` was not handed over"))),
    };
    batch(table, rows, headers, headers.iter().map(array).collect::<PyResult<_>>()?)
}

/// Columns of one length as a batch, in the order of `headers`.
pub fn batch(table: &str, rows: usize, headers: &[String], arrays: Vec<ArrayRef>) -> PyResult<Batch> {
    let wrong = headers.iter().zip(&arrays).find(|(_, array)| array.len() != rows);
    if let Some((name, array)) = wrong {
        return Err(PyValueError::new_err(format!("column `{name}` has {} values, expected {rows}", array.len())));
    }
    let field = |(name, array): (&String, &ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let schema = Schema::new(headers.iter().zip(&arrays).map(field).collect::<Vec<_>>());
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let columns = RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(Batch::in_memory(columns, 0, table))
}

/// A stream of Arrow batches, from any library that exports one.
pub struct Stream(RecordBatchStreamReader);

impl Stream {
    pub fn new(value: &Bound<'_, PyAny>) -> PyResult<Stream> {
        RecordBatchStreamReader::from_pyarrow_bound(value).map(Stream)
    }

    /// The names of its columns.
    pub fn headers(&self) -> Vec<String> {
        self.0.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Calls `see` with each batch of the columns `headers`, in this order.
    pub fn each<E>(
        self,
        table: &str,
        headers: &[String],
        mut see: impl FnMut(&Batch) -> Result<(), E>,
    ) -> Result<(), Broken<E>> {
        let names = self.headers();
        let place = |header: &String| names.iter().position(|name| name == header);
        let order: Option<Vec<usize>> = headers.iter().map(place).collect();
        let order = order.ok_or_else(|| Broken::Stream("the stream has other columns than the table".to_owned()))?;
        let mut first = 0;
        for columns in self.0 {
            let columns = columns.and_then(|columns| columns.project(&order));
            let columns = columns.map_err(|error| Broken::Stream(error.to_string()))?;
            let rows = columns.num_rows();
            see(&Batch::in_memory(columns, first, table)).map_err(Broken::Refused)?;
            first += rows;
        }
        Ok(())
    }
}

/// Why a stream of Arrow batches could not be read to its end.
pub enum Broken<E> {
    Stream(String),
    /// By who saw the batches.
    Refused(E),
}
