// The twin in plain C++, for every machine: a vector is a short array, and what the compiler makes
// of it is the compiler's affair.

#include <math.h>
#include <string.h>

namespace {

template <class Number, class Bits, int DIGITS>
struct Plain {
  using T = Number;
  static constexpr int width = 16 / sizeof(T);
  static constexpr int ROWS = 2, CLASSES = 4, BACK = 5, SUMS = 10, BACK_ROWS = 0, SPAN = 1 << 30;
  struct Reg {
    T lane[width];
  };
  template <class F>
  static Reg each(F f) {
    Reg a;
    for (int j = 0; j < width; ++j) a.lane[j] = f(j);
    return a;
  }
  static Reg set(T x) { return each([&](int) { return x; }); }
  static Reg load(const T* p) { return each([&](int j) { return p[j]; }); }
  static Reg load_first(const T* p, int n) { return each([&](int j) { return j < n ? p[j] : 0; }); }
  static Reg load(const unsigned char* p) { return load_first(p, width); }
  static Reg load_first(const unsigned char* p, int n) {  // x - 128
    return each([&](int j) { return j < n ? T(p[j]) - 128 : 0; });
  }
  static void store(T* p, Reg a) { memcpy(p, a.lane, sizeof(a.lane)); }
  static void prefetch(const void*) {}
  static void prefetch_near(const void*) {}
  static Reg add(Reg a, Reg b) { return each([&](int j) { return a.lane[j] + b.lane[j]; }); }
  static Reg sub(Reg a, Reg b) { return each([&](int j) { return a.lane[j] - b.lane[j]; }); }
  static Reg mul(Reg a, Reg b) { return each([&](int j) { return a.lane[j] * b.lane[j]; }); }
  static Reg div(Reg a, Reg b) { return each([&](int j) { return a.lane[j] / b.lane[j]; }); }
  static Reg fma(Reg a, Reg b, Reg c) {
    return each([&](int j) { return a.lane[j] * b.lane[j] + c.lane[j]; });
  }
  static Reg max(Reg a, Reg b) {  // b where one is NaN
    return each([&](int j) { return a.lane[j] > b.lane[j] ? a.lane[j] : b.lane[j]; });
  }
  // 1.5 * 2^DIGITS: beside it, a number has no digit left behind the point.
  static constexpr T LARGE = T(3) * T(Bits(1) << (DIGITS - 1));
  static Reg round(Reg a) {
    return each([&](int j) {
      volatile T whole = a.lane[j] + LARGE;  // or the compiler might cancel the two
      return whole - LARGE;
    });
  }
  static Reg pow2(Reg n) {  // the last digits of the sum are n + BIAS, the exponent of 2^n
    constexpr T BIAS = sizeof(T) == 4 ? 127 : 1023;
    return each([&](int j) {
      T shifted = n.lane[j] + (LARGE + BIAS), power;
      Bits bits;
      memcpy(&bits, &shifted, sizeof(T));
      bits <<= DIGITS;
      memcpy(&power, &bits, sizeof(T));
      return power;
    });
  }
  static T sum(Reg a) {
    T total = a.lane[0];
    for (int j = 1; j < width; ++j) total += a.lane[j];
    return total;
  }
};

using F32 = Plain<float, unsigned, 23>;
using F64 = Plain<double, unsigned long long, 52>;

}  // namespace

#include "tile.h"

extern const Set plain;
const Set plain = {"plain", always, functions<F32>(), functions<F64>(), tile<F32, uint8_t>};
