// The machine's own limits: fused multiply-adds a second, and bytes read a second.
//
//     limits          reads lines, answers each with a number a second, or "absent"
//         fma f32|f64 avx512|avx2|neon|plain THREADS
//         read THREADS
//
// Nothing here is of any contender. Each rate is that of about 20 ms, the threads' rates added.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
#ifdef __linux__
#include <sys/mman.h>
#endif

#if defined(__x86_64__)
#define WITH(features) __attribute__((target(features), noinline))
#else
#define WITH(features) __attribute__((noinline))
#endif

namespace {

constexpr double SECONDS = 0.02;
constexpr int CHAINS = 12;  // independent sums: four cycles of latency, two units, and some over
constexpr long STEPS = 20000;
constexpr std::size_t BYTES = std::size_t{512} << 20;  // far beyond any cache

volatile double sink;

template <class T, int WIDTH>
struct Vector {
    typedef T type __attribute__((vector_size(WIDTH)));
};

// x = x a + b in CHAINS registers; with a < 1 they stay finite, and no step can be left out.
// Where there is no fused multiply-add, a product and a sum count as one.
#define FMA_LOOP(NAME, FEATURES, WIDTH)                                              \
    template <class T>                                                               \
    WITH(FEATURES)                                                                   \
    double NAME(long steps) {                                                        \
        typedef typename Vector<T, WIDTH>::type V;                                   \
        volatile T seed = T(0.999);                                                  \
        V a, b, x[CHAINS];                                                           \
        for (unsigned k = 0; k < WIDTH / sizeof(T); ++k) {                           \
            a[k] = seed;                                                             \
            b[k] = seed;                                                             \
        }                                                                            \
        for (int c = 0; c < CHAINS; ++c) x[c] = b * T(c);                            \
        for (long i = 0; i < steps; ++i)                                             \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; ++c) x[c] = x[c] * a + b; \
        for (int c = 1; c < CHAINS; ++c) x[0] += x[c];                               \
        sink = double(x[0][0]);                                                      \
        return double(steps) * CHAINS * (WIDTH / sizeof(T));                         \
    }

#if defined(__x86_64__)
FMA_LOOP(fma_avx512, "avx512f,fma", 64)
FMA_LOOP(fma_avx2, "avx2,fma", 32)
bool has_avx512() { return __builtin_cpu_supports("avx512f"); }
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif
FMA_LOOP(fma_16, "sse2", 16)  // NEON on ARM, SSE2 on x86

typedef double (*Work)(long);

template <class T>
Work find(const std::string& set) {
#if defined(__x86_64__)
    if (set == "avx512" && has_avx512()) return fma_avx512<T>;
    if (set == "avx2" && has_avx2()) return fma_avx2<T>;
    if (set == "plain") return fma_16<T>;
#elif defined(__aarch64__)
    if (set == "neon") return fma_16<T>;
#else
    if (set == "plain") return fma_16<T>;
#endif
    return nullptr;
}

double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

// The rates of all threads together: each works until the time is over, having begun with all.
template <class Piece>
double together(int threads, Piece piece) {
    std::vector<double> rates(threads);
    std::atomic<int> waiting{threads};
    auto run = [&](int t) {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        double start = now(), done = 0, elapsed = 0;
        for (long k = 0; (elapsed = now() - start) < SECONDS; ++k) done += piece(t, k);
        rates[t] = done / elapsed;
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) others.emplace_back(run, t);
    run(0);
    for (auto& thread : others) thread.join();
    double sum = 0;
    for (double rate : rates) sum += rate;
    return sum;
}

typedef std::uint64_t Words __attribute__((vector_size(64)));

const Words* long_array() {
    static Words* array = [] {
        void* memory = std::aligned_alloc(std::size_t{2} << 20, BYTES);
        if (!memory) return static_cast<Words*>(nullptr);
#ifdef __linux__
        madvise(memory, BYTES, MADV_HUGEPAGE);
#endif
        Words* words = static_cast<Words*>(memory);
        for (std::size_t i = 0; i < BYTES / sizeof(Words); ++i) words[i] = Words{} + i;
        return words;
    }();
    return array;
}

#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default"), noinline))
#endif
double read_piece(const Words* words, std::size_t count) {
    Words sum[4] = {};
    for (std::size_t i = 0; i < count; i += 4)
        for (int k = 0; k < 4; ++k) sum[k] += words[i + k];
    sum[0] += sum[1] + sum[2] + sum[3];
    sink = double(sum[0][0]);
    return double(count) * sizeof(Words);
}

std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string what, dtype, set;
    int threads = 1;
    double rate = 0;
    words >> what;
    if (what == "fma") {
        words >> dtype >> set >> threads;
        Work work = dtype == "f32" ? find<float>(set) : find<double>(set);
        if (!work) return "absent";
        rate = together(threads, [&](int, long) { return work(STEPS); });
    } else if (what == "read") {
        words >> threads;
        const Words* array = long_array();
        if (!array) return "absent";
        const std::size_t piece = std::size_t{4} << 20 >> 6, pieces = BYTES >> 22;
        rate = together(threads, [&](int t, long k) {
            return read_piece(array + (k + t * (pieces / threads)) % pieces * piece, piece);
        });
    } else {
        return "absent";
    }
    std::ostringstream out;
    out << rate;
    return out.str();
}

}  // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) std::cout << answer(line) << std::endl;
}
