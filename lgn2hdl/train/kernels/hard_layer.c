/* Passes of look-up tables whose pins and outputs are all 0 or 1; see hard.py.

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
    const float *rows;  /* value of every truth-table row, [1 << k, nodes] */
    const float *slope; /* of the output in the row's value, likewise; null: 1 everywhere */
    const float *grad;  /* of the outputs, [nodes, samples] */
} above;

/* What a node learns from: its rows of `above`, side by side. */
typedef struct {
    float row[MAX_ROWS], slope[MAX_ROWS];
} node_rows;

INLINE void rows_of(int k, const above *by, int64_t nodes, int64_t node, node_rows *mine)
{
    for (int row = 0; row < (k > 4 ? 1 << k : 16); row++)
        mine->row[row] = row < 1 << k ? by->rows[row * nodes + node] : 0;
    if (by->slope)
        for (int row = 0; row < (k > 4 ? 1 << k : 16); row++)
            mine->slope[row] = row < 1 << k ? by->slope[row * nodes + node] : 0;
}

/* Gradient of the interpolated value at the addresses of LANES samples from `column` on. */
INLINE vec gradient(int k, const layer *net, const above *by, const node_rows *mine, int64_t node,
                    int64_t column, ivec at)
{
    vec grad = load(by->grad + node * net->samples + column, net->samples - column);
    if (by->slope)
        grad *= look_up(k, mine->slope, at);
    return grad;
}

/* Gradient of one pin: `grad` times the value with the pin at 1 less that with the pin at 0; here is
   the value with the pin as it is. */
INLINE vec pin_gradient(int k, const node_rows *mine, int pin, vec grad, vec here, ivec at)
{
    vec rise = look_up(k, mine->row, at ^ 1 << pin) - here;
    ivec sign = (at << (31 - pin)) & INT32_MIN; /* the other way round if the pin is 1 */
    return grad * (vec)((ivec)rise ^ sign);
}

/* The partial sums of a panel: those that are 8 apart first, then 4, then 2. */
INLINE float sum_of_panel(const vec total[PARTS])
{
    float part[PANEL];
    memcpy(part, total, sizeof part);
    for (int half = PANEL / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
}

/* Adds the gradients of the pins to those of their sources, [sources, samples], for samples begin
   to end; begin is the first of a word. */
INLINE void backward_x(int k, const layer *net, const above *by, float *grad_x, int64_t begin,
                       int64_t end)
{
    for (int64_t node = 0; node < net->nodes; node++) {
        node_rows mine;
        rows_of(k, by, net->nodes, node, &mine);
        for (int64_t first = begin; first < end; first += WORD) {
            uint8_t at[WORD];
            addresses(k, net, node, first / WORD, at);
            for (int64_t column = first; column < first + WORD && column < end; column += LANES) {
                ivec lanes = widened(at + column - first);
                vec grad = gradient(k, net, by, &mine, node, column, lanes);
                vec here = look_up(k, mine.row, lanes);
                for (int pin = 0; pin < k; pin++) {
                    float *to = grad_x + net->index[pin * net->nodes + node] * net->samples;
                    vec more = pin_gradient(k, &mine, pin, grad, here, lanes);
                    store(to + column, load(to + column, end - column) + more, end - column);
                }
            }
        }
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
#define FEW 3   /* fan-in up to which every row is summed by itself */
#define LEVELS 127.0f

/* Gradient of the table of one node, to[row * nodes]; those of its pins, slope[pin, words * 64], and
   the largest of each. */
INLINE void learn_table(int k, const layer *net, const above *by, const node_rows *mine,
                        int64_t node, float *to, int pins, float *slope, float most[MAX_FAN_IN])
{
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
            vec grad = gradient(k, net, by, mine, node, word * WORD + part * LANES, lanes);
            if (k <= FEW)
                for (int row = 0; row < 1 << k; row++)
                    total[row][part % PARTS] += (vec)((ivec)grad & (lanes == row));
            else
                for (int lane = 0; lane < LANES; lane++)
                    bank[lane % BANKS][at[part * LANES + lane]] += grad[lane];
            vec here = pins ? look_up(k, mine->row, lanes) : grad;
            for (int pin = 0; pin < pins; pin++) {
                vec steep = pin_gradient(k, mine, pin, grad, here, lanes);
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
            node_rows mine;
            float most[MAX_FAN_IN];
            if (pins || by->slope)
                rows_of(k, by, net->nodes, node, &mine);
            float *slope = pins ? learning->slope : 0;
            learn_table(k, net, by, &mine, node, grad_table + node, pins, slope, most);
            for (int pin = 0; pin < pins; pin++) {
                to_levels(slope + pin * samples, samples, most[pin],
                          level + pin * spread + (node - first) * samples);
                learning->unit[pin * net->nodes + node] = most[pin] * (1.0f / LEVELS);
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

void hard_backward_x(int64_t k, const layer *net, const above *by, float *grad_x, int64_t begin,
                     int64_t end)
{
    FOR_EVERY_FAN_IN(backward_x(K, net, by, grad_x, begin, end))
}
