// A whole batch: cut into chunks of rows by the data alone, worked on by any number of threads, and
// added up in the order of the rows, so that the result has the same bits whoever did the work.

#pragma once
#include <cstddef>
#include <cstdint>

#include "sets.h"

// Numbers somewhere in memory, as numpy describes them: a kind, where they begin, bytes between.
enum class Kind { f32, f64, u8, i8, i16, u16, i32, u32, i64, u64 };

struct Vector {
  Kind kind;
  const char* data;
  ptrdiff_t size, step;
};

struct Matrix {
  Kind kind;
  const char* data;
  ptrdiff_t rows, columns, row_step, column_step;
};

// What a view of stored rows does to them: row i is (X[index[i]] - shift) * scale, then a 1.
struct View {
  const Vector* index;   // null: all rows, in their order
  const double* shift;   // (columns of X,), or null
  const double* scale;   // the same
  bool bias;
};

enum class Outcome { done, stopped, bad_label, bad_index, no_memory };

// Loss and gradient of W (D, C) on the rows of X. `keep_on` is asked by the calling thread every
// tenth of a second or so; where it says no, the work ends as `stopped`. dW is (D, C), contiguous.
// T is the type of W and dW, and of X where it is not uint8.
template <class T>
Outcome softmax_loss(const Set& set, const Matrix& W, const Matrix& X, const View& view,
                     const Vector& y, double reg, int threads, bool (*keep_on)(void*),
                     void* context, T* dW, double* loss);

// M rows of n numbers, one by one: their softmax (0), its logarithm (1), or with dy backward (2).
template <class T>
void each_row(const Set& set, int which, const T* dy, const T* z, ptrdiff_t M, ptrdiff_t n,
                 int threads, T* out);
