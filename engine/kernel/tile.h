// The tile: softmax loss and gradient of a few dozen rows, while they are hot in the cache.
//
//     S = X W                scores                      forward
//     P = softmax(S)         probabilities               in between
//     dW += X^T (P - Y)      gradient, not averaged yet  backward
//
// As two matrix products, X is read from memory twice, and with ten classes each product is too
// thin to keep a core busy. Here a tile of about forty rows (half a megabyte of images) goes
// forward and, while it still lies in the second cache, backward.
//
// Both products run along D, the long side; a vector holds `width` neighbouring features.
//
//     forward     A block of rows x classes stays in registers, a vector of partial sums for each
//                 pair: 5 x 5 on a machine of 32 registers. A step loads 5 vectors of X and 5 of W
//                 and does 25 multiply-adds, so that loads are not the limit. With fewer registers
//                 they are, unless W comes from the first cache: then SPAN features at a time.
//     backward    A block of columns x classes of dW stays in registers, say 2 vectors x 10
//                 classes. Each row of the tile adds its 2 vectors times its 10 numbers P - Y. On
//                 the way, the same columns of the next tile are called into the cache, where they
//                 take the place of those just used: line after line instead would push out
//                 columns that are still needed (measured: 4 % slower).
//                 With 16 registers a block of dW is too small to be worth its loading and storing
//                 (measured: 10 % slower). There a block of P - Y stays in registers, rows x
//                 classes, and dW streams through the first cache, SPAN features at a time.
//
// W and dW are held class by class, w[c * stride + d], so that both run along D as X does. The
// softmax is taken of `width` rows at once, so that no sum in it crosses a vector: the scores are
// held class by class too, s[c * capacity + i], and P - Y row by row, g[i * C + c].
//
// Each twin (avx512.cpp, avx2.cpp, neon.cpp, plain.cpp) defines the vectors F32 and F64, the same
// functions in the same order, and then includes this page. The numbers it begins with are sizes of
// blocks: forward ROWS x CLASSES; backward BACK classes, with SUMS vectors of dW held, or BACK_ROWS
// rows of P - Y where dW is streamed. All of it is local to the twin's file (namespace {}), compiled
// with flags of its own: the linker can never take the code of one for that of another.

#include <math.h>
#include <string.h>

#include "sets.h"

namespace {

// ---- the exponential -------------------------------------------------------------------------

// exp(x) for x <= 0: 2^n exp(r), n whole and |r| <= log(2) / 2, where the Taylor series up to
// r^TERMS / TERMS! leaves less than half a last digit. 2^n goes on in two halves, so that what is
// too small for a normal number becomes a denormal one and then 0, as it should. NaN stays NaN.
template <class V>
inline typename V::Reg exp_negative(typename V::Reg x) {
  using T = typename V::T;
  constexpr bool SINGLE = sizeof(T) == 4;
  constexpr int TERMS = SINGLE ? 7 : 13;
  // log(2) in two parts; the first has so few digits that n times it is exact.
  constexpr double LOG_2 = 0.69314718055994530942;
  constexpr T HIGH = T(SINGLE ? 0.693359375 : 0.693147182464599609375);
  constexpr T LOW = T(SINGLE ? -2.1219444005469058e-4 : -1.904654299957767878542e-9);
  x = V::max(V::set(SINGLE ? -110 : -760), x);  // 0 from there down
  auto n = V::round(V::mul(x, V::set(T(1 / LOG_2))));
  auto r = V::fma(n, V::set(-LOW), V::fma(n, V::set(-HIGH), x));
  double factorial = 1;
  for (int k = 2; k <= TERMS; ++k) factorial *= k;
  auto p = V::set(T(1 / factorial));
  for (int k = TERMS; k >= 1; --k) {
    factorial /= k;
    p = V::fma(p, r, V::set(T(1 / factorial)));
  }
  auto half = V::round(V::mul(n, V::set(T(0.5))));
  return V::mul(V::mul(p, V::pow2(half)), V::pow2(V::sub(n, half)));
}

// ---- forward: S = X W ------------------------------------------------------------------------

template <class V, int R, int K>
inline void forward_step(const typename V::Reg (&x)[R], const typename V::T* w, ptrdiff_t stride,
                         typename V::Reg (&sum)[R][K]) {
  for (int k = 0; k < K; ++k) {
    auto wk = V::load(w + k * stride);
    for (int r = 0; r < R; ++r) sum[r][k] = V::fma(x[r], wk, sum[r][k]);
  }
}

// R rows from i on, K classes from c on, features from begin to end.
template <class V, class E, int R, int K>
inline void forward_block(const Problem<typename V::T>& p, const Tile<E>& t, ptrdiff_t i,
                          ptrdiff_t c, ptrdiff_t begin, ptrdiff_t end, typename V::T* s) {
  const auto* w = p.weights + c * p.stride;
  typename V::Reg x[R], sum[R][K];
  for (int r = 0; r < R; ++r)
    for (int k = 0; k < K; ++k) sum[r][k] = V::set(0);
  ptrdiff_t d = begin;
  for (; d + V::width <= end; d += V::width) {
    for (int r = 0; r < R; ++r) x[r] = V::load(t.rows[i + r] + d);
    forward_step<V>(x, w + d, p.stride, sum);
  }
  if (d < end) {  // w goes on with zeros; x does not
    for (int r = 0; r < R; ++r) x[r] = V::load_first(t.rows[i + r] + d, int(end - d));
    forward_step<V>(x, w + d, p.stride, sum);
  }
  for (int k = 0; k < K; ++k)
    for (int r = 0; r < R; ++r) {
      auto& at = s[(c + k) * p.capacity + i + r];
      at = (begin ? at : 0) + V::sum(sum[r][k]);
    }
}

template <class V, class E>
struct Forward {
  const Problem<typename V::T>& p;
  const Tile<E>& t;
  ptrdiff_t begin, end;
  typename V::T* s;

  template <int K>
  void classes(ptrdiff_t c) const {
    ptrdiff_t i = 0;
    for (; i + V::ROWS <= t.n; i += V::ROWS)
      forward_block<V, E, V::ROWS, K>(p, t, i, c, begin, end, s);
    for (; i < t.n; ++i) forward_block<V, E, 1, K>(p, t, i, c, begin, end, s);
  }
};

// ---- in between: P - Y -----------------------------------------------------------------------

// From the scores s, P - Y row by row into g; returns the sum of -log p[y], in nats.
template <class V, class E>
double softmax_minus_labels(const Problem<typename V::T>& p, const Tile<E>& t,
                            typename V::T* s, typename V::T* g) {
  using T = typename V::T;
  double loss = 0, product = 1;
  for (ptrdiff_t i = 0; i < t.n; i += V::width) {
    const ptrdiff_t n = t.n - i < V::width ? t.n - i : V::width;
    T top[V::width], total[V::width], column[V::width];
    for (ptrdiff_t j = 0; j < n; ++j)
      loss -= double(s[t.labels[i + j] * p.capacity + i + j]);
    auto highest = V::load(s + i);  // the first score and not a constant: none is low enough
    for (ptrdiff_t c = 1; c < p.C; ++c) highest = V::max(highest, V::load(s + c * p.capacity + i));
    auto sum = V::set(0);
    for (ptrdiff_t c = 0; c < p.C; ++c) {
      T* at = s + c * p.capacity + i;
      auto e = exp_negative<V>(V::sub(V::load(at), highest));
      V::store(at, e);
      sum = V::add(sum, e);
    }
    auto scale = V::div(V::set(1), sum);
    for (ptrdiff_t c = 0; c < p.C; ++c) {
      V::store(column, V::mul(V::load(s + c * p.capacity + i), scale));
      for (ptrdiff_t j = 0; j < n; ++j) g[(i + j) * p.C + c] = column[j];
    }
    V::store(top, highest);
    V::store(total, sum);
    for (ptrdiff_t j = 0; j < n; ++j) {
      g[(i + j) * p.C + t.labels[i + j]] -= 1;
      loss += double(top[j]);
      // The sum of the logarithms is the logarithm of the product; each factor lies in [1, C].
      product *= double(total[j]);
      if (!(product < 1e200)) {
        loss += log(product);
        product = 1;
      }
    }
  }
  return loss + log(product);
}

// ---- backward: dW += X^T (P - Y) -------------------------------------------------------------

// dW held: P vectors of columns from d on, K classes from c on. Of a PART of a vector, so many
// `columns` exist.
template <class V, class E, int P, int K, bool PART>
inline void held_block(const Problem<typename V::T>& p, const Tile<E>& t, ptrdiff_t c, ptrdiff_t d,
                       int columns, const typename V::T* g,
                           typename V::T* dw) {
  typename V::Reg x[P], sum[P][K];
  g += c;
  dw += c * p.stride + d;
  for (int v = 0; v < P; ++v)
    for (int k = 0; k < K; ++k)
      sum[v][k] = t.first ? V::set(0) : V::load(dw + k * p.stride + v * V::width);
  const ptrdiff_t n_ahead = c == 0 ? t.n_ahead : 0;
  for (ptrdiff_t i = 0; i < t.n; ++i) {
    for (int v = 0; v < P; ++v)
      x[v] = PART ? V::load_first(t.rows[i] + d, columns) : V::load(t.rows[i] + d + v * V::width);
    if (i < n_ahead)
      for (int v = 0; v < P; ++v) V::prefetch(t.ahead[i] + d + v * V::width);
    if (i < K)  // the block of dw that comes next
      for (int v = 0; v < P; ++v) V::prefetch_near(dw + i * p.stride + (P + v) * V::width);
    for (int k = 0; k < K; ++k) {
      auto gk = V::set(g[i * p.C + k]);
      for (int v = 0; v < P; ++v) sum[v][k] = V::fma(x[v], gk, sum[v][k]);
    }
  }
  for (int v = 0; v < P; ++v)
    for (int k = 0; k < K; ++k) V::store(dw + k * p.stride + v * V::width, sum[v][k]);
}

template <class V, class E>
struct Held {
  const Problem<typename V::T>& p;
  const Tile<E>& t;
  const typename V::T* g;
  typename V::T* dw;

  template <int K>
  void classes(ptrdiff_t c) const {
    constexpr int P = V::SUMS / K < 4 ? V::SUMS / K : 4;  // what the registers hold beside x
    ptrdiff_t d = 0;
    for (; d + P * V::width <= p.D; d += P * V::width)
      held_block<V, E, P, K, false>(p, t, c, d, 0, g, dw);
    for (; d + V::width <= p.D; d += V::width)
      held_block<V, E, 1, K, false>(p, t, c, d, 0, g, dw);
    if (d < p.D) held_block<V, E, 1, K, true>(p, t, c, d, int(p.D - d), g, dw);
  }
};

// P - Y held: R rows from i on, K classes from c on, features from begin to end.
template <class V, class E, int R, int K>
inline void streamed_block(const Problem<typename V::T>& p, const Tile<E>& t, ptrdiff_t i,
                           ptrdiff_t c, ptrdiff_t begin, ptrdiff_t end, const typename V::T* g,
                           typename V::T* dw) {
  typename V::Reg x[R], gs[R][K];
  const E *rows[R], *ahead[R];
  // The rows of the next tile are shared among the blocks of classes.
  const int blocks = int((p.C + V::BACK - 1) / V::BACK), first = int(c * blocks / p.C);
  constexpr ptrdiff_t LINE = 64 / sizeof(E);
  const bool with_ahead = i + R <= t.n_ahead;
  for (int r = 0; r < R; ++r) {
    rows[r] = t.rows[i + r];
    ahead[r] = with_ahead ? t.ahead[i + r] : nullptr;
    for (int k = 0; k < K; ++k) gs[r][k] = V::set(g[(i + r) * p.C + c + k]);
  }
  const ptrdiff_t stride = p.stride;  // a store of a vector might, to the compiler, change p
  dw += c * stride;
  ptrdiff_t d = begin;
  for (; d + V::width <= end; d += V::width) {
    for (int r = 0; r < R; ++r) x[r] = V::load(rows[r] + d);
    if (with_ahead && d % LINE < V::width)
      for (int r = first; r < R; r += blocks) V::prefetch(ahead[r] + d);
    for (int k = 0; k < K; ++k) {
      auto sum = V::load(dw + k * stride + d);
      for (int r = 0; r < R; ++r) sum = V::fma(x[r], gs[r][k], sum);
      V::store(dw + k * stride + d, sum);
    }
  }
  if (d < end) {
    for (int r = 0; r < R; ++r) x[r] = V::load_first(rows[r] + d, int(end - d));
    for (int k = 0; k < K; ++k) {
      auto sum = V::load(dw + k * stride + d);
      for (int r = 0; r < R; ++r) sum = V::fma(x[r], gs[r][k], sum);
      V::store(dw + k * stride + d, sum);
    }
  }
}

template <class V, class E>
struct Streamed {
  const Problem<typename V::T>& p;
  const Tile<E>& t;
  ptrdiff_t i, begin, end;
  const typename V::T* g;
  typename V::T* dw;

  template <int K>
  void classes(ptrdiff_t c) const {
    if (i + V::BACK_ROWS <= t.n)
      streamed_block<V, E, V::BACK_ROWS, K>(p, t, i, c, begin, end, g, dw);
    else
      for (ptrdiff_t j = i; j < t.n; ++j)
        streamed_block<V, E, 1, K>(p, t, j, c, begin, end, g, dw);
  }
};

// ---- all three -------------------------------------------------------------------------------

// pass.classes<size>(c): the size of a block is known to the compiler.
template <int MOST, class Pass>
inline void block_of_classes(const Pass& pass, ptrdiff_t c, ptrdiff_t size) {
  if constexpr (MOST > 1)
    if (size < MOST) return block_of_classes<MOST - 1>(pass, c, size);
  pass.template classes<MOST>(c);
}

// All classes in blocks of nearly one size: 16 are 4 + 4 + 4 + 4, not 5 + 5 + 5 and a thin 1.
template <int MOST, class Pass>
inline void all_classes(const Pass& pass, ptrdiff_t C) {
  const ptrdiff_t blocks = (C + MOST - 1) / MOST;
  for (ptrdiff_t b = 0, c = 0; b < blocks; ++b) {
    const ptrdiff_t size = C / blocks + (b < C % blocks);
    block_of_classes<MOST>(pass, c, size);
    c += size;
  }
}

template <class V>
inline ptrdiff_t span_end(ptrdiff_t begin, ptrdiff_t D) {
  return D - begin < V::SPAN ? D : begin + V::SPAN;
}

template <class V, class E = typename V::T>
double tile(const Problem<typename V::T>& p, const Tile<E>& t, typename V::T* s,
            typename V::T* dw, double* bias) {
  auto* g = s + p.C * p.capacity;
  for (ptrdiff_t d = 0; d < p.D || d == 0; d += V::SPAN)
    all_classes<V::CLASSES>(Forward<V, E>{p, t, d, span_end<V>(d, p.D), s}, p.C);
  if (p.bias)
    for (ptrdiff_t c = 0; c < p.C; ++c)
      for (ptrdiff_t i = 0; i < t.n; ++i) s[c * p.capacity + i] += p.bias[c];
  const double loss = softmax_minus_labels<V>(p, t, s, g);
  if (p.bias)
    for (ptrdiff_t i = 0; i < t.n; ++i)
      for (ptrdiff_t c = 0; c < p.C; ++c) bias[c] += double(g[i * p.C + c]);
  if constexpr (V::BACK_ROWS == 0) {
    all_classes<V::BACK>(Held<V, E>{p, t, g, dw}, p.C);
  } else {
    if (t.first) memset(dw, 0, size_t(p.C * p.stride) * sizeof(*dw));
    for (ptrdiff_t d = 0; d < p.D; d += V::SPAN)
      for (ptrdiff_t i = 0; i < t.n; i += V::BACK_ROWS)
        all_classes<V::BACK>(Streamed<V, E>{p, t, i, d, span_end<V>(d, p.D), g, dw}, p.C);
  }
  return loss;
}

// ---- one row, along its entries --------------------------------------------------------------

// The n < width entries at p, and `fill` behind them; and back.
template <class V>
inline typename V::Reg load_filled(const typename V::T* p, ptrdiff_t n, typename V::T fill) {
  typename V::T all[V::width];
  for (int j = 0; j < V::width; ++j) all[j] = j < n ? p[j] : fill;
  return V::load(all);
}

template <class V>
inline void store_first(typename V::T* p, ptrdiff_t n, typename V::Reg a) {
  typename V::T all[V::width];
  V::store(all, a);
  memcpy(p, all, size_t(n) * sizeof(all[0]));
}

template <class V>
typename V::T highest_of(const typename V::T* z, ptrdiff_t n) {
  ptrdiff_t j = 0;
  auto highest = V::set(z[0]);
  for (; j + V::width <= n; j += V::width) highest = V::max(highest, V::load(z + j));
  if (j < n) highest = V::max(highest, load_filled<V>(z + j, n - j, z[0]));
  typename V::T all[V::width], top = z[0];
  V::store(all, highest);
  for (auto a : all) top = a > top ? a : top;
  return top;
}

// The sum of exp(z - top), and with `y` the terms as well.
template <class V>
typename V::T sum_of_exp(const typename V::T* z, ptrdiff_t n, typename V::T top,
                         typename V::T* y) {
  auto tops = V::set(top), sum = V::set(0);
  ptrdiff_t j = 0;
  for (; j + V::width <= n; j += V::width) {
    auto e = exp_negative<V>(V::sub(V::load(z + j), tops));
    sum = V::add(sum, e);
    if (y) V::store(y + j, e);
  }
  if (j < n) {
    typename V::T gaps[V::width];
    V::store(gaps, V::sub(load_filled<V>(z + j, n - j, top), tops));
    auto e = exp_negative<V>(load_filled<V>(gaps, n - j, -1000));  // whose exp is 0
    sum = V::add(sum, e);
    if (y) store_first<V>(y + j, n - j, e);
  }
  return V::sum(sum);
}

template <class V>
inline void softmax_row(const typename V::T* z, ptrdiff_t n, typename V::T* y) {
  auto scale = V::set(1 / sum_of_exp<V>(z, n, highest_of<V>(z, n), y));
  ptrdiff_t j = 0;
  for (; j + V::width <= n; j += V::width) V::store(y + j, V::mul(V::load(y + j), scale));
  if (j < n) store_first<V>(y + j, n - j, V::mul(V::load_first(y + j, int(n - j)), scale));
}

template <class V>
inline void log_softmax_row(const typename V::T* z, ptrdiff_t n, typename V::T* y) {
  using T = typename V::T;
  const T top = highest_of<V>(z, n);
  auto tops = V::set(top), log_sum = V::set(T(log(double(sum_of_exp<V>(z, n, top, nullptr)))));
  ptrdiff_t j = 0;
  for (; j + V::width <= n; j += V::width)
    V::store(y + j, V::sub(V::sub(V::load(z + j), tops), log_sum));
  if (j < n)
    store_first<V>(y + j, n - j,
                   V::sub(V::sub(V::load_first(z + j, int(n - j)), tops), log_sum));
}

// dz = y * (dy - sum of dy * y): the Jacobian, diag(y) - y y^T, is never formed.
template <class V>
inline void backward_row(const typename V::T* dy, const typename V::T* y, ptrdiff_t n,
                  typename V::T* dz) {
  // Four sums at once: the next addition need not wait for the last.
  typename V::Reg sum[4] = {V::set(0), V::set(0), V::set(0), V::set(0)};
  ptrdiff_t j = 0;
  for (; j + 4 * V::width <= n; j += 4 * V::width)
    for (int v = 0; v < 4; ++v)
      sum[v] = V::fma(V::load(dy + j + v * V::width), V::load(y + j + v * V::width), sum[v]);
  for (; j + V::width <= n; j += V::width)
    sum[0] = V::fma(V::load(dy + j), V::load(y + j), sum[0]);
  if (j < n)
    sum[0] = V::fma(V::load_first(dy + j, int(n - j)), V::load_first(y + j, int(n - j)), sum[0]);
  auto mean = V::set(V::sum(V::add(V::add(sum[0], sum[1]), V::add(sum[2], sum[3]))));
  for (j = 0; j + V::width <= n; j += V::width)
    V::store(dz + j, V::mul(V::load(y + j), V::sub(V::load(dy + j), mean)));
  if (j < n)
    store_first<V>(dz + j, n - j,
                   V::mul(V::load_first(y + j, int(n - j)),
                          V::sub(V::load_first(dy + j, int(n - j)), mean)));
}

template <class V>
void softmax_rows(const typename V::T* z, ptrdiff_t M, ptrdiff_t n, typename V::T* y) {
  for (ptrdiff_t i = 0; i < M; ++i) softmax_row<V>(z + i * n, n, y + i * n);
}

template <class V>
void log_softmax_rows(const typename V::T* z, ptrdiff_t M, ptrdiff_t n, typename V::T* y) {
  for (ptrdiff_t i = 0; i < M; ++i) log_softmax_row<V>(z + i * n, n, y + i * n);
}

template <class V>
void backward_rows(const typename V::T* dy, const typename V::T* y, ptrdiff_t M, ptrdiff_t n,
                   typename V::T* dz) {
  for (ptrdiff_t i = 0; i < M; ++i) backward_row<V>(dy + i * n, y + i * n, n, dz + i * n);
}

template <class V>
constexpr Functions<typename V::T> functions() {
  return {tile<V, typename V::T>, softmax_rows<V>, log_softmax_rows<V>, backward_rows<V>};
}

}  // namespace
