// The twin for AVX-512: 32 registers of 16 float or 8 double.

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

namespace {

struct F32 {
  using T = float;
  using Reg = __m512;
  static constexpr int width = 16;
  static constexpr int ROWS = 5, CLASSES = 5, BACK = 10, SUMS = 20, BACK_ROWS = 0, SPAN = 1 << 30;
  static Reg set(float x) { return _mm512_set1_ps(x); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static Reg load_first(const float* p, int n) {
    return _mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p);
  }
  static Reg load(const unsigned char* p) {
    return middle(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg load_first(const unsigned char* p, int n) {
    return middle(_mm_mask_loadu_epi8(_mm_set1_epi8(-128), __mmask16((1u << n) - 1), p));
  }
  static Reg middle(__m128i bytes) {  // x - 128
    return _mm512_sub_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)), _mm512_set1_ps(128));
  }
  static void store(float* p, Reg a) { _mm512_storeu_ps(p, a); }
  static void prefetch(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
  }
  static void prefetch_near(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
  }
  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }  // b where one is NaN
  static Reg round(Reg a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT);
  }
  static Reg pow2(Reg n) {  // the last digits of the sum are n + 127, the exponent of 2^n
    Reg shifted = _mm512_add_ps(n, _mm512_set1_ps(12582912 + 127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23));
  }
  static float sum(Reg a) { return _mm512_reduce_add_ps(a); }
};

struct F64 {
  using T = double;
  using Reg = __m512d;
  static constexpr int width = 8;
  static constexpr int ROWS = 5, CLASSES = 5, BACK = 10, SUMS = 20, BACK_ROWS = 0, SPAN = 1 << 30;
  static Reg set(double x) { return _mm512_set1_pd(x); }
  static Reg load(const double* p) { return _mm512_loadu_pd(p); }
  static Reg load_first(const double* p, int n) {
    return _mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p);
  }
  static void store(double* p, Reg a) { _mm512_storeu_pd(p, a); }
  static void prefetch(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
  }
  static void prefetch_near(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
  }
  static Reg add(Reg a, Reg b) { return _mm512_add_pd(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_pd(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_pd(a, b); }
  static Reg div(Reg a, Reg b) { return _mm512_div_pd(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_pd(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm512_max_pd(a, b); }  // b where one is NaN
  static Reg round(Reg a) {
    return _mm512_roundscale_pd(a, _MM_FROUND_TO_NEAREST_INT);
  }
  static Reg pow2(Reg n) {
    Reg shifted = _mm512_add_pd(n, _mm512_set1_pd(6755399441055744.0 + 1023));
    return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(shifted), 52));
  }
  static double sum(Reg a) { return _mm512_reduce_add_pd(a); }
};

}  // namespace

#include "tile.h"

extern const Set avx512;
const Set avx512 = {"avx512", has_avx512, functions<F32>(), functions<F64>(), tile<F32, uint8_t>};
#endif
