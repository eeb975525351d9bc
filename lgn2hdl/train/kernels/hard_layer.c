/* Passes of look-up tables whose pins and outputs are all 0 or 1; see hard_layer.py.

   A node's k pins make an address for every sample, and what a step needs is looked up there: the
   output, the gradient of the table (a sum over the samples of each address) and the gradient of a
   pin, which is the gradient of the output times the difference of the two table rows that the pin
   decides between.

   Floating-point sums have an order that is written out, the rest is exact, so vectors of any width
   give the same bytes. Nodes or samples begin to end of a result are computed by one call. */

#include "hard.h"

typedef struct {
    const uint64_t *x;    /* bits of the sources, [sources, words] */
    const int32_t *index; /* source of every pin, [k, nodes] */
    int64_t nodes, words, samples;
} layer;

INLINE const uint64_t *source(const layer *net, int pin, int64_t node)
{
    return net->x + net->index[pin * net->nodes + node] * net->words;
}

/* Output bits of one node: the table's rows, halved by one pin after the other. */
INLINE uint64_t output(int k, uint64_t table, const uint64_t *const *x, int64_t word)
{
    uint64_t value[MAX_ROWS / 2];
    uint64_t first = x[0][word];
    for (int row = 0; row < 1 << (k - 1); row++) {
        uint64_t low = -(table >> 2 * row & 1), high = -(table >> (2 * row + 1) & 1);
        value[row] = low ^ (first & (low ^ high));
    }
    for (int pin = 1; pin < k; pin++)
        for (int row = 0; row < 1 << (k - 1 - pin); row++)
            value[row] =
                value[2 * row] ^ (x[pin][word] & (value[2 * row] ^ value[2 * row + 1]));
    return value[0];
}

INLINE void forward(int k, const layer *net, const uint64_t *table, uint64_t *y, int64_t begin,
                    int64_t end)
{
    uint64_t last = ~(uint64_t)0 >> (net->words * WORD - net->samples);
    for (int64_t node = begin; node < end; node++) {
        const uint64_t *x[MAX_FAN_IN];
        for (int pin = 0; pin < k; pin++)
            x[pin] = source(net, pin, node);
        uint64_t *to = y + node * net->words;
        for (int64_t word = 0; word < net->words; word++)
            to[word] = output(k, table[node], x, word);
        to[net->words - 1] &= last;
    }
}

/* Addresses of the samples of a word. */
INLINE void addresses(int k, const layer *net, int64_t node, int64_t word, uint8_t at[WORD])
{
    for (int first = 0; first < WORD; first += BYTES) {
        bytes here = expand(source(net, k - 1, node)[word], first);
        for (int pin = k - 2; pin >= 0; pin--)
            here = here + here + expand(source(net, pin, node)[word], first);
        *(bytes *)(at + first) = here;
    }
}

typedef struct {
    const float *rows;  /* value of every truth-table row, [nodes, 1 << k] */
    const float *slope; /* of the output in the row's value, likewise; null: 1 everywhere */
    const float *grad;  /* of the outputs, [panels, nodes, 16] */
} above;

/* Gradient of the interpolated value at the addresses of LANES samples from `column` on. */
INLINE vec gradient(int k, const layer *net, const above *by, int64_t node, int64_t column, ivec at)
{
    vec grad = {0};
    if (column < net->samples)
        grad = *(const vec *)(by->grad + column / PANEL * net->nodes * PANEL + node * PANEL +
                              column % PANEL);
    if (by->slope)
        grad *= look_up(k, by->slope + (node << k), at);
    return grad;
}

/* Gradient of one pin: `grad` times the value with the pin at 1 less that with the pin at 0; here is
   the value with the pin as it is. */
INLINE vec pin_gradient(int k, const float *rows, int pin, vec grad, vec here, ivec at)
{
    vec rise = look_up(k, rows, at ^ 1 << pin) - here;
    ivec sign = (at << (31 - pin)) & INT32_MIN; /* the other way round if the pin is 1 */
    return grad * (vec)((ivec)rise ^ sign);
}

/* The partial sums of a panel: those that are 8 apart first, then 4, 2 and 1. */
INLINE float sum_of_panel(const vec total[PARTS])
{
    float part[PANEL];
    memcpy(part, total, sizeof part);
    for (int half = PANEL / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
}

/* sum[i] += the partial sums of total[i], in the same order, of four panels. */
INLINE void add_panels(const vec total[4][PARTS], float sum[4])
{
#if defined(__AVX2__)
    __m128 part[4];
    for (int i = 0; i < 4; i++) {
#if defined(WIDE)
        __m512 whole = (__m512)total[i][0];
        __m256 half = _mm256_add_ps(_mm512_castps512_ps256(whole),
                                    _mm256_castpd_ps(_mm512_extractf64x4_pd((__m512d)whole, 1)));
#else
        __m256 half = (__m256)(total[i][0] + total[i][1]);
#endif
        part[i] = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    }
    _MM_TRANSPOSE4_PS(part[0], part[1], part[2], part[3]);
    part[0] = _mm_add_ps(_mm_add_ps(part[0], part[2]), _mm_add_ps(part[1], part[3]));
    _mm_storeu_ps(sum, _mm_add_ps(_mm_loadu_ps(sum), part[0]));
#else
    for (int i = 0; i < 4; i++)
        sum[i] += sum_of_panel(total[i]);
#endif
}

#define FEW 3   /* fan-in up to which every row of a table is summed by itself */
#define AHEAD 8 /* nodes whose rows are fetched in advance */

INLINE void fetch_rows(int k, const layer *net, const above *by, const float *grad_x,
                       int64_t sources, int64_t node, int64_t panel)
{
    __builtin_prefetch(by->grad + (panel * net->nodes + node) * PANEL);
    for (int pin = 0; pin < k; pin++) {
        int64_t row = net->index[pin * net->nodes + node];
        __builtin_prefetch(grad_x + (panel * sources + row) * PANEL, 1);
    }
}

/* Gradients of a panel of samples: of the sources, grad_x[panels, sources, 16], to which every pin
   adds its own, and, unless it is null, of the tables, to which grad_table[nodes, 1 << k] is added. */
INLINE void backward_panel(int k, const layer *net, const above *by, float *grad_x,
                           int64_t sources, float *grad_table, int64_t panel)
{
    int64_t word = panel * PANEL / WORD;
    memset(grad_x + panel * sources * PANEL, 0, (size_t)sources * PANEL * sizeof *grad_x);
    for (int64_t node = 0; node < net->nodes; node++) {
        vec total[1 << FEW][PARTS];
        const float *rows = by->rows + (node << k);
        if (node + AHEAD < net->nodes)
            fetch_rows(k, net, by, grad_x, sources, node + AHEAD, panel);
        for (int part = 0; part < PARTS; part++) {
            int64_t column = panel * PANEL + part * LANES;
            ivec at = {0};
            for (int pin = 0; pin < k; pin++)
                at |= spread(source(net, pin, node)[word], column % WORD, 1 << pin);
            vec grad = gradient(k, net, by, node, column, at);
            vec here = look_up(k, rows, at);
            for (int pin = 0; pin < k; pin++) {
                int64_t row = net->index[pin * net->nodes + node];
                vec *to = (vec *)(grad_x + (panel * sources + row) * PANEL + part * LANES);
                *to += pin_gradient(k, rows, pin, grad, here, at);
            }
            for (int row = 0; row < 1 << k && k <= FEW && grad_table; row++)
                total[row][part] = (vec)((ivec)grad & (at == row));
            for (int lane = 0; lane < LANES && k > FEW && grad_table; lane++)
                grad_table[(node << k) + at[lane]] += grad[lane];
        }
        for (int row = 0; row < 1 << k && k <= FEW && grad_table; row += 4)
            add_panels((const vec(*)[PARTS])total + row, grad_table + (node << k) + row);
    }
}

/* What the pins of a layer learn about the sources that they could read. */
typedef struct {
    const uint64_t *bits;  /* of the sources, [sources, words] */
    const uint8_t *wide;   /* the same as bytes, [sources, words * 64], if hard_reads_bytes */
    const int32_t *source; /* candidates [count, pins]; null: none */
    int64_t count;
    int64_t centred;       /* whether bits count as -1 and 1, else as 0 and 1 */
    float *score;          /* result [count, pins]: over the samples, the sum of the candidate's
                              value times the gradient of the pin */
    int8_t *level;         /* gradients of the pins as integers from -127 to 127: result
                              [pins, words * 64], 0 behind the last sample, if `keep` is set, else
                              room for BLOCK nodes */
    float *unit;           /* result [pins]: what a level of each pin stands for */
    const float *given;    /* units that hold instead, [pins]; null: those of these samples */
    float *slope;          /* room for the gradients of the pins of one node */
    int64_t keep;
} pin_learning;

/* Where candidates are read: bits that fit the first-level cache if they are cheap to expand, else
   bytes. */
#if defined(WIDE)
typedef uint64_t stored;
#define PER_WORD 1
#define READ(from, at) expand((from)[(at) / WORD], 0)
#else
typedef uint8_t stored;
#define PER_WORD WORD
#define READ(from, at) (*(const bytes *)((from) + (at)))
#endif

const int32_t hard_reads_bytes = sizeof(stored) == 1;

/* Scores of `group` candidates of one pin, 1 to 4, whose places and whose scores are `pins` apart. */
INLINE void correlate_group(const stored *x, const int8_t *level, int64_t samples, int times,
                            int32_t every, float unit, const int32_t *source, float *score,
                            int64_t pins, int group)
{
    const stored *row[4];
    ivec total[4] = {{0}};
    int32_t sum[4];
    for (int i = 0; i < 4; i++)
        row[i] = x + source[i < group ? i * pins : 0] * (samples / WORD * PER_WORD);
    for (int64_t at = 0; at < samples; at += BYTES)
        for (int i = 0; i < 4; i++)
            total[i] = dot(total[i], READ(row[i], at), *(const bytes *)(level + at));
    sums_of(total, sum);
    for (int i = 0; i < group; i++)
        score[i * pins] = (float)(times * sum[i] - every) * unit;
}

/* Scores of one pin, whose levels are given. */
INLINE void correlate(const pin_learning *by, int64_t pins, int64_t pin, const int8_t *level,
                      int64_t samples)
{
    const stored *x = sizeof(stored) == 1 ? (const stored *)by->wide : (const stored *)by->bits;
    int32_t every = by->centred ? total_level(level, samples) : 0, times = by->centred ? 2 : 1;
    float unit = by->unit[pin];
    const int32_t *source = by->source + pin;
    float *score = by->score + pin;
    int64_t c = 0, count = by->count;
    for (; c + 4 <= count; c += 4)
        correlate_group(x, level, samples, times, every, unit, source + c * pins,
                        score + c * pins, pins, 4);
    for (; c < count; c++)
        correlate_group(x, level, samples, times, every, unit, source + c * pins,
                        score + c * pins, pins, 1);
}

/* Fetch what correlate will need soon: rows so far apart are not foreseen by the processor. */
INLINE void fetch(const pin_learning *by, int64_t pins, int64_t pin)
{
    for (int64_t c = 0; c < by->count; c++) {
        __builtin_prefetch(by->source + c * pins + pin);
        __builtin_prefetch(by->score + c * pins + pin, 1);
    }
}

INLINE ivec higher(ivec a, ivec b)
{
    ivec more = a > b;
    return (a & more) | (b & ~more);
}

/* The highest of floats that are not negative, given by their bits, which have the same order. */
INLINE float highest(ivec value)
{
    int32_t bits = 0;
    float result;
    for (int lane = 0; lane < LANES; lane++)
        bits = value[lane] > bits ? value[lane] : bits;
    memcpy(&result, &bits, sizeof result);
    return result;
}

#define BANKS 4 /* sums of a table row that are kept apart, so that additions need not wait */
#define LEVELS 127.0f

/* Gradient of the table of one node, to[row * nodes]; those of its pins, slope[pin, words * 64], and
   the largest of each. */
INLINE void learn_table(int k, const layer *net, const above *by, int64_t node, float *to, int pins,
                        float *slope, float most[MAX_FAN_IN])
{
    const float *rows = by->rows + (node << k);
    float bank[BANKS][MAX_ROWS];
    vec total[1 << FEW][PARTS];
    ivec largest[MAX_FAN_IN];
    memset(bank, 0, sizeof bank);
    memset(total, 0, sizeof total);
    memset(largest, 0, sizeof largest);
    for (int64_t word = 0; word < net->words; word++) {
        uint8_t at[WORD];
        addresses(k, net, node, word, at);
        for (int part = 0; part < WORD / LANES; part++) {
            ivec lanes = widened(at + part * LANES);
            vec grad = gradient(k, net, by, node, word * WORD + part * LANES, lanes);
            if (k <= FEW)
                for (int row = 0; row < 1 << k; row++)
                    total[row][part % PARTS] += (vec)((ivec)grad & (lanes == row));
            else
                for (int lane = 0; lane < LANES; lane++)
                    bank[lane % BANKS][at[part * LANES + lane]] += grad[lane];
            vec here = pins ? look_up(k, rows, lanes) : grad;
            for (int pin = 0; pin < pins; pin++) {
                vec steep = pin_gradient(k, rows, pin, grad, here, lanes);
                *(vec *)(slope + pin * net->words * WORD + word * WORD + part * LANES) = steep;
                largest[pin] = higher((ivec)steep & INT32_MAX, largest[pin]);
            }
        }
    }
    for (int row = 0; row < 1 << k; row++)
        to[row * net->nodes] = k <= FEW ? sum_of_panel(total[row])
                                        : (bank[0][row] + bank[2][row]) +
                                              (bank[1][row] + bank[3][row]);
    for (int pin = 0; pin < pins; pin++)
        most[pin] = highest(largest[pin]);
}

/* slope[samples] in 255 levels, the highest of which stands for `most`. */
INLINE void to_levels(const float *slope, int64_t samples, float most, int8_t *level)
{
    const vec round = (vec){0} + 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    float factor = most > 1e-30f ? LEVELS / most : 0.0f;
    for (int64_t at = 0; at < samples; at += LANES)
        narrowed((ivec)(*(const vec *)(slope + at) * factor + round) - (ivec)round, level + at);
}

#define BLOCK 16 /* nodes whose pins learn together: their candidates lie side by side */

/* Gradient of the tables of nodes begin to end, [1 << k, nodes], and what their pins learn. */
INLINE void backward(int k, const layer *net, const above *by, float *grad_table, int pins,
                     const pin_learning *learning, int64_t begin, int64_t end)
{
    int64_t samples = net->words * WORD;
    int64_t spread = pins && learning->keep ? net->nodes * samples : BLOCK * samples;
    for (int64_t first = begin; first < end; first += BLOCK) {
        int64_t last = first + BLOCK < end ? first + BLOCK : end;
        int8_t *level = 0;
        if (pins)
            level = learning->level + (learning->keep ? first * samples : 0);
        for (int64_t node = first; node < last; node++) {
            float most[MAX_FAN_IN];
            float *slope = pins ? learning->slope : 0;
            learn_table(k, net, by, node, grad_table + node, pins, slope, most);
            for (int pin = 0; pin < pins; pin++) {
                int64_t number = pin * net->nodes + node;
                if (learning->given)
                    most[pin] = learning->given[number] * LEVELS;
                to_levels(slope + pin * samples, samples, most[pin],
                          level + pin * spread + (node - first) * samples);
                learning->unit[number] = most[pin] * (1.0f / LEVELS);
            }
        }
        for (int pin = 0; pin < pins && learning->source; pin++) {
            fetch(learning, k * net->nodes, (pin + 1) % pins * net->nodes + first);
            for (int64_t node = first; node < last; node++)
                correlate(learning, k * net->nodes, pin * net->nodes + node,
                          level + pin * spread + (node - first) * samples, samples);
        }
    }
}

#define FOR_EVERY_FAN_IN(call)                                                                     \
    switch (k) {                                                                                   \
    case 2: { enum { K = 2 }; call; break; }                                                       \
    case 3: { enum { K = 3 }; call; break; }                                                       \
    case 4: { enum { K = 4 }; call; break; }                                                       \
    case 5: { enum { K = 5 }; call; break; }                                                       \
    case 6: { enum { K = 6 }; call; break; }                                                       \
    }

/* y[nodes, words]: outputs of nodes begin to end, whose truth tables are table[nodes]. */
void hard_forward(int64_t k, const layer *net, const uint64_t *table, uint64_t *y, int64_t begin,
                  int64_t end)
{
    FOR_EVERY_FAN_IN(forward(K, net, table, y, begin, end))
}

/* Without `learning` (null) the pins learn nothing. */
void hard_backward(int64_t k, const layer *net, const above *by, float *grad_table,
                   const pin_learning *learning, int64_t begin, int64_t end)
{
    if (learning) {
        FOR_EVERY_FAN_IN(backward(K, net, by, grad_table, K, learning, begin, end))
    } else {
        FOR_EVERY_FAN_IN(backward(K, net, by, grad_table, 0, learning, begin, end))
    }
}

#define PIECE (WORD / PANEL) /* panels whose sums for the tables go together */

/* Panels begin to end, of which begin is the first of a piece; what they add to the tables is
   parts[pieces, nodes, 1 << k], or nothing if that is null. */
void hard_backward_x(int64_t k, const layer *net, const above *by, float *grad_x, int64_t sources,
                     float *parts, int64_t begin, int64_t end)
{
    int64_t size = net->nodes << k;
    for (int64_t panel = begin; panel < end; panel++) {
        float *part = parts ? parts + panel / PIECE * size : 0;
        if (part && panel % PIECE == 0)
            memset(part, 0, (size_t)size * sizeof *part);
        if (part) {
            FOR_EVERY_FAN_IN(backward_panel(K, net, by, grad_x, sources, part, panel))
        } else {
            FOR_EVERY_FAN_IN(backward_panel(K, net, by, grad_x, sources, 0, panel))
        }
    }
}

/* The sum of the parts as grad_table[1 << k, nodes]; nodes begin to end. */
void hard_add_parts(const float *parts, int64_t pieces, int64_t rows, int64_t nodes,
                    float *grad_table, int64_t begin, int64_t end)
{
    for (int64_t node = begin; node < end; node++)
        for (int64_t row = 0; row < rows; row++) {
            float sum = parts[node * rows + row];
            for (int64_t piece = 1; piece < pieces; piece++)
                sum += parts[(piece * nodes + node) * rows + row];
            grad_table[row * nodes + node] = sum;
        }
}
