/* Small kernels that find the limits of one core: vector operations, loads, stores, memory.

   Every kernel does a known number of operations; the caller takes the time. The compiler's flags
   choose the instruction set: AVX-512, AVX2, NEON, or with -DWORDS plain 64-bit words. A slot is
   512 bits, as in the engine: some vectors side by side. The empty asm statements keep the compiler
   from dropping or merging what is measured; they produce no instructions. */

#include <stdint.h>

#define SLOT_BYTES 64

#if defined(WORDS)
#define BYTES 8
#define REGISTER "+r"
#elif defined(__AVX512F__)
#include <immintrin.h>
#define BYTES 64
#define REGISTER "+v"
#define APPLY(r, a, b) \
    (vector)_mm512_ternarylogic_epi64((__m512i)(r), (__m512i)(a), (__m512i)(b), 0x96)
#elif defined(__AVX2__)
#define BYTES 32
#define REGISTER "+x"
#elif defined(__ARM_NEON)
#define BYTES 16
#define REGISTER "+w"
#else
#error "no instruction set: give -DWORDS, or a flag such as -mavx2"
#endif

#ifndef APPLY
#define APPLY(r, a, b) ((r) ^ (a))
#endif

#if BYTES == 8
typedef uint64_t vector;
#define FILL(x) ((vector)(x))
#else
typedef uint64_t vector __attribute__((vector_size(BYTES)));
#define FILL(x) ((vector){0} + (uint64_t)(x))
#endif

#define KEEP(r) __asm__ volatile("" : REGISTER(r))
#define FORGET_MEMORY __asm__ volatile("" ::: "memory")
#define EIGHT(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define UNROLL 8
#define PARTS (SLOT_BYTES / BYTES)

int64_t machine_vector_bytes(void) { return BYTES; }

#define START(k) vector r##k = FILL(k + 1);
#define START_MORE(k) vector q##k = FILL(k + 9);
#define KEEP_ALL(k) KEEP(r##k);

/* repeats * 16 operations on registers, in chains that do not wait for each other: 16 of them where
   there are 32 registers for them, else 8. */
void machine_operations(int64_t repeats)
{
    vector a = FILL(3), b = FILL(5);
    EIGHT(START)
    KEEP(a);
    KEEP(b);
#if BYTES == 64
    EIGHT(START_MORE)
    for (int64_t i = 0; i < repeats; i++) {
#define STEP(k) r##k = APPLY(r##k, a, b); KEEP(r##k); q##k = APPLY(q##k, a, b); KEEP(q##k);
        EIGHT(STEP)
    }
#else
    for (int64_t i = 0; i < repeats; i++) {
#define STEP(k) r##k = APPLY(r##k, a, b); KEEP(r##k);
        EIGHT(STEP)
        EIGHT(STEP)
    }
#endif
}

/* Loads all `count` vectors, a multiple of UNROLL, in order. */
void machine_loads_in_order(const vector *from, int64_t count, int64_t repeats)
{
    EIGHT(START)
    while (repeats--) {
        for (int64_t i = 0; i < count; i += UNROLL) {
#define LOAD(k) r##k ^= from[i + k];
            EIGHT(LOAD)
        }
        FORGET_MEMORY;
    }
    EIGHT(KEEP_ALL)
}

/* Loads all `count` vectors, a multiple of 4 * UNROLL, from four places at a time: more requests to
   memory are under way than with one. */
void machine_loads_in_streams(const vector *from, int64_t count, int64_t repeats)
{
    int64_t quarter = count / 4;
    EIGHT(START)
    while (repeats--) {
        for (int64_t i = 0; i < quarter; i += UNROLL) {
#define LOAD_FOUR(k) r##k ^= from[i + k] ^ from[quarter + i + k] \
                             ^ from[2 * quarter + i + k] ^ from[3 * quarter + i + k];
            EIGHT(LOAD_FOUR)
        }
        FORGET_MEMORY;
    }
    EIGHT(KEEP_ALL)
}

/* Loads the `count` slots at the byte offsets of a table, a multiple of UNROLL. */
void machine_loads_by_table(const char *from, const uint32_t *offset, int64_t count,
                            int64_t repeats)
{
    EIGHT(START)
    while (repeats--) {
        for (int64_t i = 0; i < count; i += UNROLL) {
#define LOAD_AT(k)                                          \
    for (int part = 0; part < PARTS; part++)                \
        r##k ^= ((const vector *)(from + offset[i + k]))[part];
            EIGHT(LOAD_AT)
        }
        FORGET_MEMORY;
    }
    EIGHT(KEEP_ALL)
}

/* Stores to the `count` slots at the byte offsets of a table, a multiple of UNROLL. */
void machine_stores_by_table(char *to, const uint32_t *offset, int64_t count, int64_t repeats)
{
    EIGHT(START)
    while (repeats--) {
        for (int64_t i = 0; i < count; i += UNROLL) {
#define STORE_AT(k)                                         \
    KEEP(r##k);                                             \
    for (int part = 0; part < PARTS; part++)                \
        ((vector *)(to + offset[i + k]))[part] = r##k;
            EIGHT(STORE_AT)
        }
        FORGET_MEMORY;
    }
}

/* repeats * 16 additions that each wait for the one before: one cycle each. */
uint64_t machine_additions(int64_t repeats)
{
    uint64_t sum = 1, step = 3;
    __asm__ volatile("" : "+r"(step));
#define ADD(k) sum += step; __asm__ volatile("" : "+r"(sum));
    for (int64_t i = 0; i < repeats; i++) {
        EIGHT(ADD)
        EIGHT(ADD)
    }
    return sum;
}

/* Cycles that this thread spent in user code, from the processor's counter; -1 without one. */
#if defined(__linux__)
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int machine_open_counter(void)
{
    struct perf_event_attr wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.type = PERF_TYPE_HARDWARE;
    wanted.size = sizeof wanted;
    wanted.config = PERF_COUNT_HW_CPU_CYCLES;
    wanted.exclude_kernel = 1;
    wanted.exclude_hv = 1;
    return (int)syscall(SYS_perf_event_open, &wanted, 0, -1, -1, 0);
}

int64_t machine_read_counter(int counter)
{
    int64_t cycles;
    return read(counter, &cycles, sizeof cycles) == sizeof cycles ? cycles : -1;
}
#else
int machine_open_counter(void) { return -1; }
int64_t machine_read_counter(int counter) { (void)counter; return -1; }
#endif
