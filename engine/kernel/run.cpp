#include "run.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

// Sizes of the cut. None of them knows of threads.
constexpr ptrdiff_t LINE = 64;                // bytes; the widest vector, too
constexpr ptrdiff_t TILE_ROWS = 40;           // measured: 20 rows 10 % slower, 60 no faster
constexpr ptrdiff_t TILE_BYTES = 1000 << 10;  // of a second cache; longer rows, fewer of them
// Sums in float32 lose digits with their length: two thousand rows, then on into float64. A tenth
// of that slows every gradient by what it takes to add it.
constexpr ptrdiff_t CHUNK_ROWS = 2000;
constexpr ptrdiff_t CHUNKS = 16;              // where the batch is small, and
constexpr ptrdiff_t CHUNK_LEAST = 240;        // none smaller than a mini-batch
constexpr double WORK_PER_THREAD = 4e6;       // multiply-adds: a millisecond on a slow core

ptrdiff_t up(ptrdiff_t n, ptrdiff_t unit) { return (n + unit - 1) / unit * unit; }

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

// Memory of one thread or one problem, at the start of a cache line.
template <class T>
class Buffer {
 public:
  explicit Buffer(ptrdiff_t size) : memory_(new char[size_t(size) * sizeof(T) + LINE]()) {
    auto at = reinterpret_cast<uintptr_t>(memory_.get());
    data_ = reinterpret_cast<T*>((at + LINE - 1) / LINE * LINE);
  }
  T* get() const { return data_; }
  T& operator[](ptrdiff_t i) const { return data_[i]; }

 private:
  std::unique_ptr<char[]> memory_;
  T* data_;
};

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

template <class T>
class Batch {
 public:
  Batch(const Set& set, const Matrix& W, const Matrix& X, const View& view, const Vector& y)
      : set_(set),
        W_(W),
        X_(X),
        view_(view),
        y_(y),
        N_(view.index ? view.index->size : X.rows),
        D_(X.columns),
        C_(W.columns),
        stride_(up(D_, LINE / ptrdiff_t(sizeof(T))) + LINE / ptrdiff_t(sizeof(T))),
        bytes_(X.kind == Kind::u8),
        packed_(bytes_ || X.column_step != ptrdiff_t(sizeof(T)) || view.shift || view.scale ||
                reinterpret_cast<uintptr_t>(X.data) % sizeof(T) || X.row_step % ptrdiff_t(sizeof(T))),
        weights_(C_ * stride_),
        bias_(C_),
        total_(C_ * stride_),
        total_bias_(C_) {
    const ptrdiff_t fit = TILE_BYTES / (D_ * ptrdiff_t(sizeof(T)));
    tile_ = fit < 5 ? 5 : fit > TILE_ROWS ? TILE_ROWS : fit;
    ptrdiff_t chunk = N_ / CHUNKS;
    chunk = chunk < CHUNK_LEAST ? CHUNK_LEAST : chunk > CHUNK_ROWS ? CHUNK_ROWS : chunk;
    chunk_ = up(chunk, tile_);
    take_weights();
    problem_ = {D_, C_, weights_.get(), stride_, view.bias || bytes_ ? bias_.get() : nullptr,
                up(tile_, LINE / ptrdiff_t(sizeof(T)))};
  }

  Outcome run(int threads, bool (*keep_on)(void*), void* context) {
    const ptrdiff_t chunks = (N_ + chunk_ - 1) / chunk_;
    const double work = 2.0 * double(N_) * double(D_) * double(C_);
    if (threads > chunks) threads = int(chunks);
    threads = worth(threads, work);
    std::vector<Worker> workers;
    workers.reserve(size_t(threads));
    for (int k = 0; k < threads; ++k) workers.emplace_back(*this);
    std::atomic<ptrdiff_t> next{0};
    std::atomic<bool> bad{false};
    Turns turns;
    on_threads(threads, [&](int k) {
      auto asked = std::chrono::steady_clock::now();
      auto go_on = [&] {
        if (turns.stopped()) return false;
        if (k != 0 || !keep_on) return true;
        auto now = std::chrono::steady_clock::now();
        if (now - asked < std::chrono::milliseconds(100)) return true;
        asked = now;
        return keep_on(context);
      };
      for (ptrdiff_t turn; (turn = next++) < chunks;) {
        const ptrdiff_t end = (turn + 1) * chunk_;
        const Outcome outcome = workers[size_t(k)].chunk(turn * chunk_, end < N_ ? end : N_, go_on);
        if (outcome == Outcome::bad_label) bad = true;
        if (outcome != Outcome::done) return turns.stop();
        if (!turns.wait(turn)) return;
        workers[size_t(k)].hand_in();
        turns.next();
      }
    });
    if (bad) return Outcome::bad_label;
    return turns.stopped() ? Outcome::stopped : Outcome::done;
  }

  // From the total, the gradient of the mean with its regularisation; returns the loss.
  double finish(double reg, T* dW) const {
    const double mean = 1 / double(N_);
    std::vector<double> squares(static_cast<size_t>(C_), 0.0);
    for (ptrdiff_t d = 0; d < D_; ++d) {
      const double scale = bytes_ && view_.scale ? mean * view_.scale[d] : mean;
      const double shift = bytes_ ? (view_.shift ? view_.shift[d] : 0) - 128 : 0;
      for (ptrdiff_t c = 0; c < C_; ++c) {
        const double w = double(weight(d, c));
        squares[size_t(c)] += w * w;
        double sum = total_[c * stride_ + d];
        if (bytes_) sum -= shift * total_bias_[c];
        dW[d * C_ + c] = T(scale * sum + reg * w);
      }
    }
    if (view_.bias)
      for (ptrdiff_t c = 0; c < C_; ++c) {
        const double w = double(weight(D_, c));
        squares[size_t(c)] += w * w;
        dW[D_ * C_ + c] = T(mean * total_bias_[c] + reg * w);
      }
    double square = 0;
    for (double s : squares) square += s;
    return mean * total_loss_ + 0.5 * reg * square;
  }

 private:
  // What one thread has of its own.
  class Worker {
   public:
    explicit Worker(const Batch& batch)
        : b_(const_cast<Batch&>(batch)),
          scores_(2 * b_.C_ * b_.problem_.capacity),
          dw_(b_.C_ * b_.stride_),
          bias_(b_.C_),
          rows_(b_.tile_),
          ahead_(b_.tile_),
          labels_(b_.tile_),
          packed_(b_.packed_ ? b_.tile_ * b_.stride_ : 0) {}

    template <class F>
    Outcome chunk(ptrdiff_t begin, ptrdiff_t end, F go_on) {
      loss_ = 0;
      for (ptrdiff_t c = 0; c < b_.C_; ++c) bias_[c] = 0;
      for (ptrdiff_t i = begin; i < end; i += b_.tile_) {
        if (!go_on()) return Outcome::stopped;
        const ptrdiff_t n = end - i < b_.tile_ ? end - i : b_.tile_;
        Tile<T> tile = {n, rows_.get(), labels_.get(), i == begin, 0, ahead_.get()};
        for (ptrdiff_t j = 0; j < n; ++j) {
          rows_[j] = b_.packed_ ? b_.pack(i + j, packed_.get() + j * b_.stride_) : b_.row(i + j);
          const int64_t label = whole(b_.y_, i + j);
          // Checked once more than at the door: another thread of the caller's may have written.
          if (label < 0 || label >= b_.C_ || !rows_[j]) return Outcome::bad_label;
          labels_[j] = int32_t(label);
        }
        if (!b_.packed_)
          for (; tile.n_ahead < n && i + n + tile.n_ahead < end; ++tile.n_ahead)
            ahead_[tile.n_ahead] = b_.row(i + n + tile.n_ahead);
        loss_ += functions<T>(b_.set_).tile(b_.problem_, tile, scores_.get(), dw_.get(), bias_.get());
      }
      return Outcome::done;
    }

    void hand_in() {
      b_.total_loss_ += loss_;
      for (ptrdiff_t c = 0; c < b_.C_; ++c) b_.total_bias_[c] += bias_[c];
      double* total = b_.total_.get();
      const T* dw = dw_.get();
      for (ptrdiff_t j = 0; j < b_.C_ * b_.stride_; ++j) total[j] += double(dw[j]);
    }

   private:
    Batch& b_;
    double loss_ = 0;
    Buffer<T> scores_, dw_;
    Buffer<double> bias_;
    Buffer<const T*> rows_, ahead_;
    Buffer<int32_t> labels_;
    Buffer<T> packed_;
  };

  T weight(ptrdiff_t d, ptrdiff_t c) const {
    T w;
    memcpy(&w, W_.data + d * W_.row_step + c * W_.column_step, sizeof(T));
    return w;
  }

  // W class by class. Bytes go in as x - 128: scale and shift go into the weights and a bias.
  void take_weights() {
    std::vector<double> bias(static_cast<size_t>(C_), 0.0);
    for (ptrdiff_t d = 0; d < D_; ++d) {
      const double scale = bytes_ && view_.scale ? view_.scale[d] : 1;
      const double shift = bytes_ ? (view_.shift ? view_.shift[d] : 0) - 128 : 0;
      for (ptrdiff_t c = 0; c < C_; ++c) {
        const double w = scale * double(weight(d, c));
        weights_[c * stride_ + d] = T(w);
        bias[size_t(c)] -= shift * w;
      }
    }
    for (ptrdiff_t c = 0; c < C_; ++c)
      bias_[c] = T(bias[size_t(c)] + (view_.bias ? double(weight(D_, c)) : 0));
  }

  const char* stored(ptrdiff_t i) const {
    if (view_.index) {
      i = whole(*view_.index, i);
      if (i < 0 || i >= X_.rows) return nullptr;
    }
    return X_.data + i * X_.row_step;
  }

  const T* row(ptrdiff_t i) const { return reinterpret_cast<const T*>(stored(i)); }

  // Row i, widened, shifted and scaled, its features side by side.
  const T* pack(ptrdiff_t i, T* out) const {
    const char* x = stored(i);
    if (!x) return nullptr;
    if (bytes_) {
      if constexpr (std::is_same_v<T, float>) {
        if (X_.column_step == 1) set_.widen(reinterpret_cast<const uint8_t*>(x), D_, out);
        else
          for (ptrdiff_t d = 0; d < D_; ++d) out[d] = float(uint8_t(x[d * X_.column_step])) - 128;
      }
      return out;
    }
    for (ptrdiff_t d = 0; d < D_; ++d) memcpy(out + d, x + d * X_.column_step, sizeof(T));
    if (view_.shift)
      for (ptrdiff_t d = 0; d < D_; ++d) out[d] -= T(view_.shift[d]);
    if (view_.scale)
      for (ptrdiff_t d = 0; d < D_; ++d) out[d] *= T(view_.scale[d]);
    return out;
  }

  const Set& set_;
  const Matrix& W_;
  const Matrix& X_;
  const View& view_;
  const Vector& y_;
  const ptrdiff_t N_, D_, C_, stride_;
  const bool bytes_, packed_;
  ptrdiff_t tile_, chunk_;
  Buffer<T> weights_, bias_;
  Buffer<double> total_, total_bias_;
  double total_loss_ = 0;
  Problem<T> problem_;
};

}  // namespace

template <class T>
Outcome softmax_loss(const Set& set, const Matrix& W, const Matrix& X, const View& view,
                     const Vector& y, double reg, int threads, bool (*keep_on)(void*),
                     void* context, T* dW, double* loss) {
  if (view.index && !all_below(*view.index, X.rows)) return Outcome::bad_index;
  if (!all_below(y, W.columns)) return Outcome::bad_label;
  try {
    Batch<T> batch(set, W, X, view, y);
    const Outcome outcome = batch.run(threads, keep_on, context);
    if (outcome == Outcome::done) *loss = batch.finish(reg, dW);
    return outcome;
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
    for (ptrdiff_t begin; (begin = AT_ONCE * next++) < M;)
      for (ptrdiff_t i = begin; i < M && i < begin + AT_ONCE; ++i)
        if (which == 2) f.backward(dy + i * n, z + i * n, n, out + i * n);
        else (which ? f.log_softmax : f.softmax)(z + i * n, n, out + i * n);
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
