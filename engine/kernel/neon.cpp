// The twin for NEON, which every 64-bit ARM has: 32 registers of 4 float or 2 double.

#if defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

namespace {

struct F32 {
  using T = float;
  using Reg = float32x4_t;
  static constexpr int width = 4;
  static constexpr int ROWS = 5, CLASSES = 5, BACK = 10, SUMS = 20, BACK_ROWS = 0, SPAN = 1 << 30;
  static Reg set(float x) { return vdupq_n_f32(x); }
  static Reg load(const float* p) { return vld1q_f32(p); }
  static Reg load_first(const float* p, int n) {
    float all[4] = {0, 0, 0, 0};
    memcpy(all, p, size_t(n) * sizeof(float));
    return vld1q_f32(all);
  }
  static Reg load(const unsigned char* p) { return load_first(p, 4); }
  static Reg load_first(const unsigned char* p, int n) {  // x - 128
    uint8_t all[8] = {128, 128, 128, 128, 128, 128, 128, 128};
    memcpy(all, p, size_t(n));
    Reg wide = vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vld1_u8(all)))));
    return vsubq_f32(wide, vdupq_n_f32(128));
  }
  static void store(float* p, Reg a) { vst1q_f32(p, a); }
  static void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }
  static void prefetch_near(const void* p) { __builtin_prefetch(p, 0, 3); }
  static Reg add(Reg a, Reg b) { return vaddq_f32(a, b); }
  static Reg sub(Reg a, Reg b) { return vsubq_f32(a, b); }
  static Reg mul(Reg a, Reg b) { return vmulq_f32(a, b); }
  static Reg div(Reg a, Reg b) { return vdivq_f32(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return vfmaq_f32(c, a, b); }
  static Reg max(Reg a, Reg b) { return vmaxq_f32(a, b); }  // NaN where one is NaN
  static Reg round(Reg a) { return vrndnq_f32(a); }
  static Reg pow2(Reg n) {  // the last digits of the sum are n + 127, the exponent of 2^n
    Reg shifted = vaddq_f32(n, vdupq_n_f32(12582912 + 127));
    return vreinterpretq_f32_s32(vshlq_n_s32(vreinterpretq_s32_f32(shifted), 23));
  }
  static float sum(Reg a) { return vaddvq_f32(a); }
};

struct F64 {
  using T = double;
  using Reg = float64x2_t;
  static constexpr int width = 2;
  static constexpr int ROWS = 5, CLASSES = 5, BACK = 10, SUMS = 20, BACK_ROWS = 0, SPAN = 1 << 30;
  static Reg set(double x) { return vdupq_n_f64(x); }
  static Reg load(const double* p) { return vld1q_f64(p); }
  static Reg load_first(const double* p, int n) {
    double all[2] = {0, 0};
    memcpy(all, p, size_t(n) * sizeof(double));
    return vld1q_f64(all);
  }
  static void store(double* p, Reg a) { vst1q_f64(p, a); }
  static void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }
  static void prefetch_near(const void* p) { __builtin_prefetch(p, 0, 3); }
  static Reg add(Reg a, Reg b) { return vaddq_f64(a, b); }
  static Reg sub(Reg a, Reg b) { return vsubq_f64(a, b); }
  static Reg mul(Reg a, Reg b) { return vmulq_f64(a, b); }
  static Reg div(Reg a, Reg b) { return vdivq_f64(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return vfmaq_f64(c, a, b); }
  static Reg max(Reg a, Reg b) { return vmaxq_f64(a, b); }  // NaN where one is NaN
  static Reg round(Reg a) { return vrndnq_f64(a); }
  static Reg pow2(Reg n) {
    Reg shifted = vaddq_f64(n, vdupq_n_f64(6755399441055744.0 + 1023));
    return vreinterpretq_f64_s64(vshlq_n_s64(vreinterpretq_s64_f64(shifted), 52));
  }
  static double sum(Reg a) { return vaddvq_f64(a); }
};

}  // namespace

#include "tile.h"

extern const Set neon;
const Set neon = {"neon", has_neon, functions<F32>(), functions<F64>(), tile<F32, uint8_t>};
#endif
