/* One block of samples through a program, for one instruction set.

   The including file sets NAME(x) (a name of its own for each instruction set), VEC_BYTES and the
   macros of vector operations; see engine.c. */

#if VEC_BYTES == 8
typedef uint64_t NAME(vec) __attribute__((may_alias));
#else
typedef uint64_t NAME(vec) __attribute__((vector_size(VEC_BYTES), may_alias));
#endif
#define vec NAME(vec)
#define PARTS (SLOT_BYTES / VEC_BYTES) /* machine vectors of 512 samples */

/* ---- nodes ---- */

#ifdef TERNARY
#define lut3(a, b, c, table) TERNARY(a, b, c, table)
#else
/* A function of two pins, its four table bits known when this is compiled. */
INLINE vec NAME(lut2)(vec a, vec b, int table)
{
    switch (table & 15) {
    case 0: return a ^ a;
    case 1: return ~(a | b);
    case 2: return a & ~b;
    case 3: return ~b;
    case 4: return b & ~a;
    case 5: return ~a;
    case 6: return a ^ b;
    case 7: return ~(a & b);
    case 8: return a & b;
    case 9: return ~(a ^ b);
    case 10: return a;
    case 11: return a | ~b;
    case 12: return b;
    case 13: return b | ~a;
    case 14: return a | b;
    default: return ~(a ^ a);
    }
}

/* f = f0 ^ (c & (f0 ^ f1)), Davio's expansion: xor and carry come out short. */
INLINE vec NAME(lut3)(vec a, vec b, vec c, int table)
{
    int low = table & 15, difference = low ^ (table >> 4);
    return NAME(lut2)(a, b, low) ^ (c & NAME(lut2)(a, b, difference));
}
#define lut3(a, b, c, table) NAME(lut3)(a, b, c, table)
#endif

#define XOR3 0x96
#define MAJORITY 0xe8
#define SELECT 0xca /* c ? b : a */

/* Runs of nodes with one table. Operands of a node: slot of the result, slots of the pins. */
#define RUN(table)                                                                               \
    case table:                                                                                  \
        for (; count; count--, at += 4)                                                          \
            for (int part = 0; part < parts; part++)                                             \
                SLOT(at[0])[part] = lut3(SLOT(at[1])[part], SLOT(at[2])[part],                   \
                                         SLOT(at[3])[part], table);                              \
        break;

#define RUN2(table)                                                                              \
    case table:                                                                                  \
        for (; count; count--, at += 4)                                                          \
            for (int part = 0; part < parts; part++) {                                           \
                vec a = SLOT(at[1])[part], b = SLOT(at[2])[part];                                \
                SLOT(at[0])[part] = lut3(a, b, b, table);                                        \
            }                                                                                    \
        break;

#define DEFINE_RUN(suffix, index, vectors)                                                       \
    static const index *NAME(run_##suffix##_##vectors)(                                          \
        uint8_t *values, uint32_t table, uint32_t count, const index *at)                        \
    {                                                                                            \
        enum { parts = vectors * PARTS };                                                        \
        switch (table) {                                                                         \
            TABLES_OF_TWO(RUN2)                                                                  \
            TABLES_OF_THREE(RUN)                                                                 \
        }                                                                                        \
        return at;                                                                               \
    }

#define SLOT(number) ((vec *)(values + (size_t)(number) * (parts * VEC_BYTES)))
DEFINE_RUN(narrow, uint16_t, 1)
DEFINE_RUN(narrow, uint16_t, 2)
DEFINE_RUN(narrow, uint16_t, 4)
DEFINE_RUN(wide, uint32_t, 1)
#undef SLOT

/* ---- popcount ---- */

#define FULL_ADD(sum, carry, a, b)                                                               \
    do {                                                                                         \
        vec before = sum;                                                                        \
        sum = lut3(before, a, b, XOR3);                                                          \
        carry = lut3(before, a, b, MAJORITY);                                                    \
    } while (0)

typedef struct {
    vec ones, twos, fours;
} NAME(counter);

/* Add eight bits; returns the carry of weight eight. (Harley and Seal's carry-save tree.) */
INLINE vec NAME(add_eight)(NAME(counter) *sum, const vec bit[8])
{
    vec two_a, two_b, four_a, four_b, eight;
    FULL_ADD(sum->ones, two_a, bit[0], bit[1]);
    FULL_ADD(sum->ones, two_b, bit[2], bit[3]);
    FULL_ADD(sum->twos, four_a, two_a, two_b);
    FULL_ADD(sum->ones, two_a, bit[4], bit[5]);
    FULL_ADD(sum->ones, two_b, bit[6], bit[7]);
    FULL_ADD(sum->twos, four_b, two_a, two_b);
    FULL_ADD(sum->fours, eight, four_a, four_b);
    return eight;
}

/* Add n bits of `plane` to a sum of planes that are `step` vectors apart. The carries of weight
   eight are bits of three planes above, and so on. */
INLINE void NAME(count_one_part)(
    const vec *values, size_t slot_step, const void *list, int wide, size_t n, vec *sum,
    size_t step, uint32_t plane, uint32_t n_planes, vec *carries)
{
    const uint16_t *narrow = list;
    const uint32_t *broad = list;
    const vec zero = {0};
    vec bit[8];
    NAME(counter) now = {sum[plane * step], sum[(plane + 1) * step], sum[(plane + 2) * step]};
    size_t n_carries = 0;
    for (size_t i = 0; i < n; i += 8) {
        for (size_t k = 0; k < 8; k++)
            bit[k] = values[(wide ? (size_t)broad[i + k] : (size_t)narrow[i + k]) * slot_step];
        carries[n_carries++] = NAME(add_eight)(&now, bit);
    }
    for (;;) {
        sum[plane * step] = now.ones;
        sum[(plane + 1) * step] = now.twos;
        sum[(plane + 2) * step] = now.fours;
        plane += 3;
        if (n_carries == 0 || plane >= n_planes)
            return;
        now = (NAME(counter)){sum[plane * step], sum[(plane + 1) * step], sum[(plane + 2) * step]};
        size_t read = n_carries;
        n_carries = 0;
        for (size_t i = 0; i < read; i += 8) {
            for (size_t k = 0; k < 8; k++)
                bit[k] = i + k < read ? carries[i + k] : zero;
            carries[n_carries++] = NAME(add_eight)(&now, bit);
        }
    }
}

static void NAME(count_bits)(
    const program *net, scratch *work, const uint32_t *instruction, const void *list)
{
    size_t step = (size_t)net->vectors * PARTS;
    vec *sum = (vec *)work->sums + instruction[2] * planes_allocated(net) * step;
    for (size_t part = 0; part < step; part++) {
        const vec *values = (const vec *)work->values + part;
        if (net->wide)
            NAME(count_one_part)(values, step, list, 1, instruction[1], sum + part, step,
                                 instruction[3], net->n_planes, (vec *)work->carries);
        else
            NAME(count_one_part)(values, step, list, 0, instruction[1], sum + part, step,
                                 instruction[3], net->n_planes, (vec *)work->carries);
    }
}

/* Take the second half of the sums off the first half, modulo 2^n_planes: a - b = a + ~b + 1. */
static void NAME(subtract)(const program *net, scratch *work)
{
    size_t step = (size_t)net->vectors * PARTS, sum_step = planes_allocated(net) * step;
    const vec zero = {0};
    for (uint32_t class = 0; class < net->n_results; class++)
        for (size_t part = 0; part < step; part++) {
            vec *a = (vec *)work->sums + class * sum_step + part;
            const vec *b = a + net->n_results * sum_step;
            vec carry = ~zero;
            for (size_t plane = 0; plane < net->n_planes; plane++) {
                vec left = a[plane * step], right = b[plane * step];
                a[plane * step] = lut3(left, right, carry, 0x69);
                carry = lut3(left, right, carry, 0xb2);
            }
        }
}

/* ---- argmax ---- */

/* Planes of the index of the highest sum, the lowest index among equals, into work->winner behind
   the planes of the best sum. */
static void NAME(argmax)(const program *net, scratch *work)
{
    size_t step = (size_t)net->vectors * PARTS, planes = net->n_planes;
    int n_index = index_planes(net->n_results);
    for (size_t part = 0; part < step; part++) {
        const vec *sum = (const vec *)work->sums + part;
        vec *best = (vec *)work->winner + part, *index = best + MAX_PLANES * step;
        for (size_t plane = 0; plane < planes; plane++)
            best[plane * step] = sum[plane * step];
        for (int bit = 0; bit < n_index; bit++)
            index[bit * step] = *best ^ *best;
        for (uint32_t class = 1; class < net->n_results; class++) {
            sum += planes_allocated(net) * step;
            vec more = *best ^ *best;
            for (size_t plane = 0; plane < planes; plane++) /* a > b: the highest unlike bits */
                more = lut3(best[plane * step], sum[plane * step], more, 0xd4);
            for (size_t plane = 0; plane < planes; plane++)
                best[plane * step] = lut3(best[plane * step], sum[plane * step], more, SELECT);
            for (int bit = 0; bit < n_index; bit++)
                index[bit * step] = class >> bit & 1 ? index[bit * step] | more
                                                     : index[bit * step] & ~more;
        }
    }
}

/* ---- features to input bits ---- */

/* Exchange the off-diagonal blocks of `shift` bits between two rows of a bit matrix. */
#ifdef TERNARY
#define EXCHANGE(low, high, shift, mask)                                                         \
    do {                                                                                         \
        vec above = low >> (shift), below = high << (shift), kept = (vec){0} + (mask);           \
        high = lut3(high, above, kept, SELECT);                                                  \
        low = lut3(below, low, kept, SELECT);                                                    \
    } while (0)
#else
#define EXCHANGE(low, high, shift, mask)                                                         \
    do {                                                                                         \
        vec other = ((low >> (shift)) ^ high) & ((vec){0} + (mask));                             \
        high ^= other;                                                                           \
        low ^= other << (shift);                                                                 \
    } while (0)
#endif

/* Three of the six steps that transpose 64 x 64 bits, on eight rows in registers. */
INLINE void NAME(exchange_eight)(vec row[8], int unit, uint64_t far, uint64_t middle, uint64_t near)
{
    for (int i = 0; i < 4; i++)
        EXCHANGE(row[i], row[i + 4], 4 * unit, far);
    for (int i = 0; i < 8; i += 4)
        for (int k = i; k < i + 2; k++)
            EXCHANGE(row[k], row[k + 2], 2 * unit, middle);
    for (int i = 0; i < 8; i += 2)
        EXCHANGE(row[i], row[i + 1], unit, near);
}

/* From masks[sample of 64][tile of 8], a bit a lane, to the slots of the lanes. */
static void NAME(transpose)(uint64_t *masks, const uint32_t *lane_slot, uint64_t *values,
                            size_t slot_words)
{
    vec row[8];
    for (size_t part = 0; part < PARTS; part++) {
        vec *from = (vec *)masks + part;
        for (size_t first = 0; first < 8; first++) {
            for (size_t i = 0; i < 8; i++)
                row[i] = from[(first + 8 * i) * PARTS];
            NAME(exchange_eight)(row, 8, 0x00000000ffffffff, 0x0000ffff0000ffff,
                                 0x00ff00ff00ff00ff);
            for (size_t i = 0; i < 8; i++)
                from[(first + 8 * i) * PARTS] = row[i];
        }
        for (size_t first = 0; first < 64; first += 8) {
            for (size_t i = 0; i < 8; i++)
                row[i] = from[(first + i) * PARTS];
            NAME(exchange_eight)(row, 1, 0x0f0f0f0f0f0f0f0f, 0x3333333333333333,
                                 0x5555555555555555);
            for (size_t i = 0; i < 8; i++)
                ((vec *)(values + lane_slot[first + i] * slot_words))[part] = row[i];
        }
    }
}

/* Eight rows at a time, one of each 64 x 64 tile, so that their bits share a cache line. */
INLINE void NAME(compare_rows)(const program *net, scratch *work, const uint8_t *rows,
                               int64_t stride, int64_t last, int element_bytes)
{
    const uint8_t *features[SLOT_WORDS];
    for (int64_t row = 0; row < 64; row++) {
        for (int64_t tile = 0; tile < SLOT_WORDS; tile++) {
            int64_t sample = tile * 64 + row;
            features[tile] = rows + (sample < last ? sample : last) * stride;
        }
        uint64_t *mask = work->masks + row * SLOT_WORDS;
        const uint8_t *threshold = net->threshold;
        for (uint32_t i = 0; i < net->n_masks; i++) {
            size_t offset = (size_t)net->offset[i] * element_bytes;
            if (element_bytes == 1)
                AT_LEAST_8(features, offset, threshold, mask);
            else
                AT_LEAST_16(features, offset, threshold, mask);
            threshold += LANES * element_bytes;
            mask += GROUP_MASKS;
        }
    }
}

/* Rows side by side with copies of themselves, so that short rows fill all lanes. */
static void NAME(pad_rows)(const program *net, scratch *work, const uint8_t *rows, int64_t stride,
                           int64_t last)
{
    size_t bytes = (size_t)net->n_features * net->element_bytes, to = padded_row_bytes(net);
    for (int64_t sample = 0; sample <= last; sample++)
        for (uint32_t copy = 0; copy < net->copies; copy++)
            memcpy(work->rows + sample * to + copy * bytes, rows + sample * stride, bytes);
}

/* Input bits of up to 512 rows, in vector `vector` of their slots. */
static void NAME(encode)(const program *net, scratch *work, const uint8_t *rows, int64_t stride,
                         int64_t n_samples, uint32_t vector)
{
    int64_t last = (n_samples < GROUP ? n_samples : GROUP) - 1;
    if (net->copies) {
        NAME(pad_rows)(net, work, rows, stride, last);
        rows = work->rows;
        stride = (int64_t)padded_row_bytes(net);
    }
    if (net->element_bytes == 1)
        NAME(compare_rows)(net, work, rows, stride, last, 1);
    else
        NAME(compare_rows)(net, work, rows, stride, last, 2);
    for (uint32_t i = 0; i < net->n_masks; i++)
        NAME(transpose)(work->masks + (size_t)i * GROUP_MASKS, net->lane_slot + i * LANES,
                        work->values + vector * SLOT_WORDS, (size_t)net->vectors * SLOT_WORDS);
}

/* ---- a block ---- */

static void NAME(gates)(const program *net, scratch *work)
{
    const uint8_t *at = net->operands;
    for (uint32_t i = 0; i < net->n_instructions; i++) {
        const uint32_t *instruction = net->instruction + 4 * (size_t)i;
        uint32_t operation = instruction[0], count = instruction[1];
        uint8_t *values = (uint8_t *)work->values;
        if (operation == COUNT) {
            NAME(count_bits)(net, work, instruction, at);
            at += (size_t)count * (net->wide ? 4 : 2);
        } else if (net->wide)
            at = (const uint8_t *)NAME(run_wide_1)(values, operation, count, (const uint32_t *)at);
        else if (net->vectors == 1)
            at = (const uint8_t *)NAME(run_narrow_1)(values, operation, count, (const uint16_t *)at);
        else if (net->vectors == 2)
            at = (const uint8_t *)NAME(run_narrow_2)(values, operation, count, (const uint16_t *)at);
        else
            at = (const uint8_t *)NAME(run_narrow_4)(values, operation, count, (const uint16_t *)at);
    }
}

static const kernel NAME(kernel) = {NAME(encode), NAME(gates), NAME(subtract), NAME(argmax)};

#undef vec
#undef PARTS
#undef lut3
#undef XOR3
#undef MAJORITY
#undef SELECT
#undef RUN
#undef RUN2
#undef DEFINE_RUN
#undef FULL_ADD
#undef EXCHANGE
#undef NAME
#undef VEC_BYTES
#undef TERNARY
#undef AT_LEAST_8
#undef AT_LEAST_16
