/* Values that are all 0 or 1 between the layers: packing, counting, correlating; see hard_bits.py.

   Everything is exact but the last product of a correlation, so vectors of any width give the same
   bytes. Rows, bits or pins begin to end of a result are computed by one call. */

#include "hard.h"
#include "tails.h"

/* Truth tables [nodes] of rows[rows, nodes], each 0 or 1; nodes begin to end. */
void hard_tables(const float *rows, int64_t count, int64_t nodes, uint64_t *table, int64_t begin,
                 int64_t end)
{
    memset(table + begin, 0, (size_t)(end - begin) * sizeof *table);
    for (int64_t row = 0; row < count; row++)
        for (int64_t node = begin; node < end; node++)
            table[node] |= (uint64_t)(rows[row * nodes + node] > 0.5f) << row;
}

/* A byte for every bit, [sources, words * 64]; sources begin to end. */
void hard_expand(const uint64_t *x, int64_t words, uint8_t *y, int64_t begin, int64_t end)
{
    for (int64_t word = begin * words; word < end * words; word++)
        for (int first = 0; first < WORD; first += BYTES)
            *(bytes *)(y + word * WORD + first) = expand(x[word], first);
}

/* The same with four samples of every source side by side, [words * 16, stride, 4]. */
void hard_interleave(const uint64_t *x, int64_t words, int64_t stride, int32_t *y, int64_t begin,
                     int64_t end)
{
    for (int64_t source = begin; source < end; source++)
        for (int64_t word = 0; word < words; word++)
            for (int first = 0; first < WORD; first += BYTES) {
                ivec fours = (ivec)expand(x[source * words + word], first);
                int32_t *to = y + (word * WORD + first) / 4 * stride + source;
                for (int lane = 0; lane < LANES; lane++)
                    to[lane * stride] = fours[lane];
            }
}

#define SIDE 4   /* pins that are correlated side by side */
#define BESIDE 2 /* vectors of sources */

/* score[pin - begin, s]: the correlation of pins begin to end, whose levels[pins, samples] stand for
   units, with every one of the sources, bits taken as -1 and 1; with x as hard_interleave gives it
   and stride a multiple of 32. */
void hard_sources(const int8_t *levels, const float *unit, int64_t samples, const int32_t *x,
                  int64_t stride, int64_t sources, float *score, int64_t begin, int64_t end)
{
    for (int64_t pin = begin; pin < end; pin += SIDE) {
        int32_t every[SIDE];
        const int32_t *mine[SIDE];
        int64_t high = end - pin < SIDE ? end - pin : SIDE;
        for (int i = 0; i < SIDE; i++) {
            const int8_t *level = levels + (i < high ? pin + i : pin) * samples;
            every[i] = total_level(level, samples);
            mine[i] = (const int32_t *)level;
        }
        for (int64_t first = 0; first < sources; first += BESIDE * LANES) {
            ivec total[SIDE][BESIDE] = {{{0}}};
            for (int64_t at = 0; at < samples / 4; at++)
                for (int part = 0; part < BESIDE; part++) {
                    bytes here = *(const bytes *)(x + at * stride + first + part * LANES);
                    for (int i = 0; i < SIDE; i++)
                        total[i][part] = dot(total[i][part], here, (bytes)((ivec){0} + mine[i][at]));
                }
            for (int i = 0; i < high; i++)
                for (int part = 0; part < BESIDE; part++) {
                    ivec whole = total[i][part] * 2 - every[i];
                    int64_t at = first + part * LANES;
                    store(score + (pin + i - begin) * sources + at,
                          __builtin_convertvector(whole, vec) * unit[pin + i], sources - at);
                }
        }
    }
}

/* The place of the lowest of sign * score of every row, the first among equals, for sign 1 or -1;
   rows begin to end. */
void hard_lowest(const float *score, int64_t sources, int64_t sign, int64_t *found, int64_t begin,
                 int64_t end)
{
    const float factor = (float)sign;
    for (int64_t row = begin; row < end; row++) {
        const float *mine = score + row * sources;
        float lowest = mine[0] * factor;
        vec best = (vec){0} + lowest;
        ivec at = {0}, here;
        for (int lane = 0; lane < LANES; lane++)
            here[lane] = lane;
        int64_t column = 0, place = 0;
        for (; column + LANES <= sources; column += LANES, here += LANES) {
            vec value = *(const vec *)(mine + column) * factor;
            ivec less = value < best;
            best = (vec)(((ivec)value & less) | ((ivec)best & ~less));
            at = (here & less) | (at & ~less);
        }
        for (int lane = 0; lane < LANES; lane++)
            if (best[lane] < lowest || (best[lane] == lowest && at[lane] < place)) {
                lowest = best[lane];
                place = at[lane];
            }
        for (; column < sources; column++)
            if (mine[column] * factor < lowest) {
                lowest = mine[column] * factor;
                place = column;
            }
        found[row] = place;
    }
}

/* A bit for each byte, 0 or 1. */
INLINE uint64_t pack(const uint8_t *flags)
{
    uint64_t word = 0;
    for (int part = 0; part < 8; part++) {
        uint64_t eight = 0;
        for (int i = 0; i < 8; i++)
            eight |= (uint64_t)flags[8 * part + i] << 8 * i;
        /* The top byte of the product has byte i in bit i: no two of its sums meet. */
        word |= (eight * 0x0102040810204080u >> 56) << 8 * part;
    }
    return word;
}

/* Bits [bits, words]: whether the value of the bit's feature, of x[features, samples], reaches its
   threshold, 0 or more; bits begin to end. */
#define ENCODE(name, type)                                                                         \
    void name(const type *x, int64_t samples, const int32_t *feature, const int32_t *threshold,    \
              uint64_t *y, int64_t begin, int64_t end)                                             \
    {                                                                                              \
        int64_t words = (samples + WORD - 1) / WORD;                                               \
        for (int64_t bit = begin; bit < end; bit++)                                                \
            for (int64_t word = 0; word < words; word++) {                                         \
                const type *from = x + feature[bit] * samples + word * WORD;                       \
                type limit = (type)threshold[bit], last[WORD] = {0};                               \
                int64_t left = samples - word * WORD;                                              \
                uint8_t flags[WORD];                                                               \
                if (left < WORD)                                                                   \
                    from = memcpy(last, from, (size_t)left * sizeof(type));                        \
                for (int i = 0; i < WORD; i++)                                                     \
                    flags[i] = from[i] >= limit;                                                   \
                uint64_t mask = left < WORD ? ~(uint64_t)0 >> (WORD - left) : ~(uint64_t)0;        \
                y[bit * words + word] = limit == threshold[bit] ? pack(flags) & mask : 0;          \
            }                                                                                      \
    }

ENCODE(hard_encode_8, uint8_t)
ENCODE(hard_encode_16, uint16_t)

/* Bits [rows, words] of values x[rows, samples], each 0 or 1; rows begin to end. */
void hard_pack(const float *x, int64_t samples, uint64_t *y, int64_t begin, int64_t end)
{
    int64_t words = (samples + WORD - 1) / WORD;
    for (int64_t row = begin; row < end; row++)
        for (int64_t word = 0; word < words; word++) {
            const float *from = x + row * samples + word * WORD;
            int64_t left = samples - word * WORD < WORD ? samples - word * WORD : WORD;
            uint8_t flags[WORD] = {0};
            for (int64_t i = 0; i < left; i++)
                flags[i] = from[i] > 0.5f;
            y[row * words + word] = pack(flags);
        }
}

/* Values y[rows, samples] of bits x[rows, words]; rows begin to end. */
void hard_unpack(const uint64_t *x, int64_t samples, float *y, int64_t begin, int64_t end)
{
    int64_t words = (samples + WORD - 1) / WORD;
    for (int64_t row = begin; row < end; row++)
        for (int64_t word = 0; word < words; word++) {
            uint8_t flags[WORD];
            for (int first = 0; first < WORD; first += BYTES)
                *(bytes *)(flags + first) = expand(x[row * words + word], first);
            for (int part = 0; part < WORD / LANES; part++) {
                int64_t column = word * WORD + part * LANES;
                store(y + row * samples + column,
                      __builtin_convertvector(widened(flags + part * LANES), vec),
                      samples - column);
            }
        }
}

#define FULL 255 /* ones that a byte counts */

/* y[groups, samples]: ones among the rows x[groups * size, words] of each group, begin to end. */
void hard_group_sums(const uint64_t *x, int64_t size, int64_t samples, float *y, int64_t begin,
                     int64_t end)
{
    int64_t words = (samples + WORD - 1) / WORD;
    for (int64_t group = begin; group < end; group++)
        for (int64_t word = 0; word < words; word++) {
            int32_t total[WORD] = {0};
            for (int64_t first = 0; first < size; first += FULL) {
                uint8_t count[WORD] = {0};
                int64_t last = first + FULL < size ? first + FULL : size;
                for (int64_t row = group * size + first; row < group * size + last; row++)
                    for (int part = 0; part < WORD; part += BYTES)
                        *(bytes *)(count + part) += expand(x[row * words + word], part);
                for (int i = 0; i < WORD; i++)
                    total[i] += count[i];
            }
            for (int i = 0; i < WORD && word * WORD + i < samples; i++)
                y[group * samples + word * WORD + i] = (float)total[i];
        }
}

/* Panels y[panels, rows, 16] of values x[rows, samples]; panels begin to end. */
void hard_to_panels(const float *x, int64_t rows, int64_t samples, float *y, int64_t begin,
                    int64_t end)
{
    for (int64_t panel = begin; panel < end; panel++)
        for (int64_t row = 0; row < rows; row++)
            for (int part = 0; part < PANEL; part += LANES) {
                int64_t column = panel * PANEL + part;
                *(vec *)(y + (panel * rows + row) * PANEL + part) =
                    load(x + row * samples + column, samples - column);
            }
}

/* Values y[rows, samples] of panels x[panels, rows, 16]; rows begin to end. */
void hard_from_panels(const float *x, int64_t rows, int64_t samples, float *y, int64_t begin,
                      int64_t end)
{
    for (int64_t row = begin; row < end; row++)
        for (int64_t column = 0; column < samples; column += LANES)
            store(y + row * samples + column,
                  *(const vec *)(x + (column / PANEL * rows + row) * PANEL + column % PANEL),
                  samples - column);
}
