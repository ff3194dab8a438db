#include "errors.h"

#include <optional>
#include <string>

#include <nanobind/nanobind.h>

#include "pomona/base/exhaustion.h"
#include "pomona/base/usage_error.h"
#include "pomona/base/visible_text.h"
#include "pomona/models/open_extractor.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

PyObject* missing_model = nullptr;
PyObject* usage_error = nullptr;

[[noreturn]] void Throw(PyObject* type, const std::string& message) {
  PyErr_SetString(type, VisibleText(message).c_str());
  throw nb::python_error();
}

[[noreturn]] void ThrowMissingModel(const std::string& name, const std::string& message) {
  const nb::object error = nb::handle(missing_model)(VisibleText(message));
  error.attr("model") = name;
  PyErr_SetObject(missing_model, error.ptr());
  throw nb::python_error();
}

}  // namespace

void Raise(const Status& status) {
  if (status.ok()) return;
  if (const std::optional<std::string> model = MissingModelOf(status)) ThrowMissingModel(*model, status.message());
  if (IsUsageError(status)) Throw(usage_error, status.message());
  switch (status.code()) {
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::CapacityError:
    case arrow::StatusCode::NotImplemented:
      Throw(PyExc_ValueError, status.message());
    case arrow::StatusCode::KeyError:
      Throw(PyExc_KeyError, status.message());
    case arrow::StatusCode::OutOfMemory:
      Throw(PyExc_MemoryError, MessageWithAdvice(status));
    case arrow::StatusCode::Cancelled:
      Throw(PyExc_KeyboardInterrupt, status.message());
    default:
      Throw(PyExc_OSError, MessageWithAdvice(status));
  }
}

void BindErrors(void* module) {
  nb::module_ target = nb::borrow<nb::module_>(static_cast<PyObject*>(module));
  missing_model = PyErr_NewExceptionWithDoc("pomona._engine.MissingModel",
                                            "Weights that are not in the model cache; ``model`` is the model's name.",
                                            PyExc_OSError, nullptr);
  target.attr("MissingModel") = nb::handle(missing_model);
  usage_error = PyErr_NewExceptionWithDoc("pomona._engine.UsageError", "What the command line would exit with 2 for.",
                                          PyExc_ValueError, nullptr);
  target.attr("UsageError") = nb::handle(usage_error);
}

}  // namespace pomona::python
