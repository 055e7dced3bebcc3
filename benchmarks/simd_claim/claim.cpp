// The gradient of softmax in five forms: dx_i = sum_j y_i (1[i == j] - y_j) dy_j, for each row.
//
//     loop_*     that sum as it stands, two loops, O(n^2)
//     linear_*   y_i (dy_i - sum_j dy_j y_j), the same number in O(n)
//     *_scalar   one entry at a time
//     *_simd     eight entries at a time, one accumulator as in the scalar twin. Twins differ in
//                width, and in 1[i == j], a branch in the one and a mask in the other; neither is
//                tuned further
//     loop_simd_published   the loop of the public text, fault and all, written anew
//
// All take (rows, n) float32 in row order, dy and y, and write dx of that shape; n >= 1. They
// trust their arguments and allocate nothing.
//
// Compile without automatic vectorisation, or the scalar forms are none:
//     -O3 -fno-tree-vectorize -fno-tree-slp-vectorize -ffp-contract=off -falign-loops=32
// and with -mavx2 where has_avx2() says 1. The vectors are the extension of GCC and Clang, not
// the intrinsics of one processor: with those flags they are AVX registers, on ARM two NEON
// registers each.

#include <cstdint>

typedef float Vector __attribute__((vector_size(32)));
typedef std::int32_t Integers __attribute__((vector_size(32)));
typedef float Half __attribute__((vector_size(16)));
constexpr long LANES = 8;

static inline Vector load(const float *p) {
    Vector v;
    __builtin_memcpy(&v, p, sizeof v);  // unaligned: no row but the first need start on 32 bytes
    return v;
}

static inline void store(float *p, Vector v) { __builtin_memcpy(p, &v, sizeof v); }

static inline Vector all(float x) { return Vector{x, x, x, x, x, x, x, x}; }

static inline Integers all_of(std::int32_t i) { return Integers{i, i, i, i, i, i, i, i}; }

// 1.0 in the lane whose number is i, 0.0 in the others: an AND of the mask with the bits of 1.0.
static inline Vector one_where(Integers lane, std::int32_t i) {
    Integers mask = lane == all_of(i);
    return (Vector)(mask & (Integers)all(1.0f));
}

// In halves, not lane by lane: at n = 8 this sum is a large part of the work.
static inline float sum(Vector v) {
    Half quad = Half{v[0], v[1], v[2], v[3]} + Half{v[4], v[5], v[6], v[7]};
    Half pair = quad + Half{quad[2], quad[3], quad[2], quad[3]};
    return pair[0] + pair[1];
}

extern "C" {

int has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}

typedef void Function(const float *dy, const float *y, float *dx, long rows, long n);

// Call a form so many times: one call from Python takes as long as 2000 rows of 8 in linear_simd.
void repeat(Function *form, long times, const float *dy, const float *y, float *dx, long rows,
            long n) {
    for (long time = 0; time < times; ++time) form(dy, y, dx, rows, n);
}

// GCC makes a branch of 1[i == j] however it is written; held to a conversion it is slower.
void loop_scalar(const float *dy, const float *y, float *dx, long rows, long n) {
    for (long row = 0; row < rows; ++row, dy += n, y += n, dx += n)
        for (long i = 0; i < n; ++i) {
            float total = 0;
            for (long j = 0; j < n; ++j)
                total += y[i] * ((float)(i == j) - y[j]) * dy[j];
            dx[i] = total;
        }
}

// Right at n = 8 alone. The fault is the text's: dy, where the next function has dy + j, so that
// every block of eight meets the gradient of the first. It knows no n but multiples of 8, and
// leaves out what is over.
void loop_simd_published(const float *dy, const float *y, float *dx, long rows, long n) {
    for (long row = 0; row < rows; ++row, dy += n, y += n, dx += n)
        for (long i = 0; i < n; ++i) {
            Vector total = all(0), yi = all(y[i]);
            Integers lane = {0, 1, 2, 3, 4, 5, 6, 7};
            for (long j = 0; j + LANES <= n; j += LANES, lane += all_of(LANES))
                total += yi * (one_where(lane, (std::int32_t)i) - load(y + j)) * load(dy);
            dx[i] = sum(total);
        }
}

void loop_simd(const float *dy, const float *y, float *dx, long rows, long n) {
    for (long row = 0; row < rows; ++row, dy += n, y += n, dx += n)
        for (long i = 0; i < n; ++i) {
            Vector total = all(0), yi = all(y[i]);
            Integers lane = {0, 1, 2, 3, 4, 5, 6, 7};
            long j = 0;
            for (; j + LANES <= n; j += LANES, lane += all_of(LANES))
                total += yi * (one_where(lane, (std::int32_t)i) - load(y + j)) * load(dy + j);
            float rest = 0;
            for (; j < n; ++j)
                rest += y[i] * ((float)(i == j) - y[j]) * dy[j];
            dx[i] = sum(total) + rest;
        }
}

void linear_scalar(const float *dy, const float *y, float *dx, long rows, long n) {
    for (long row = 0; row < rows; ++row, dy += n, y += n, dx += n) {
        float total = 0;
        for (long j = 0; j < n; ++j) total += y[j] * dy[j];
        for (long j = 0; j < n; ++j) dx[j] = y[j] * (dy[j] - total);
    }
}

void linear_simd(const float *dy, const float *y, float *dx, long rows, long n) {
    for (long row = 0; row < rows; ++row, dy += n, y += n, dx += n) {
        Vector totals = all(0);
        long j = 0;
        for (; j + LANES <= n; j += LANES) totals += load(y + j) * load(dy + j);
        float rest = 0;
        for (; j < n; ++j) rest += y[j] * dy[j];
        float total = sum(totals) + rest;
        for (j = 0; j + LANES <= n; j += LANES)
            store(dx + j, load(y + j) * (load(dy + j) - all(total)));
        for (; j < n; ++j) dx[j] = y[j] * (dy[j] - total);
    }
}

}  // extern "C"
