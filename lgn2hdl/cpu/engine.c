/* The CPU engine: runs a program of three-input nodes on many samples; see program.py and engine.h.

   Everything that depends on the instruction set stands in kernel.h, which is compiled once for
   each of them; the caller asks for one that this processor has. */

#include "engine.h"

typedef struct {
    void (*encode)(const program *, scratch *, const uint8_t *, int64_t, int64_t, uint32_t);
    void (*gates)(const program *, scratch *);
    void (*subtract)(const program *, scratch *);
    void (*argmax)(const program *, scratch *);
} kernel;

/* Tables of nodes that read two pins, and three; every other one is one of these after its pins
   are reordered and its result is complemented where it is 1 for zeros. A copy is a node, too. */
#define TABLES_OF_TWO(X) X(0x22) X(0x66) X(0x88) X(0xaa) X(0xee)
#define TABLES_OF_THREE(X)                                                                       \
    X(0x02) X(0x06) X(0x08) X(0x0e) X(0x16) X(0x18) X(0x1a) X(0x1e) X(0x28) X(0x2a) X(0x2c)      \
    X(0x2e) X(0x3e) X(0x68) X(0x6a) X(0x6e) X(0x7e) X(0x80) X(0x82) X(0x86) X(0x8a) X(0x8e)      \
    X(0x96) X(0x98) X(0x9a) X(0x9e) X(0xa8) X(0xac) X(0xae) X(0xbc) X(0xbe) X(0xe8) X(0xea)      \
    X(0xfe)

#if defined(__clang__)
#define TARGET_BEGIN(list) PRAGMA(clang attribute push(__attribute__((target(list))), apply_to = function))
#define TARGET_END PRAGMA(clang attribute pop)
#else
#define TARGET_BEGIN(list) PRAGMA(GCC push_options) PRAGMA(GCC target(list))
#define TARGET_END PRAGMA(GCC pop_options)
#endif
#define PRAGMA(text) _Pragma(#text)

#define LITTLE_ENDIAN_BYTES (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#if defined(__aarch64__) && defined(__ARM_NEON) && LITTLE_ENDIAN_BYTES
#define HAS_NEON 1
#else
#define HAS_NEON 0
#endif

/* Comparisons: bit i of mask[tile] is whether feature i behind rows[tile] + offset is at least
   threshold i, for 64 features of eight rows. */

/* ---- portable: 64-bit words ---- */

static uint64_t at_least_one_by_one(const uint8_t *feature, const uint8_t *threshold)
{
    uint64_t mask = 0;
    for (int i = 0; i < LANES; i++)
        mask |= (uint64_t)(feature[i] >= threshold[i]) << i;
    return mask;
}

/* Eight bytes at a time: the high bit of each byte tells whether x >= t there. */
INLINE uint64_t at_least_bytes(const uint8_t *feature, const uint8_t *threshold)
{
    const uint64_t high = 0x8080808080808080u;
    uint64_t mask = 0;
    for (int i = 0; i < LANES; i += 8) {
        uint64_t x, t;
        memcpy(&x, feature + i, 8);
        memcpy(&t, threshold + i, 8);
        uint64_t low = (x | high) - (t & ~high);
        uint64_t at_least = ((x & ~t) | (~(x ^ t) & low)) & high;
        mask |= ((at_least >> 7) * 0x0102040810204080u >> 56) << i;
    }
    return mask;
}

INLINE void at_least_8(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                       uint64_t *mask)
{
    for (int tile = 0; tile < SLOT_WORDS; tile++)
        mask[tile] = LITTLE_ENDIAN_BYTES ? at_least_bytes(rows[tile] + offset, threshold)
                                         : at_least_one_by_one(rows[tile] + offset, threshold);
}

INLINE void at_least_16(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                        uint64_t *mask)
{
    uint16_t x[LANES], t[LANES];
    memcpy(t, threshold, sizeof t);
    for (int tile = 0; tile < SLOT_WORDS; tile++) {
        memcpy(x, rows[tile] + offset, sizeof x);
        mask[tile] = 0;
        for (int i = 0; i < LANES; i++)
            mask[tile] |= (uint64_t)(x[i] >= t[i]) << i;
    }
}

#define NAME(x) x##_portable
#define VEC_BYTES 8
#define AT_LEAST_8 at_least_8
#define AT_LEAST_16 at_least_16
#include "kernel.h"

/* ---- x86: AVX2 and AVX-512 ---- */

#if defined(__x86_64__)
#include <immintrin.h>

TARGET_BEGIN("avx2,bmi,bmi2")
INLINE void at_least_8_avx2(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                            uint64_t *mask)
{
    const __m256i *t = (const __m256i *)threshold;
    __m256i low = _mm256_loadu_si256(t), high = _mm256_loadu_si256(t + 1);
    for (int tile = 0; tile < SLOT_WORDS; tile++) {
        const __m256i *x = (const __m256i *)(rows[tile] + offset);
        __m256i a = _mm256_loadu_si256(x), b = _mm256_loadu_si256(x + 1);
        a = _mm256_cmpeq_epi8(_mm256_max_epu8(a, low), a);
        b = _mm256_cmpeq_epi8(_mm256_max_epu8(b, high), b);
        mask[tile] = (uint32_t)_mm256_movemask_epi8(a)
                     | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
    }
}

INLINE uint64_t half_16_avx2(const uint8_t *feature, const uint8_t *threshold)
{
    __m256i at_least[2];
    for (int half = 0; half < 2; half++) {
        __m256i x = _mm256_loadu_si256((const __m256i *)feature + half);
        __m256i t = _mm256_loadu_si256((const __m256i *)threshold + half);
        at_least[half] = _mm256_cmpeq_epi16(_mm256_max_epu16(x, t), x);
    }
    /* (packing works within 128-bit halves) */
    __m256i bytes = _mm256_packs_epi16(at_least[0], at_least[1]);
    return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(bytes, 0xd8));
}

INLINE void at_least_16_avx2(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                             uint64_t *mask)
{
    for (int tile = 0; tile < SLOT_WORDS; tile++)
        mask[tile] = half_16_avx2(rows[tile] + offset, threshold)
                     | half_16_avx2(rows[tile] + offset + LANES, threshold + LANES) << 32;
}

#define NAME(x) x##_avx2
#define VEC_BYTES 32
#define AT_LEAST_8 at_least_8_avx2
#define AT_LEAST_16 at_least_16_avx2
#include "kernel.h"
TARGET_END

TARGET_BEGIN("avx512f,avx512bw,bmi,bmi2")
INLINE void at_least_8_avx512(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                              uint64_t *mask)
{
    __m512i t = _mm512_loadu_si512(threshold);
    for (int tile = 0; tile < SLOT_WORDS; tile++)
        mask[tile] = _mm512_cmpge_epu8_mask(_mm512_loadu_si512(rows[tile] + offset), t);
}

INLINE void at_least_16_avx512(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                               uint64_t *mask)
{
    __m512i low = _mm512_loadu_si512(threshold), high = _mm512_loadu_si512(threshold + LANES);
    for (int tile = 0; tile < SLOT_WORDS; tile++) {
        const uint8_t *x = rows[tile] + offset;
        uint64_t a = _mm512_cmpge_epu16_mask(_mm512_loadu_si512(x), low);
        uint64_t b = _mm512_cmpge_epu16_mask(_mm512_loadu_si512(x + LANES), high);
        mask[tile] = a | b << 32;
    }
}

#define NAME(x) x##_avx512
#define VEC_BYTES 64
#define TERNARY(a, b, c, table)                                                                  \
    ((vec)_mm512_ternarylogic_epi64((__m512i)(c), (__m512i)(b), (__m512i)(a), table))
#define AT_LEAST_8 at_least_8_avx512
#define AT_LEAST_16 at_least_16_avx512
#include "kernel.h"
TARGET_END
#endif

/* ---- ARM: NEON ---- */

#if HAS_NEON
#include <arm_neon.h>

/* Bit i of the result is lane i of 64 lanes that are 0 or all ones. */
INLINE uint64_t lanes_neon(const uint8x16_t lane[4])
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t weight = vld1q_u8(weights);
    uint8x16_t low = vpaddq_u8(vandq_u8(lane[0], weight), vandq_u8(lane[1], weight));
    uint8x16_t high = vpaddq_u8(vandq_u8(lane[2], weight), vandq_u8(lane[3], weight));
    uint8x16_t sums = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

INLINE void at_least_8_neon(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                            uint64_t *mask)
{
    for (int tile = 0; tile < SLOT_WORDS; tile++) {
        uint8x16_t lane[4];
        for (int i = 0; i < 4; i++)
            lane[i] = vcgeq_u8(vld1q_u8(rows[tile] + offset + 16 * i), vld1q_u8(threshold + 16 * i));
        mask[tile] = lanes_neon(lane);
    }
}

INLINE uint8x8_t eight_16_neon(const uint8_t *feature, const uint8_t *threshold)
{
    uint16x8_t x = vreinterpretq_u16_u8(vld1q_u8(feature));
    return vmovn_u16(vcgeq_u16(x, vreinterpretq_u16_u8(vld1q_u8(threshold))));
}

INLINE void at_least_16_neon(const uint8_t *const *rows, size_t offset, const uint8_t *threshold,
                             uint64_t *mask)
{
    for (int tile = 0; tile < SLOT_WORDS; tile++) {
        const uint8_t *x = rows[tile] + offset;
        uint8x16_t lane[4];
        for (int i = 0; i < 4; i++)
            lane[i] = vcombine_u8(eight_16_neon(x + 32 * i, threshold + 32 * i),
                                  eight_16_neon(x + 32 * i + 16, threshold + 32 * i + 16));
        mask[tile] = lanes_neon(lane);
    }
}

#define NAME(x) x##_neon
#define VEC_BYTES 16
#define AT_LEAST_8 at_least_8_neon
#define AT_LEAST_16 at_least_16_neon
#include "kernel.h"
#endif

/* The kernel of an instruction set, or null where this processor or this build has none. */
static const kernel *kernel_of(int instruction_set)
{
    switch (instruction_set) {
    case 0:
        return &kernel_portable;
#if defined(__x86_64__)
    case 1:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? &kernel_avx2 : NULL;
    case 2:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                       && __builtin_cpu_supports("bmi2")
                   ? &kernel_avx512
                   : NULL;
#endif
#if HAS_NEON
    case 3:
        return &kernel_neon;
#endif
    default:
        return NULL;
    }
}

int engine_supports(int instruction_set)
{
    return kernel_of(instruction_set) != NULL;
}

/* ---- tables ---- */

#define MAGIC 0x356e676cu
#define HEADER_WORDS 17

static int is_table(uint32_t operation)
{
    switch (operation) {
#define CASE(table) case table:
        TABLES_OF_TWO(CASE)
        TABLES_OF_THREE(CASE)
        return 1;
    }
    return 0;
}

int engine_has_table(int table)
{
    return is_table((uint32_t)table);
}

static int header_fits(const program *net)
{
    int vectors = net->vectors == 1 || (!net->wide && (net->vectors == 2 || net->vectors == 4));
    int elements = net->element_bytes == 1 || net->element_bytes == 2;
    int head = net->head == GROUP_SUM || net->head == BITS;
    uint64_t row = (uint64_t)net->n_features * (net->copies ? net->copies : 1);
    return vectors && elements && head && net->wide <= 1 && net->n_slots >= 2
           && (net->wide || net->n_slots <= 65536) && net->n_slots <= (1u << 30)
           && net->n_features >= 1 && row <= (1u << 30) && (net->copies || row >= LANES)
           && net->n_results >= 1 && net->n_results <= 65536
           && (net->head == BITS
                   ? net->n_planes == 0 && net->n_sums == 0
                   : net->n_planes >= 1 && net->n_planes <= MAX_PLANES
                         && (net->n_sums == net->n_results || net->n_sums == 2 * net->n_results));
}

/* Read one section; null when the table ends before. */
static const uint32_t *section(const uint32_t **at, uint64_t *left, uint64_t words)
{
    const uint32_t *found = *at;
    if (words > *left)
        return NULL;
    *at += words;
    *left -= words;
    return found;
}

static int below(const uint32_t *values, uint64_t n, uint64_t step, uint64_t limit)
{
    for (uint64_t i = 0; i < n; i++)
        if (values[i * step] >= limit)
            return 0;
    return 1;
}

static int operands_fit(const program *net)
{
    const uint16_t *narrow = net->operands;
    const uint32_t *wide = net->operands;
    for (uint64_t i = 0; i < net->n_operands; i++)
        if ((net->wide ? wide[i] : narrow[i]) >= net->n_slots)
            return 0;
    return 1;
}

/* Every instruction is known and takes its operands from those that are there. No node writes the
   constant. */
static int instructions_fit(const program *net)
{
    const uint16_t *narrow = net->operands;
    const uint32_t *wide = net->operands;
    uint64_t used = 0;
    for (uint64_t i = 0; i < net->n_instructions; i++) {
        const uint32_t *now = net->instruction + 4 * i;
        uint64_t count = now[1], first = used;
        used += now[0] == COUNT ? count : 4 * count;
        if (used > net->n_operands)
            return 0;
        if (now[0] == COUNT) {
            if (net->head != GROUP_SUM || count % 8 || now[2] >= net->n_sums
                || now[3] >= net->n_planes)
                return 0;
        } else {
            if (!is_table(now[0]))
                return 0;
            for (uint64_t node = 0; node < count; node++)
                if ((net->wide ? wide[first + 4 * node] : narrow[first + 4 * node]) == 0)
                    return 0;
        }
    }
    return used == net->n_operands;
}

/* Find the sections of the tables; 0, or what is wrong: 1 not tables of this version, 2 a header
   that cannot be, 3 a wrong length. */
static int parse(const uint32_t *words, uint64_t n_words, program *net)
{
    const uint32_t *at = words;
    uint64_t left = n_words;
    const uint32_t *head = section(&at, &left, HEADER_WORDS);
    if (!head || head[0] != MAGIC)
        return 1;
    memcpy(net, head + 1, (HEADER_WORDS - 1) * sizeof *head);
    if (!header_fits(net))
        return 2;
    uint64_t masks = net->n_masks, operands = net->n_operands;
    uint64_t result_words = net->n_results * (net->head == BITS ? 2ull : 1ull);
    const uint32_t *threshold;
    net->offset = section(&at, &left, masks);
    threshold = net->offset ? section(&at, &left, masks * LANES / 4 * net->element_bytes) : NULL;
    net->threshold = (const uint8_t *)threshold;
    net->lane_slot = threshold ? section(&at, &left, masks * LANES) : NULL;
    net->packed = net->lane_slot ? section(&at, &left, 2 * (uint64_t)net->n_packed) : NULL;
    net->result = net->packed ? section(&at, &left, result_words) : NULL;
    net->instruction = net->result ? section(&at, &left, 4 * (uint64_t)net->n_instructions) : NULL;
    net->operands =
        net->instruction ? section(&at, &left, net->wide ? operands : (operands + 1) / 2) : NULL;
    return net->operands && !left ? 0 : 3;
}

/* Whether every number of a parsed program names something that is there. Nothing but the engine
   itself writes the constant. */
static int numbers_fit(const program *net)
{
    uint64_t lanes = (uint64_t)net->n_masks * LANES;
    uint64_t elements = net->copies ? padded_row_bytes(net) / net->element_bytes : net->n_features;
    int fits = below(net->offset, net->n_masks, 1, elements - LANES + 1)
               && below(net->lane_slot, lanes, 1, net->n_slots)
               && below(net->packed, net->n_packed, 2, net->n_inputs)
               && below(net->packed + 1, net->n_packed, 2, net->n_slots)
               && (net->head == GROUP_SUM || below(net->result, net->n_results, 2, net->n_slots));
    for (uint64_t i = 0; fits && i < lanes; i++)
        fits = net->lane_slot[i] != 0;
    for (uint64_t i = 0; fits && i < net->n_packed; i++)
        fits = net->packed[2 * i + 1] != 0;
    return fits && operands_fit(net) && instructions_fit(net);
}

/* ---- memory of a thread ---- */

static uint64_t largest_count(const program *net)
{
    uint64_t largest = 0;
    for (uint64_t i = 0; i < net->n_instructions; i++)
        if (net->instruction[4 * i] == COUNT && net->instruction[4 * i + 1] > largest)
            largest = net->instruction[4 * i + 1];
    return largest;
}

/* Bytes that a thread needs; divides `memory` into the parts of `work` unless that is null. */
static uint64_t divide(const program *net, uint8_t *memory, scratch *work)
{
    uint64_t slot = (uint64_t)net->vectors * SLOT_BYTES, used = 0;
    uint64_t values = net->n_slots * slot;
    uint64_t sums = net->n_sums * (uint64_t)planes_allocated(net) * slot;
    uint64_t winner = (MAX_PLANES + 16) * slot;
    uint64_t masks = net->n_masks * (uint64_t)GROUP_MASKS * 8;
    uint64_t carries = (largest_count(net) / 8 + 8) * SLOT_BYTES;
    uint64_t rows = net->copies ? GROUP * (uint64_t)padded_row_bytes(net) : 0;
    uint64_t sizes[6] = {values, sums, winner, masks, carries, rows}, begin[6];
    for (int i = 0; i < 6; i++) {
        begin[i] = used;
        used += (sizes[i] + SLOT_BYTES - 1) / SLOT_BYTES * SLOT_BYTES;
    }
    if (work) {
        work->values = (uint64_t *)(memory + begin[0]);
        work->sums = (uint64_t *)(memory + begin[1]);
        work->winner = (uint64_t *)(memory + begin[2]);
        work->masks = (uint64_t *)(memory + begin[3]);
        work->carries = (uint64_t *)(memory + begin[4]);
        work->rows = memory + begin[5];
    }
    return used;
}

/* Check the tables of a program and tell how many bytes a thread needs for it (a multiple of 64,
   aligned to 64). 0, or what is wrong: see parse, and 4 for a number out of range. */
int engine_check(const uint32_t *words, int64_t n_words, int64_t *scratch_bytes)
{
    program net;
    int wrong = parse(words, (uint64_t)n_words, &net);
    if (!wrong && !numbers_fit(&net))
        wrong = 4;
    *scratch_bytes = wrong ? 0 : (int64_t)divide(&net, NULL, NULL);
    return wrong;
}

/* ---- results ---- */

static uint64_t spread[256]; /* byte i is bit i of the index */

__attribute__((constructor)) static void fill_spread(void)
{
    for (int value = 0; value < 256; value++)
        for (int bit = 0; bit < 8; bit++)
            spread[value] |= (uint64_t)(value >> bit & 1) << 8 * bit;
}

/* Numbers of eight samples from up to 8 of their planes, a number a byte (byte i: sample i). */
INLINE uint64_t eight_numbers(const uint64_t *plane, size_t step, uint32_t n, size_t word, int byte)
{
    uint64_t numbers = 0;
    for (uint32_t i = 0; i < n; i++)
        numbers |= spread[plane[i * step + word] >> 8 * byte & 255] << i;
    return numbers;
}

/* Numbers of eight samples, `n` planes each. */
INLINE void unpack_eight(const uint64_t *plane, size_t step, uint32_t n, size_t word, int byte,
                         uint32_t number[8])
{
    for (int i = 0; i < 8; i++)
        number[i] = 0;
    for (uint32_t first = 0; first < n; first += 8) {
        uint32_t some = n - first < 8 ? n - first : 8;
        uint64_t bytes = eight_numbers(plane + first * step, step, some, word, byte);
        for (int i = 0; i < 8; i++)
            number[i] |= (uint32_t)(bytes >> 8 * i & 255) << first;
    }
}

static void write_classes(const program *net, const scratch *work, int64_t n, int64_t *classes)
{
    size_t step = (size_t)net->vectors * SLOT_WORDS;
    const uint64_t *index = work->winner + MAX_PLANES * step;
    uint32_t planes = (uint32_t)index_planes(net->n_results), number[8];
    for (int64_t first = 0; first < n; first += 8) {
        unpack_eight(index, step, planes, (size_t)(first / 64), (int)(first / 8 % 8), number);
        for (int64_t i = 0; i < 8 && first + i < n; i++)
            classes[first + i] = number[i];
    }
}

static void write_scores(const program *net, const scratch *work, int64_t n, int32_t *scores)
{
    size_t step = (size_t)net->vectors * SLOT_WORDS;
    uint32_t number[8];
    for (uint32_t class = 0; class < net->n_results; class++) {
        const uint64_t *sum = work->sums + class * planes_allocated(net) * step;
        for (int64_t first = 0; first < n; first += 8) {
            unpack_eight(sum, step, net->n_planes, (size_t)(first / 64), (int)(first / 8 % 8),
                         number);
            for (int64_t i = 0; i < 8 && first + i < n; i++)
                scores[(first + i) * net->n_results + class] =
                    (int32_t)(number[i] + net->lowest);
        }
    }
}

/* Row by row from columns of bits, eight outputs of eight samples at a time. */
static void write_bits(const program *net, const scratch *work, int64_t n, uint8_t *bits)
{
    size_t step = (size_t)net->vectors * SLOT_WORDS;
    for (uint32_t output = 0; output < net->n_results; output++) {
        const uint64_t *value = work->values + net->result[2 * output] * step;
        uint64_t flip = net->result[2 * output + 1] ? ~(uint64_t)0 : 0;
        for (int64_t first = 0; first < n; first += 8) {
            uint64_t eight = spread[(value[first / 64] ^ flip) >> first % 64 & 255];
            for (int64_t i = 0; i < 8 && first + i < n; i++)
                bits[(first + i) * net->n_results + output] = (uint8_t)(eight >> 8 * i);
        }
    }
}

/* ---- batches ---- */

static void clear(const program *net, scratch *work)
{
    size_t slot = (size_t)net->vectors * SLOT_WORDS;
    memset(work->values, 0, slot * 8);
    memset(work->sums, 0, net->n_sums * planes_allocated(net) * slot * 8);
    for (uint32_t class = 0; net->n_sums && class < net->n_results; class++)
        for (size_t plane = 0; plane < net->n_planes; plane++)
            if (net->result[class] >> plane & 1)
                memset(work->sums + (class * planes_allocated(net) + plane) * slot, 255, slot * 8);
}

/* Copy packed input bits of a block, zeros where the batch ends. */
static void read_words(const program *net, scratch *work, const batch *job, int64_t first)
{
    size_t slot = (size_t)net->vectors * SLOT_WORDS;
    int64_t there = job->n_words - first / 64;
    for (uint32_t i = 0; i < net->n_packed; i++) {
        const uint64_t *from = job->words + net->packed[2 * i] * job->word_stride + first / 64;
        uint64_t *to = work->values + net->packed[2 * i + 1] * slot;
        if (there >= (int64_t)slot)
            for (uint32_t vector = 0; vector < net->vectors; vector++) /* (a size known here) */
                memcpy(to + vector * SLOT_WORDS, from + vector * SLOT_WORDS, SLOT_BYTES);
        else {
            memset(to, 0, slot * 8);
            memcpy(to, from, (size_t)there * 8);
        }
    }
}

static void run_block(const program *net, const kernel *with, scratch *work, const batch *job,
                      int64_t first, int64_t n)
{
    clear(net, work);
    if (job->rows)
        for (int64_t done = 0; done < n; done += GROUP)
            with->encode(net, work, job->rows + (first + done) * job->row_stride, job->row_stride,
                         n - done, (uint32_t)(done / GROUP));
    else
        read_words(net, work, job, first);
    with->gates(net, work);
    if (net->n_sums > net->n_results)
        with->subtract(net, work);
    if (job->classes) {
        with->argmax(net, work);
        write_classes(net, work, n, job->classes + first);
    }
    if (job->scores)
        write_scores(net, work, n, job->scores + first * net->n_results);
    if (job->bits)
        write_bits(net, work, n, job->bits + first * net->n_results);
}

/* Samples `begin` to `end` of a batch; `begin` is a multiple of the block. The tables passed
   engine_check, `memory` has the bytes that it told, and the batch is whole: the caller's duty. */
int engine_run(const uint32_t *words, int64_t n_words, int instruction_set, void *memory,
               const batch *job, int64_t begin, int64_t end)
{
    program net;
    scratch work;
    const kernel *with = kernel_of(instruction_set);
    if (!with || parse(words, (uint64_t)n_words, &net))
        return 1;
    divide(&net, memory, &work);
    int64_t block = (int64_t)net.vectors * GROUP;
    for (int64_t first = begin; first < end; first += block)
        run_block(&net, with, &work, job, first, end - first < block ? end - first : block);
    return 0;
}
