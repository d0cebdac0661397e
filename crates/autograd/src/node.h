// What C++ and Rust say to each other. All of it is for `lib.rs` of this crate alone.

#pragma once

#include <cstddef>

#include <ATen/core/Tensor.h>

extern "C" {

// The image of `v` under the map, or under its transpose: a new tensor that the caller owns. Null if that fails; the reason
// is then in `reason`, put there by `fairc_autograd_set_reason`. Throws nothing. May be called by several threads at once.
typedef at::Tensor* (*fairc_apply)(const void* map, const at::Tensor* v, bool transposed, void* reason);

// Ends the life of a map. Throws nothing.
typedef void (*fairc_release)(void* map);

// Tells why there is no result. Throws nothing.
typedef void (*fairc_fail)(void* reason, const char* text, size_t length);

void fairc_autograd_set_reason(void* reason, const char* text, size_t length) noexcept;

// A flat tensor on the host of `n` numbers, doubles or floats, that are copied: a new tensor that the caller owns. Null if
// that fails, after a call of `fail`.
at::Tensor* fairc_autograd_tensor(const void* numbers, size_t n, bool doubles, fairc_fail fail, void* reason) noexcept;

// The values `y` in the shape of `z`, as the image of `z` under the map: a new tensor that the caller owns. Null if that
// fails, after a call of `fail`. The map belongs to the graph of derivatives from then on, and is released in any case.
at::Tensor* fairc_autograd_attach(
    const at::Tensor* y,
    const at::Tensor* z,
    void* map,
    fairc_apply apply,
    fairc_release release,
    fairc_fail fail,
    void* reason) noexcept;
}
