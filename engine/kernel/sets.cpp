// The one file that knows all sets of instructions.

#include "sets.h"

#if defined(_M_X64)
#include <intrin.h>
#endif

extern const Set plain;

#if defined(__x86_64__) || defined(_M_X64)
extern const Set avx512, avx2;
const Set* const SETS[] = {&avx512, &avx2, &plain, nullptr};
#elif defined(__aarch64__)
extern const Set neon;
const Set* const SETS[] = {&neon, &plain, nullptr};
#else
const Set* const SETS[] = {&plain, nullptr};
#endif

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#elif defined(_M_X64)
namespace {
// Whether the processor has all of the bits of a leaf, and the system saves the registers.
bool has(int leaf, int word, unsigned bits, unsigned long long registers) {
  int info[4];
  __cpuid(info, 1);
  if (!(info[2] & (1 << 27)) || (_xgetbv(0) & registers) != registers) return false;
  __cpuidex(info, leaf, 0);
  return (unsigned(info[word]) & bits) == bits;
}
}  // namespace
bool has_avx512() {
  return has(7, 1, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, 0xe6);  // F, DQ, BW, VL
}
bool has_avx2() { return has(7, 1, 1u << 5, 6) && has(1, 2, 1u << 12, 6); }
#endif
bool has_neon() { return true; }  // on the machines whose list names it
bool always() { return true; }
