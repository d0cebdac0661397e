// A linear map that is written in Rust, as a node of libtorch's graph of derivatives.
//
//   z ──map──▶ y        the node of y:  ∂/∂z = mapᵀ ∂/∂y
//                       the node of that, where a graph of it is asked for: the same with map, and so on

#include "node.h"

#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include <ATen/EmptyTensor.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

namespace {

using at::Tensor;
using torch::autograd::variable_list;

// A map of Rust; nodes share it.
struct Map {
  std::shared_ptr<void> object;
  fairc_apply apply;
};

Tensor attached(const Tensor& values, const Tensor& source, const Map& map, bool transposed);

// The map at a vector, or its transpose; with its own derivative if the vector has one and a graph is being made.
Tensor image(const Map& map, const Tensor& v, bool transposed) {
  Tensor values;
  {
    // What the map does with tensors is no business of the graph.
    at::NoGradGuard no_grad;
    std::string reason;
    std::unique_ptr<Tensor> found(map.apply(map.object.get(), &v, transposed, &reason));
    if (!found) {
      throw std::runtime_error(reason);
    }
    values = std::move(*found);
  }
  return attached(values, v, map, !transposed);
}

class LinearMapBackward : public torch::autograd::Node {
 public:
  LinearMapBackward(torch::autograd::edge_list&& next, Map map, bool transposed)
      : Node(std::move(next)), map_(std::move(map)), transposed_(transposed) {}

  std::string name() const override {
    return "FairProjectionBackward";
  }

  variable_list apply(variable_list&& gradients) override {
    const Tensor& gradient = gradients.at(0);
    if (!gradient.defined() || !task_should_compute_output(0)) {
      return {Tensor()};
    }
    Map map;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      map = map_;
    }
    if (!map.object) {
      throw std::runtime_error(torch::autograd::ERR_BACKWARD_TWICE);
    }
    return {image(map, gradient, transposed_)};
  }

  void release_variables() override {
    std::shared_ptr<void> object;
    std::lock_guard<std::mutex> lock(mutex_);
    object.swap(map_.object);
  }

 private:
  Map map_;
  bool transposed_;
};

// The values with a derivative with respect to `source`: the map, or its transpose, applied to their own gradient.
Tensor attached(const Tensor& values, const Tensor& source, const Map& map, bool transposed) {
  if (!values.defined()) {
    return values;
  }
  Tensor shaped = values;
  if (values.sizes() != source.sizes()) {
    at::NoGradGuard no_grad;
    shaped = values.reshape(source.sizes());
  }
  // Without history, and no view of anything.
  Tensor out = shaped.variable_data();
  if (torch::autograd::isFwGradDefined(source)) {
    throw std::runtime_error("the fairness layer has no forward-mode derivative; use backward-mode ones");
  }
  if (torch::autograd::compute_requires_grad(source)) {
    auto next = torch::autograd::collect_next_edges(source);
    torch::autograd::set_history(out, c10::make_intrusive<LinearMapBackward>(std::move(next), map, transposed));
  }
  return out;
}

// What `make` gives, on the heap; null and a reason if it throws.
template <typename Make>
Tensor* made(fairc_fail fail, void* reason, Make make) noexcept {
  try {
    return new Tensor(make());
  } catch (const std::exception& error) {
    fail(reason, error.what(), std::strlen(error.what()));
    return nullptr;
  }
}

} // namespace

void fairc_autograd_set_reason(void* reason, const char* text, size_t length) noexcept {
  static_cast<std::string*>(reason)->assign(text, length);
}

Tensor* fairc_autograd_tensor(const void* numbers, size_t n, bool doubles, fairc_fail fail, void* reason) noexcept {
  return made(fail, reason, [&] {
    // Neither by the dispatcher nor filled with zeros first: for small tensors that is most of the work.
    auto kind = doubles ? at::kDouble : at::kFloat;
    Tensor tensor(at::detail::empty_cpu({static_cast<int64_t>(n)}, kind));
    if (n > 0) {
      std::memcpy(tensor.mutable_data_ptr(), numbers, n * tensor.element_size());
    }
    return tensor;
  });
}

Tensor* fairc_autograd_attach(
    const Tensor* y,
    const Tensor* z,
    void* map,
    fairc_apply apply,
    fairc_release release,
    fairc_fail fail,
    void* reason) noexcept {
  std::unique_ptr<void, fairc_release> owned(map, release);
  return made(fail, reason, [&] {
    Map shared{std::shared_ptr<void>(std::move(owned)), apply};
    return attached(*y, *z, shared, true);
  });
}
