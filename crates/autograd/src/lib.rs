//! A linear map of Rust as one node of libtorch's graph of derivatives.
//!
//! ```text
//! z ─▶ y = values that Rust has computed        backward: ∂/∂z = mapᵀ ∂/∂y, computed by Rust
//! ```
//!
//! [`attach`] gives values a derivative without a tensor operation for it: libtorch calls [`LinearMap::apply`] when it goes
//! backward. Since the map is linear, the derivative of its transpose is the map itself, so graphs of derivatives of any order
//! (`create_graph`) are made of the same node.
//!
//! All unsafe code of fairc is in this file, and all C++ in `node.cpp`.

#![warn(clippy::undocumented_unsafe_blocks)]

use std::any::Any;
use std::error::Error;
use std::ffi::{c_char, c_void};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tch::kind::Element;
use tch::{TchError, Tensor};
use torch_sys::C_tensor;

/// A linear map between tensors of one shape and kind.
///
/// Nodes live as long as the graph that they are part of, and libtorch goes backward from any thread.
pub trait LinearMap: Send + Sync + 'static {
    /// The image of `v`, or where `transposed` its image under the transpose: as many numbers as `v` has, of its kind and on
    /// its device. `v` may have gaps, or be one number that stands for many. Nothing that is done with tensors here enters
    /// the graph.
    ///
    /// # Errors
    /// Whoever goes backward gets them as [`TchError::Torch`] with this text.
    fn apply(&self, v: &Tensor, transposed: bool) -> Result<Tensor, Box<dyn Error + Send + Sync>>;
}

/// The kinds of numbers that have derivatives here.
pub trait Real: Element + sealed::Sealed {}

impl Real for f32 {}
impl Real for f64 {}

mod sealed {
    pub trait Sealed {
        const DOUBLE: bool;
    }

    impl Sealed for f32 {
        const DOUBLE: bool = false;
    }

    impl Sealed for f64 {
        const DOUBLE: bool = true;
    }
}

/// A flat tensor of numbers on the host: as [`Tensor::from_slice`], but not filled with zeros first.
///
/// # Errors
/// If there is not enough memory.
pub fn tensor_of<T: Real>(values: &[T]) -> Result<Tensor, TchError> {
    owned(|reason| {
        // SAFETY: so many numbers are read from `values`, which are doubles if `DOUBLE` says so and floats if not.
        unsafe { fairc_autograd_tensor(values.as_ptr().cast(), values.len(), T::DOUBLE, fail, reason) }
    })
}

/// The values `y` in the shape of `z`, with the derivative of `map` with respect to `z`.
///
/// The storage is that of `y`; its history, if it has one, is left behind. If `z` requires no gradient, or gradients are
/// switched off, the values have none. The map is dropped with the graph, or after the first backward pass that does not keep
/// it.
///
/// # Errors
/// If `y` has not as many numbers as `z`, or `z` carries forward-mode derivatives.
pub fn attach<M: LinearMap>(y: &Tensor, z: &Tensor, map: M) -> Result<Tensor, TchError> {
    let map = Box::into_raw(Box::new(map));
    owned(|reason| {
        // SAFETY: `y` and `z` are alive during the call and are only read. `map` is a box that C++ gives back to
        // `release::<M>` once, and to `apply::<M>` only before that.
        unsafe { fairc_autograd_attach(y.as_ptr(), z.as_ptr(), map.cast(), apply::<M>, release::<M>, fail, reason) }
    })
}

/// The tensor that C++ makes and hands over; if it makes none, the reason that it gives to [`fail`].
fn owned(make: impl FnOnce(*mut c_void) -> *mut C_tensor) -> Result<Tensor, TchError> {
    let mut reason = String::new();
    let found = make((&raw mut reason).cast());
    if found.is_null() {
        return Err(TchError::Torch(reason));
    }
    // SAFETY: both functions of C++ that are called here give a new tensor or null.
    Ok(unsafe { Tensor::from_ptr(found) })
}

type Apply = unsafe extern "C" fn(*const c_void, *const C_tensor, bool, *mut c_void) -> *mut C_tensor;
type Release = unsafe extern "C" fn(*mut c_void);
type Fail = unsafe extern "C" fn(*mut c_void, *const c_char, usize);

// As in `node.h`.
unsafe extern "C" {
    fn fairc_autograd_tensor(
        numbers: *const c_void,
        n: usize,
        doubles: bool,
        fail: Fail,
        reason: *mut c_void,
    ) -> *mut C_tensor;

    fn fairc_autograd_attach(
        y: *const C_tensor,
        z: *const C_tensor,
        map: *mut c_void,
        apply: Apply,
        release: Release,
        fail: Fail,
        reason: *mut c_void,
    ) -> *mut C_tensor;

    fn fairc_autograd_set_reason(reason: *mut c_void, text: *const c_char, length: usize);
}

/// Calls the map; no panic leaves this function, since C++ cannot be unwound through.
unsafe extern "C" fn apply<M: LinearMap>(
    map: *const c_void,
    v: *const C_tensor,
    transposed: bool,
    reason: *mut c_void,
) -> *mut C_tensor {
    let found = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: C++ passes the map that `attach` gave it, which it keeps alive during the call; maps are `Sync`.
        let map = unsafe { &*map.cast::<M>() };
        // SAFETY: C++ keeps `v` alive during the call; the clone holds on to the tensor itself.
        let v = unsafe { Tensor::clone_from_ptr(v.cast_mut()) };
        map.apply(&v, transposed).map_err(|error| error.to_string())
    }));
    match found.unwrap_or_else(|panic| Err(panic_text(&*panic))) {
        // The tensor is C++'s from here on.
        Ok(image) => ManuallyDrop::new(image).as_mut_ptr(),
        Err(text) => {
            // SAFETY: `reason` is what C++ gave for this, and it copies the text.
            unsafe { fairc_autograd_set_reason(reason, text.as_ptr().cast(), text.len()) };
            std::ptr::null_mut()
        }
    }
}

/// Drops the map. A panic of its `drop` has been reported when it gets here, and has nobody to go to.
unsafe extern "C" fn release<M: LinearMap>(map: *mut c_void) {
    // SAFETY: C++ calls this once for a map, with the box that `attach` gave it.
    let map = unsafe { Box::from_raw(map.cast::<M>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(map)));
}

/// Takes the text of an error of C++.
unsafe extern "C" fn fail(reason: *mut c_void, text: *const c_char, length: usize) {
    // SAFETY: C++ passes on the `String` of `owned`, which waits for this call, and so many bytes.
    let (reason, text) = unsafe { (&mut *reason.cast::<String>(), std::slice::from_raw_parts(text.cast(), length)) };
    *reason = String::from_utf8_lossy(text).into_owned();
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked while going backward: {}", said.unwrap_or("no reason was given"))
}
