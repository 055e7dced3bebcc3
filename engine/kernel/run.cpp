#include "run.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

// Sizes of the cut. None of them knows of threads.
constexpr ptrdiff_t LINE = 64;                // bytes of a cache line, and of the widest vector
constexpr ptrdiff_t TILE_ROWS = 40;           // of floats: 20 are 10 % slower, 60 no faster
constexpr ptrdiff_t BYTES_ROWS = 160;         // of bytes: 80 are 2 % slower
constexpr ptrdiff_t TILE_BYTES = 1000 << 10;  // of a second cache: of longer rows, fewer
// In float32 long sums lose digits: after two thousand rows they go on in float64. After a tenth as
// many, adding them up would take a tenth of the time.
constexpr ptrdiff_t CHUNK_ROWS = 2000;
constexpr ptrdiff_t CHUNK_LEAST = 480;    // of a small batch, which is cut into
constexpr ptrdiff_t CHUNKS = 8;           // so many, for as many threads
constexpr double WORK_PER_THREAD = 4e6;   // multiply-adds: a millisecond on a slow core

ptrdiff_t up(ptrdiff_t n, ptrdiff_t unit) { return (n + unit - 1) / unit * unit; }

ptrdiff_t between(ptrdiff_t least, ptrdiff_t n, ptrdiff_t most) {
  return n < least ? least : n > most ? most : n;
}

// The size of even parts of n, none above `most`: of 500 two of 250, not 480 and 20.
ptrdiff_t even(ptrdiff_t n, ptrdiff_t most) {
  const ptrdiff_t parts = (n + most - 1) / most;
  return (n + parts - 1) / parts;
}

int64_t whole(const Vector& v, ptrdiff_t i) {
  const char* p = v.data + i * v.step;
  auto read = [p](auto zero) {
    memcpy(&zero, p, sizeof(zero));
    return int64_t(zero);
  };
  switch (v.kind) {
    case Kind::u8: return read(uint8_t());
    case Kind::i8: return read(int8_t());
    case Kind::i16: return read(int16_t());
    case Kind::u16: return read(uint16_t());
    case Kind::i32: return read(int32_t());
    case Kind::u32: return read(uint32_t());
    case Kind::u64: return read(uint64_t());  // past 2^63 it is negative, and so out of range
    default: return read(int64_t());
  }
}

bool all_below(const Vector& v, int64_t end) {
  for (ptrdiff_t i = 0; i < v.size; ++i) {
    const int64_t value = whole(v, i);
    if (value < 0 || value >= end) return false;
  }
  return true;
}

// The memory of a call, in one piece, which the next call finds again: asking the system for fresh
// pages takes as long as a mini-batch. Where there are huge pages it lies in them: of small ones,
// those of W and dW may by chance compete for the same sets of the second cache (measured: a fifth
// slower, in one process out of three). Not set to zero.
class Arena {
 public:
  // lay_out(arena) takes all it needs: once to count, once for good.
  template <class F>
  explicit Arena(F lay_out) {
    lay_out(*this);
    piece_ = KEPT.exchange(nullptr);
    if (!piece_ || piece_->size < used_) {
      delete piece_;
      piece_ = nullptr;
      piece_ = new Piece(up(used_, HUGE_PAGE));
    }
    base_ = piece_->memory;
    used_ = 0;
    lay_out(*this);
  }
  ~Arena() { delete (piece_->size <= MOST_KEPT ? KEPT.exchange(piece_) : piece_); }
  Arena(const Arena&) = delete;

  template <class T>
  T* take(ptrdiff_t count) {
    T* at = reinterpret_cast<T*>(base_ + used_);
    used_ += up(count * ptrdiff_t(sizeof(T)), LINE);
    return at;
  }

 private:
  static constexpr ptrdiff_t HUGE_PAGE = 2 << 20, MOST_KEPT = 8 << 20;
  struct Piece {
    explicit Piece(ptrdiff_t bytes)
        : size(bytes),
          memory(static_cast<char*>(::operator new(size_t(bytes), std::align_val_t(HUGE_PAGE)))) {
#if defined(__linux__)
      madvise(memory, size_t(bytes), MADV_HUGEPAGE);
#endif
    }
    ~Piece() { ::operator delete(memory, std::align_val_t(HUGE_PAGE)); }
    const ptrdiff_t size;
    char* const memory;
  };
  // Exchanged and never locked: a fork may come at any time.
  static std::atomic<Piece*> KEPT;
  Piece* piece_ = nullptr;
  char* base_ = nullptr;
  ptrdiff_t used_ = 0;
};
std::atomic<Arena::Piece*> Arena::KEPT{nullptr};

template <class T>
const Functions<T>& functions(const Set& set) {
  if constexpr (std::is_same_v<T, float>) return set.f32;
  else return set.f64;
}

// No more threads than the work is worth.
int worth(int threads, double work) {
  if (threads > work / WORK_PER_THREAD) threads = int(work / WORK_PER_THREAD);
  return threads < 1 ? 1 : threads;
}

// f(thread number) on so many threads, this one among them. Where the system gives fewer, fewer.
template <class F>
void on_threads(int threads, F f) {
  std::vector<std::thread> others;
  try {
    others.reserve(size_t(threads));
    for (int k = 1; k < threads; ++k) others.emplace_back(f, k);
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  f(0);
  for (auto& other : others) other.join();
}

// Chunks are worked on in any order, and handed in one after the other.
class Turns {
 public:
  // False where the work was stopped.
  bool wait(ptrdiff_t turn) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return turn_ == turn || stopped_; });
    return !stopped_;
  }
  void next() { change([&] { ++turn_; }); }
  void stop() { change([&] { stopped_ = true; }); }
  bool stopped() {
    std::lock_guard<std::mutex> lock(mutex_);
    return stopped_;
  }

 private:
  template <class F>
  void change(F f) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      f();
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  ptrdiff_t turn_ = 0;
  bool stopped_ = false;
};

// T is the type of W, E that of the stored X: T too, or bytes.
template <class T, class E>
class Batch {
 public:
  Batch(const Set& set, const Matrix& W, const Matrix& X, const View& view, const Vector& y,
        int threads)
      : set_(set),
        W_(W),
        X_(X),
        view_(view),
        y_(y),
        N_(view.index ? view.index->size : X.rows),
        D_(X.columns),
        C_(W.columns),
        stride_(up(D_, WIDEST) + WIDEST),
        packed_(X.column_step != ptrdiff_t(sizeof(E)) ||
                (!BYTES && (view.shift || view.scale ||
                            reinterpret_cast<uintptr_t>(X.data) % SIZE || X.row_step % SIZE))),
        tile_(between(5, TILE_BYTES / ((D_ + 1) * ptrdiff_t(sizeof(E))),
                      BYTES ? BYTES_ROWS : TILE_ROWS)),
        capacity_(up(tile_, WIDEST)),
        chunk_(up(even(N_, between(CHUNK_LEAST, N_ / CHUNKS, CHUNK_ROWS)), tile_)),
        chunks_((N_ + chunk_ - 1) / chunk_),
        workers_(size_t(worth(chunks_ < threads ? int(chunks_) : threads,
                              2.0 * double(N_) * double(D_) * double(C_)))),
        arena_([this](Arena& arena) { lay_out(arena); }) {
    take_weights();
    problem_ = {D_, C_, weights_, stride_, view.bias || BYTES ? bias_ : nullptr, capacity_};
  }

  Outcome run(bool (*keep_on)(void*), void* context) {
    std::atomic<ptrdiff_t> next{0};
    std::atomic<bool> bad{false};
    Turns turns;
    on_threads(int(workers_.size()), [&](int k) {
      Worker& worker = workers_[size_t(k)];
      auto asked = std::chrono::steady_clock::now();
      auto go_on = [&] {
        if (turns.stopped()) return false;
        if (k != 0) return true;  // only the calling thread can ask
        auto now = std::chrono::steady_clock::now();
        if (now - asked < std::chrono::milliseconds(100)) return true;
        asked = now;
        return keep_on(context);
      };
      for (ptrdiff_t turn; (turn = next++) < chunks_;) {
        const Outcome outcome = work(worker, turn * chunk_, go_on);
        if (outcome == Outcome::bad_label) bad = true;
        if (outcome != Outcome::done) return turns.stop();
        if (!turns.wait(turn)) return;
        hand_in(worker, turn == 0);
        turns.next();
      }
    });
    if (bad) return Outcome::bad_label;
    return turns.stopped() ? Outcome::stopped : Outcome::done;
  }

  // From the sums, the mean with its regularisation. Returns the loss.
  double finish(double reg, T* dW) const {
    return chunks_ == 1 ? finish(reg, dW, workers_[0].dw) : finish(reg, dW, total_);
  }

 private:
  static constexpr bool BYTES = !std::is_same_v<T, E>;
  static constexpr ptrdiff_t SIZE = sizeof(T), WIDEST = LINE / SIZE, SEVERAL = 8;

  // What one thread has of its own.
  struct Worker {
    double loss;
    T *scores, *dw;
    E* packed;
    double* bias;
    const E **rows, **ahead;
    int32_t* labels;
  };

  void lay_out(Arena& arena) {
    weights_ = arena.take<T>(C_ * stride_);
    bias_ = arena.take<T>(C_);
    total_ = arena.take<double>(chunks_ == 1 ? 0 : C_ * stride_);
    total_bias_ = arena.take<double>(C_);
    for (Worker& worker : workers_) {
      worker.scores = arena.take<T>(2 * C_ * capacity_);
      worker.dw = arena.take<T>(C_ * stride_);
      worker.packed = arena.take<E>(packed_ ? tile_ * stride_ : 0);
      worker.bias = arena.take<double>(C_);
      worker.rows = arena.take<const E*>(tile_);
      worker.ahead = arena.take<const E*>(tile_);
      worker.labels = arena.take<int32_t>(tile_);
    }
  }

  // W class by class. Bytes go in as x - 128: scale and shift go into the weights and a bias.
  void take_weights() {
    for (ptrdiff_t c = 0; c < C_; ++c) total_bias_[c] = 0;
    for_features([&](ptrdiff_t d, auto several) {
      for (ptrdiff_t c = 0; c < C_; ++c)
        for (ptrdiff_t k = 0; k < several; ++k) {
          const T w = weight(d + k, c);
          weights_[c * stride_ + d + k] = w;
          if (BYTES) {
            const double scaled = scale(d + k) * double(w);
            weights_[c * stride_ + d + k] = T(scaled);
            total_bias_[c] -= shift(d + k) * scaled;
          }
        }
    });
    for (ptrdiff_t c = 0; c < C_; ++c) {
      for (ptrdiff_t d = D_; d < stride_; ++d) weights_[c * stride_ + d] = 0;
      for (Worker& worker : workers_)
        for (ptrdiff_t d = D_; d < stride_; ++d) worker.dw[c * stride_ + d] = 0;
      bias_[c] = T(total_bias_[c] + (view_.bias ? double(weight(D_, c)) : 0));
    }
  }

  // One chunk, tile by tile.
  template <class F>
  Outcome work(Worker& worker, ptrdiff_t begin, F go_on) {
    const ptrdiff_t end = begin + chunk_ < N_ ? begin + chunk_ : N_;
    worker.loss = 0;
    for (ptrdiff_t c = 0; c < C_; ++c) worker.bias[c] = 0;
    for (ptrdiff_t i = begin; i < end; i += tile_) {
      if (!go_on()) return Outcome::stopped;
      const ptrdiff_t n = end - i < tile_ ? end - i : tile_;
      Tile<E> tile = {n, worker.rows, worker.labels, i == begin, 0, worker.ahead};
      for (ptrdiff_t j = 0; j < n; ++j) {
        worker.rows[j] = packed_ ? pack(i + j, worker.packed + j * stride_) : row(i + j);
        const int64_t label = whole(y_, i + j);
        // Checked once more than at the door: another thread of the caller's may have written.
        if (label < 0 || label >= C_ || !worker.rows[j]) return Outcome::bad_label;
        worker.labels[j] = int32_t(label);
      }
      if (!packed_)
        for (ptrdiff_t j = i + n; tile.n_ahead < n && j < N_; ++j)
          worker.ahead[tile.n_ahead++] = row(j);
      worker.loss += tile_function()(problem_, tile, worker.scores, worker.dw, worker.bias);
    }
    return Outcome::done;
  }

  TileFunction<T, E> tile_function() const {
    if constexpr (BYTES) return set_.tile_of_bytes;
    else return functions<T>(set_).tile;
  }

  void hand_in(const Worker& worker, bool first) {
    total_loss_ = first ? worker.loss : total_loss_ + worker.loss;
    for (ptrdiff_t c = 0; c < C_; ++c)
      total_bias_[c] = first ? worker.bias[c] : total_bias_[c] + worker.bias[c];
    if (chunks_ == 1) return;
    if (first)
      for (ptrdiff_t j = 0; j < C_ * stride_; ++j) total_[j] = double(worker.dw[j]);
    else
      for (ptrdiff_t j = 0; j < C_ * stride_; ++j) total_[j] += double(worker.dw[j]);
  }

  template <class Sum>
  double finish(double reg, T* dW, const Sum* sums) const {
    const double mean = 1 / double(N_);
    double squares[SEVERAL] = {};  // one sum for each of several: none waits for the other
    for_features([&](ptrdiff_t d, auto several) {
      for (ptrdiff_t c = 0; c < C_; ++c) {
        for (ptrdiff_t k = 0; k < several; ++k) {
          const double w = double(weight(d + k, c));
          double sum = mean * double(sums[c * stride_ + d + k]);
          if (BYTES) sum = scale(d + k) * (sum - mean * shift(d + k) * total_bias_[c]);
          squares[k] += w * w;
          dW[(d + k) * C_ + c] = T(sum + reg * w);
        }
      }
    });
    if (view_.bias)
      for (ptrdiff_t c = 0; c < C_; ++c) {
        const double w = double(weight(D_, c));
        squares[0] += w * w;
        dW[D_ * C_ + c] = T(mean * total_bias_[c] + reg * w);
      }
    double square = 0;
    for (double sum : squares) square += sum;
    return mean * total_loss_ + 0.5 * reg * square;
  }

  // f(d, how many): eight features at once, so that both sides of a transposition are read and
  // written in runs, and the rest one by one.
  template <class F>
  void for_features(F f) const {
    ptrdiff_t d = 0;
    for (; d + SEVERAL <= D_; d += SEVERAL) f(d, std::integral_constant<ptrdiff_t, SEVERAL>());
    for (; d < D_; ++d) f(d, std::integral_constant<ptrdiff_t, 1>());
  }

  static T number(const char* at) {
    T x;
    memcpy(&x, at, sizeof(T));
    return x;
  }
  T weight(ptrdiff_t d, ptrdiff_t c) const {
    return number(W_.data + d * W_.row_step + c * W_.column_step);
  }
  // Of bytes only, which are taken as x - 128.
  double scale(ptrdiff_t d) const { return view_.scale ? view_.scale[d] : 1; }
  double shift(ptrdiff_t d) const { return (view_.shift ? view_.shift[d] : 0) - 128; }

  // Row i where it is stored; null where the index no longer is in range.
  const char* stored(ptrdiff_t i) const {
    if (view_.index) {
      i = whole(*view_.index, i);
      if (i < 0 || i >= X_.rows) return nullptr;
    }
    return X_.data + i * X_.row_step;
  }
  const E* row(ptrdiff_t i) const { return reinterpret_cast<const E*>(stored(i)); }

  // Row i with its features side by side; of floats, shifted and scaled.
  const E* pack(ptrdiff_t i, E* out) const {
    const char* x = stored(i);
    if (!x) return nullptr;
    for (ptrdiff_t d = 0; d < D_; ++d) memcpy(out + d, x + d * X_.column_step, sizeof(E));
    if (!BYTES && view_.shift)
      for (ptrdiff_t d = 0; d < D_; ++d) out[d] -= E(view_.shift[d]);
    if (!BYTES && view_.scale)
      for (ptrdiff_t d = 0; d < D_; ++d) out[d] *= E(view_.scale[d]);
    return out;
  }

  const Set& set_;
  const Matrix& W_;
  const Matrix& X_;
  const View& view_;
  const Vector& y_;
  const ptrdiff_t N_, D_, C_, stride_;
  const bool packed_;
  const ptrdiff_t tile_, capacity_, chunk_, chunks_;
  std::vector<Worker> workers_;
  T *weights_, *bias_;
  double *total_, *total_bias_, total_loss_ = 0;
  Problem<T> problem_;
  Arena arena_;
};

}  // namespace

template <class T>
Outcome softmax_loss(const Set& set, const Matrix& W, const Matrix& X, const View& view,
                     const Vector& y, double reg, int threads, bool (*keep_on)(void*),
                     void* context, T* dW, double* loss) {
  if (view.index && !all_below(*view.index, X.rows)) return Outcome::bad_index;
  if (!all_below(y, W.columns)) return Outcome::bad_label;
  try {
    auto outcome = [&](auto stored) {
      Batch<T, decltype(stored)> batch(set, W, X, view, y, threads);
      const Outcome outcome = batch.run(keep_on, context);
      if (outcome == Outcome::done) *loss = batch.finish(reg, dW);
      return outcome;
    };
    if constexpr (std::is_same_v<T, float>)
      if (X.kind == Kind::u8) return outcome(uint8_t());
    return outcome(T());
  } catch (const std::bad_alloc&) {
    return Outcome::no_memory;
  }
}

template <class T>
void each_row(const Set& set, int which, const T* dy, const T* z, ptrdiff_t M, ptrdiff_t n,
                 int threads, T* out) {
  const auto& f = functions<T>(set);
  const double work = 10.0 * double(M) * double(n);
  threads = worth(threads, work);
  constexpr ptrdiff_t AT_ONCE = 64;
  std::atomic<ptrdiff_t> next{0};
  on_threads(threads, [&](int) {
    for (ptrdiff_t i; (i = AT_ONCE * next++) < M;) {
      const ptrdiff_t rows = M - i < AT_ONCE ? M - i : AT_ONCE;
      if (which == 2) f.backward(dy + i * n, z + i * n, rows, n, out + i * n);
      else (which ? f.log_softmax : f.softmax)(z + i * n, rows, n, out + i * n);
    }
  });
}

#define INSTANCES(T)                                                                            \
  template Outcome softmax_loss<T>(const Set&, const Matrix&, const Matrix&, const View&,       \
                                   const Vector&, double, int, bool (*)(void*), void*, T*,      \
                                   double*);                                                    \
  template void each_row<T>(const Set&, int, const T*, const T*, ptrdiff_t, ptrdiff_t, int,  \
                               T*);
INSTANCES(float)
INSTANCES(double)
