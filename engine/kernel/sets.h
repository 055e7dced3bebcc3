// What a set of instructions offers, and the one list of them all (sets.cpp).

#pragma once
#include <cstddef>
#include <cstdint>

// A whole problem, as its tiles see it.
template <class T>
struct Problem {
  ptrdiff_t D, C;      // features and classes
  const T* weights;    // (C, stride): class by class, zeros from D on
  ptrdiff_t stride;    // from one class to the next, a multiple of every vector
  const T* bias;       // (C,) added to the scores, or null
  ptrdiff_t capacity;  // rows a tile may have, a multiple of every vector
};

// A few dozen rows of it, of numbers T or of bytes, which count as x - 128: in the middle, sums of
// them lose least.
template <class E>
struct Tile {
  ptrdiff_t n;            // rows
  const E* const* rows;   // where each begins; its features lie side by side
  const int32_t* labels;  // the right class of each
  bool first;             // whether dw begins here: it is then not read
  ptrdiff_t n_ahead;      // rows of the next tile, to be called into the cache
  const E* const* ahead;
};

// One tile: adds X^T (P - Y) to dw (C, stride) and the sum of P - Y to bias (C,); returns the loss,
// summed. s has room for the scores and for P - Y, 2 * C * capacity.
template <class T, class E>
using TileFunction = double (*)(const Problem<T>&, const Tile<E>&, T* s, T* dw, double* bias);

template <class T>
struct Functions {
  TileFunction<T, T> tile;
  // M rows of n numbers: softmax, its logarithm, and the product of its Jacobian with dy.
  void (*softmax)(const T* z, ptrdiff_t M, ptrdiff_t n, T* y);
  void (*log_softmax)(const T* z, ptrdiff_t M, ptrdiff_t n, T* y);
  void (*backward)(const T* dy, const T* y, ptrdiff_t M, ptrdiff_t n, T* dz);
};

struct Set {
  const char* name;
  bool (*here)();  // whether this machine has it
  Functions<float> f32;
  Functions<double> f64;
  TileFunction<float, uint8_t> tile_of_bytes;
};

// The fastest first; null ends it. The last runs on every machine.
extern const Set* const SETS[];

bool has_avx512();
bool has_avx2();
bool has_neon();
bool always();
