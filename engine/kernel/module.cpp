// The module _kernel, for Python: checks what comes, so that nothing outside an array is ever read
// or written, lets go of the interpreter while it works, and asks it ten times a second whether
// Ctrl-C was pressed. Only the stable interface of Python 3.11 is used: one build serves every
// later version.

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <cstring>
#include <initializer_list>

#include "run.h"
#include "sets.h"

namespace {

// What kernel.py expects: raised with every change of a function's arguments or meaning.
constexpr int INTERFACE = 1;

// An array of numpy, looked at and let go again.
class Array {
 public:
  ~Array() {
    if (held_) PyBuffer_Release(&view_);
  }
  // False, with an exception set, where it is no array of so many dimensions.
  bool take(PyObject* object, const char* name, int ndim, bool writable = false) {
    const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, &view_, flags) != 0) return false;
    held_ = true;
    if (view_.ndim != ndim) {
      PyErr_Format(PyExc_ValueError, "%s must have %d dimensions; got %d; try the package's own "
                   "functions", name, ndim, view_.ndim);
      return false;
    }
    if (!find_kind()) {
      PyErr_Format(PyExc_ValueError, "%s must hold float32, float64, uint8 or whole numbers; got "
                   "the format '%s'; try .astype", name, view_.format ? view_.format : "B");
      return false;
    }
    return true;
  }
  Kind kind() const { return kind_; }
  bool whole() const { return kind_ != Kind::f32 && kind_ != Kind::f64; }
  ptrdiff_t size(int axis) const { return view_.shape[axis]; }
  char* data() const { return static_cast<char*>(view_.buf); }
  bool contiguous() const { return PyBuffer_IsContiguous(&view_, 'C') != 0; }
  Matrix matrix() const {
    return {kind_, data(), size(0), size(1), view_.strides[0], view_.strides[1]};
  }
  Vector vector() const { return {kind_, data(), size(0), view_.strides[0]}; }

 private:
  bool find_kind() {
    const char* format = view_.format ? view_.format : "B";
    if (*format == '@' || *format == '=') ++format;
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (*format == '<') ++format;
#endif
    if (!*format || format[1]) return false;
    if (*format == 'f') return kind_ = Kind::f32, true;
    if (*format == 'd') return kind_ = Kind::f64, true;
    const bool is_signed = strchr("bhilqn", *format), is_unsigned = strchr("BHILQN", *format);
    if (!is_signed && !is_unsigned) return false;
    switch (view_.itemsize) {
      case 1: kind_ = is_signed ? Kind::i8 : Kind::u8; return true;
      case 2: kind_ = is_signed ? Kind::i16 : Kind::u16; return true;
      case 4: kind_ = is_signed ? Kind::i32 : Kind::u32; return true;
      case 8: kind_ = is_signed ? Kind::i64 : Kind::u64; return true;
    }
    return false;
  }
  Py_buffer view_;
  bool held_ = false;
  Kind kind_ = Kind::u8;
};

PyObject* refuse(const char* message) {
  PyErr_SetString(PyExc_ValueError, message);
  return nullptr;
}

const Set* find_set(const char* name) {
  for (auto set = SETS; *set; ++set)
    if (!strcmp((*set)->name, name) && (*set)->here()) return *set;
  PyErr_Format(PyExc_ValueError, "the instruction set must be one of this machine's; got '%s'",
               name);
  return nullptr;
}

// Whether a * b * 16 is a size.
bool fits(ptrdiff_t a, ptrdiff_t b) { return b == 0 || a <= PTRDIFF_MAX / 16 / b; }

bool keep_on(void* context) {
  auto** state = static_cast<PyThreadState**>(context);
  PyEval_RestoreThread(*state);
  const bool interrupted = PyErr_CheckSignals() != 0;
  *state = PyEval_SaveThread();
  return !interrupted;
}

// softmax_loss(set, threads, W, X, index, shift, scale, bias, y, reg, dW) -> loss
PyObject* py_softmax_loss(PyObject*, PyObject* args) {
  const char* name;
  int threads, bias;
  double reg;
  PyObject *oW, *oX, *oindex, *oshift, *oscale, *oy, *odW;
  if (!PyArg_ParseTuple(args, "siOOOOOpOdO", &name, &threads, &oW, &oX, &oindex, &oshift, &oscale,
                        &bias, &oy, &reg, &odW))
    return nullptr;
  Array W, X, index, shift, scale, y, dW;
  const Set* set = find_set(name);
  if (!set || !W.take(oW, "W", 2) || !X.take(oX, "X", 2) || !y.take(oy, "y", 1) ||
      !dW.take(odW, "dW", 2, true))
    return nullptr;
  const bool with_index = oindex != Py_None, with_shift = oshift != Py_None,
             with_scale = oscale != Py_None;
  if ((with_index && !index.take(oindex, "index", 1)) ||
      (with_shift && !shift.take(oshift, "shift", 1)) ||
      (with_scale && !scale.take(oscale, "scale", 1)))
    return nullptr;
  const ptrdiff_t D = X.size(1), C = W.size(1), N = with_index ? index.size(0) : X.size(0);
  if (W.kind() != Kind::f32 && W.kind() != Kind::f64) return refuse("W must be float32 or float64");
  if (X.kind() != W.kind() && !(X.kind() == Kind::u8 && W.kind() == Kind::f32))
    return refuse("X must have the dtype of W, or be uint8 where W is float32");
  if (dW.kind() != W.kind() || !dW.contiguous() || dW.size(0) != W.size(0) || dW.size(1) != C)
    return refuse("dW must be contiguous and have W's dtype and shape");
  if (N < 1 || D == PTRDIFF_MAX || D + (bias ? 1 : 0) < 1 || C < 2 || C > INT32_MAX ||
      W.size(0) != D + (bias ? 1 : 0))
    return refuse("W must have a row for each feature, and at least two columns");
  if (!y.whole() || y.size(0) != N) return refuse("y must hold a label for each row");
  if (with_index && !index.whole()) return refuse("the index must hold whole numbers");
  for (Array* a : {&shift, &scale})
    if ((a == &shift ? with_shift : with_scale) &&
        (a->kind() != Kind::f64 || !a->contiguous() || a->size(0) != D))
      return refuse("shift and scale must be contiguous float64, one number a feature");
  if (D > PTRDIFF_MAX / 1024 || C > PTRDIFF_MAX / 1024 || !fits(D + 64, C + 64) || !fits(N, 1) ||
      !fits(C, 256))
    return refuse("the sizes of W and X must have a product that is a size; got more; try fewer");
  const Matrix mW = W.matrix(), mX = X.matrix();
  const Vector vy = y.vector(), vindex = with_index ? index.vector() : Vector();
  const View view = {with_index ? &vindex : nullptr,
                     with_shift ? reinterpret_cast<const double*>(shift.data()) : nullptr,
                     with_scale ? reinterpret_cast<const double*>(scale.data()) : nullptr,
                     bias != 0};
  double loss = 0;
  PyThreadState* state = PyEval_SaveThread();
  const Outcome outcome =
      W.kind() == Kind::f32
          ? softmax_loss<float>(*set, mW, mX, view, vy, reg, threads, keep_on, &state,
                                reinterpret_cast<float*>(dW.data()), &loss)
          : softmax_loss<double>(*set, mW, mX, view, vy, reg, threads, keep_on, &state,
                                 reinterpret_cast<double*>(dW.data()), &loss);
  PyEval_RestoreThread(state);
  switch (outcome) {
    case Outcome::done: return PyFloat_FromDouble(loss);
    case Outcome::stopped: return nullptr;  // the handler's exception is set
    case Outcome::bad_label: return refuse("y must lie in [0, C), one index for each class of W");
    case Outcome::bad_index: return refuse("the index must lie in [0, rows of X)");
    default: return PyErr_NoMemory();
  }
}

// each_row(set, threads, which, dy or None, z, out)
PyObject* py_each_row(PyObject*, PyObject* args) {
  const char* name;
  int threads, which;
  PyObject *ody, *oz, *oout;
  if (!PyArg_ParseTuple(args, "siiOOO", &name, &threads, &which, &ody, &oz, &oout)) return nullptr;
  Array dy, z, out;
  const Set* set = find_set(name);
  if (!set || !z.take(oz, "z", 2) || !out.take(oout, "out", 2, true) ||
      (which == 2 && !dy.take(ody, "dy", 2)))
    return nullptr;
  for (Array* a : {&z, &out, which == 2 ? &dy : &z})
    if ((a->kind() != Kind::f32 && a->kind() != Kind::f64) || a->kind() != z.kind() ||
        !a->contiguous() || a->size(0) != z.size(0) || a->size(1) != z.size(1))
      return refuse("all arrays must be contiguous, of one float dtype and one shape");
  if (z.size(1) < 1 || which < 0 || which > 2) return refuse("rows must hold a number");
  const ptrdiff_t M = z.size(0), n = z.size(1);
  Py_BEGIN_ALLOW_THREADS
  if (z.kind() == Kind::f32)
    each_row<float>(*set, which, reinterpret_cast<float*>(which == 2 ? dy.data() : nullptr),
                    reinterpret_cast<float*>(z.data()), M, n, threads,
                    reinterpret_cast<float*>(out.data()));
  else
    each_row<double>(*set, which, reinterpret_cast<double*>(which == 2 ? dy.data() : nullptr),
                     reinterpret_cast<double*>(z.data()), M, n, threads,
                     reinterpret_cast<double*>(out.data()));
  Py_END_ALLOW_THREADS
  Py_RETURN_NONE;
}

// sets() -> [(name, whether it is here)], the fastest first
PyObject* py_sets(PyObject*, PyObject*) {
  PyObject* list = PyList_New(0);
  for (auto set = SETS; list && *set; ++set) {
    PyObject* pair = Py_BuildValue("(sO)", (*set)->name, (*set)->here() ? Py_True : Py_False);
    if (!pair || PyList_Append(list, pair) != 0) Py_CLEAR(list);
    Py_XDECREF(pair);
  }
  return list;
}

PyMethodDef METHODS[] = {
    {"softmax_loss", py_softmax_loss, METH_VARARGS,
     "softmax_loss(set, threads, W, X, index, shift, scale, bias, y, reg, dW) -> loss"},
    {"each_row", py_each_row, METH_VARARGS,
     "each_row(set, threads, which, dy, z, out): 0 softmax, 1 log_softmax, 2 backward"},
    {"sets", py_sets, METH_NOARGS, "sets() -> [(name, whether this machine has it)]"},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_kernel", "The compiled kernel of softmax_engine.",
                      0, METHODS, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__kernel() {
  PyObject* module = PyModule_Create(&MODULE);
  if (module && PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) != 0) Py_CLEAR(module);
  return module;
}
