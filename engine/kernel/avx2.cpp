// The twin for AVX2 with FMA: 16 registers of 8 float or 4 double.

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

namespace {

struct F32 {
  using T = float;
  using Reg = __m256;
  static constexpr int width = 8;
  static constexpr int ROWS = 3, CLASSES = 4, BACK = 3, BACK_ROWS = 4, SPAN = 640;
  static Reg set(float x) { return _mm256_set1_ps(x); }
  static Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static Reg load_first(const float* p, int n) {
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane);
    return _mm256_maskload_ps(p, mask);
  }
  static Reg load(const unsigned char* p) {
    return middle(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg load_first(const unsigned char* p, int n) {
    unsigned char all[8] = {128, 128, 128, 128, 128, 128, 128, 128};
    for (int j = 0; j < n; ++j) all[j] = p[j];
    return load(all);
  }
  static Reg middle(__m128i bytes) {  // x - 128
    return _mm256_sub_ps(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)), _mm256_set1_ps(128));
  }
  static void store(float* p, Reg a) { _mm256_storeu_ps(p, a); }
  static void prefetch(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
  }
  static void prefetch_near(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
  }
  static Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }  // b where one is NaN
  static Reg round(Reg a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Reg pow2(Reg n) {  // the last digits of the sum are n + 127, the exponent of 2^n
    Reg shifted = _mm256_add_ps(n, _mm256_set1_ps(12582912 + 127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23));
  }
  static float sum(Reg a) {
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
  }
};

struct F64 {
  using T = double;
  using Reg = __m256d;
  static constexpr int width = 4;
  static constexpr int ROWS = 3, CLASSES = 4, BACK = 3, BACK_ROWS = 4, SPAN = 320;
  static Reg set(double x) { return _mm256_set1_pd(x); }
  static Reg load(const double* p) { return _mm256_loadu_pd(p); }
  static Reg load_first(const double* p, int n) {
    __m256i mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
    return _mm256_maskload_pd(p, mask);
  }
  static void store(double* p, Reg a) { _mm256_storeu_pd(p, a); }
  static void prefetch(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
  }
  static void prefetch_near(const void* p) {
    _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
  }
  static Reg add(Reg a, Reg b) { return _mm256_add_pd(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm256_sub_pd(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm256_mul_pd(a, b); }
  static Reg div(Reg a, Reg b) { return _mm256_div_pd(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_pd(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm256_max_pd(a, b); }  // b where one is NaN
  static Reg round(Reg a) {
    return _mm256_round_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Reg pow2(Reg n) {
    Reg shifted = _mm256_add_pd(n, _mm256_set1_pd(6755399441055744.0 + 1023));
    return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(shifted), 52));
  }
  static double sum(Reg a) {
    __m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
  }
};

}  // namespace

#include "tile.h"

extern const Set avx2;
const Set avx2 = {"avx2", has_avx2, functions<F32>(), functions<F64>(), tile<F32, uint8_t>};
#endif
