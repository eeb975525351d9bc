/* Forward and backward passes of relaxed look-up tables and of learned wiring; see kernels.py.

   Arrays are features-major: a row holds one value for every sample of the batch, and rows are
   `stride` floats apart. Work is split into ranges of columns (samples) or of rows (pins) that
   touch disjoint results, so that results do not depend on the number of threads. */

#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))
#define AHEAD 4 /* nodes whose rows are fetched in advance */

/* Sixteen samples at once; compilers lower this to whatever vectors the machine has. */
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#include "tails.h"

typedef float vec8 __attribute__((vector_size(32)));
typedef float vec4 __attribute__((vector_size(16)));

INLINE float sum(vec value)
{
    vec8 half[2];
    vec4 quarter[2];
    memcpy(half, &value, sizeof half);
    half[0] += half[1];
    memcpy(quarter, half, sizeof quarter);
    quarter[0] += quarter[1];
    return (quarter[0][0] + quarter[0][2]) + (quarter[0][1] + quarter[0][3]);
}

typedef struct {
    const float *x;       /* values of the sources, [sources, stride] */
    const float *table;   /* one value per truth-table row, [1 << k, nodes] */
    const int32_t *index; /* source of every pin, [k, nodes]; null: pin p of node w is row
                             p * nodes + w, and no two pins share a source */
    int64_t nodes, stride;
} layer;

INLINE int64_t source(const layer *net, int pin, int64_t node)
{
    int64_t at = pin * net->nodes + node;
    return net->index ? net->index[at] : at;
}

INLINE void fetch(const layer *net, const float *rows, int k, int64_t node, int64_t column)
{
    if (node + AHEAD < net->nodes)
        for (int pin = 0; pin < k; pin++) {
            const float *row = rows + source(net, pin, node + AHEAD) * net->stride;
            __builtin_prefetch(row + column);
            __builtin_prefetch(row + column + LANES);
        }
}

INLINE void forward(int k, const layer *net, float *y, int64_t begin, int64_t end)
{
    const int rows = 1 << k;
    for (int64_t node = 0; node < net->nodes; node++) {
        float low[32], slope[32];
        for (int row = 0; row < rows / 2; row++) {
            low[row] = net->table[2 * row * net->nodes + node];
            slope[row] = net->table[(2 * row + 1) * net->nodes + node] - low[row];
        }
        fetch(net, net->x, k, node, begin);
        for (int64_t column = begin; column < end; column += LANES) {
            vec value[32], x[6];
            for (int pin = 0; pin < k; pin++)
                x[pin] = load(net->x + source(net, pin, node) * net->stride + column, end - column);
            for (int row = 0; row < rows / 2; row++)
                value[row] = low[row] + slope[row] * x[0];
            for (int pin = 1; pin < k; pin++)
                for (int row = 0; row < rows >> (pin + 1); row++)
                    value[row] =
                        value[2 * row] + x[pin] * (value[2 * row + 1] - value[2 * row]);
            store(y + node * net->stride + column, value[0], end - column);
        }
    }
}

/* Adds to grad_x (unless it is null; without an index it is overwritten) and writes this range's
   part of the table's gradient. */
INLINE void backward(int k, const layer *net, const float *grad, float *grad_x, float *grad_table,
                     int64_t begin, int64_t end)
{
    const int rows = 1 << k;
    for (int64_t node = 0; node < net->nodes; node++) {
        float low[32], slope[32];
        vec total[64];
        for (int row = 0; row < rows / 2; row++) {
            low[row] = net->table[2 * row * net->nodes + node];
            slope[row] = net->table[(2 * row + 1) * net->nodes + node] - low[row];
        }
        for (int row = 0; row < rows; row++)
            total[row] = (vec){0};
        fetch(net, net->x, k, node, begin);
        if (grad_x)
            fetch(net, grad_x, k, node, begin);
        for (int64_t column = begin; column < end; column += LANES) {
            /* level[pin][row]: the table with pins 0..pin-1 filled in; level 0 is the table. */
            vec level[6][32], rise[6], x[6], down[64];
            for (int pin = 0; pin < k; pin++) {
                x[pin] = load(net->x + source(net, pin, node) * net->stride + column, end - column);
                rise[pin] = (vec){0};
            }
            for (int row = 0; row < rows / 2; row++)
                level[1][row] = low[row] + slope[row] * x[0];
            for (int pin = 1; pin < k - 1; pin++)
                for (int row = 0; row < rows >> (pin + 1); row++)
                    level[pin + 1][row] = level[pin][2 * row] +
                                          x[pin] * (level[pin][2 * row + 1] - level[pin][2 * row]);
            down[0] = load(grad + node * net->stride + column, end - column);
            for (int pin = k - 1; pin > 0; pin--)
                for (int row = (rows >> (pin + 1)) - 1; row >= 0; row--) {
                    vec whole = down[row], high = whole * x[pin];
                    rise[pin] += whole * (level[pin][2 * row + 1] - level[pin][2 * row]);
                    down[2 * row + 1] = high;
                    down[2 * row] = whole - high;
                }
            for (int row = 0; row < rows / 2; row++) {
                vec high = down[row] * x[0];
                rise[0] += down[row] * slope[row];
                total[2 * row + 1] += high;
                total[2 * row] += down[row] - high;
            }
            if (grad_x)
                for (int pin = 0; pin < k; pin++) {
                    float *to = grad_x + source(net, pin, node) * net->stride + column;
                    vec before = net->index ? load(to, end - column) : (vec){0};
                    store(to, before + rise[pin], end - column);
                }
        }
        for (int row = 0; row < rows; row++)
            grad_table[row * net->nodes + node] = sum(total[row]);
    }
}

/* Outputs y[nodes, stride], columns begin to end. */
void lut_forward(int64_t k, const float *x, const float *table, const int32_t *index,
                 int64_t nodes, int64_t stride, float *y, int64_t begin, int64_t end)
{
    const layer net = {x, table, index, nodes, stride};
    switch (k) {
    case 2: forward(2, &net, y, begin, end); break;
    case 3: forward(3, &net, y, begin, end); break;
    case 4: forward(4, &net, y, begin, end); break;
    case 5: forward(5, &net, y, begin, end); break;
    case 6: forward(6, &net, y, begin, end); break;
    }
}

/* Gradients for columns begin to end. */
void lut_backward(int64_t k, const float *x, const float *table, const int32_t *index,
                  int64_t nodes, int64_t stride, const float *grad, float *grad_x,
                  float *grad_table, int64_t begin, int64_t end)
{
    const layer net = {x, table, index, nodes, stride};
    switch (k) {
    case 2: backward(2, &net, grad, grad_x, grad_table, begin, end); break;
    case 3: backward(3, &net, grad, grad_x, grad_table, begin, end); break;
    case 4: backward(4, &net, grad, grad_x, grad_table, begin, end); break;
    case 5: backward(5, &net, grad, grad_x, grad_table, begin, end); break;
    case 6: backward(6, &net, grad, grad_x, grad_table, begin, end); break;
    }
}

/* y[pin] = sum over c of weight[c, pin] * x[source[c, pin]], rows begin to end. */
void mix_forward(const float *x, const float *weight, const int32_t *source, int64_t count,
                 int64_t pins, int64_t stride, float *y, int64_t begin, int64_t end)
{
    for (int64_t pin = begin; pin < end; pin++)
        for (int64_t column = 0; column < stride; column += 4 * LANES) {
            vec total[4] = {{0}};
            for (int64_t c = 0; c < count; c++) {
                const float *row = x + source[c * pins + pin] * stride;
                float factor = weight[c * pins + pin];
                for (int part = 0; part < 4; part++)
                    if (column + part * LANES < stride)
                        total[part] += factor * load(row + column + part * LANES,
                                                     stride - column - part * LANES);
            }
            for (int part = 0; part < 4; part++)
                if (column + part * LANES < stride)
                    store(y + pin * stride + column + part * LANES, total[part],
                          stride - column - part * LANES);
        }
}

/* grad_weight[c, pin] = grad[pin] . x[source[c, pin]], rows begin to end. */
void mix_backward_weight(const float *x, const int32_t *source, int64_t count, int64_t pins,
                         int64_t stride, const float *grad, float *grad_weight, int64_t begin,
                         int64_t end)
{
    for (int64_t pin = begin; pin < end; pin++) {
        const float *mine = grad + pin * stride;
        for (int64_t c = 0; c < count; c++) {
            const float *row = x + source[c * pins + pin] * stride;
            vec total[2] = {{0}};
            int64_t column = 0;
            for (; column + 2 * LANES <= stride; column += 2 * LANES) {
                total[0] += *(const vec *)(row + column) * *(const vec *)(mine + column);
                total[1] += *(const vec *)(row + column + LANES) *
                            *(const vec *)(mine + column + LANES);
            }
            for (; column < stride; column += LANES)
                total[0] += load(row + column, stride - column) *
                            load(mine + column, stride - column);
            grad_weight[c * pins + pin] = sum(total[0] + total[1]);
        }
    }
}

/* Adds weight[c, pin] * grad[pin] to grad_x[source[c, pin]], columns begin to end. */
void mix_backward_x(const float *weight, const int32_t *source, int64_t count, int64_t pins,
                    int64_t stride, const float *grad, float *grad_x, int64_t begin, int64_t end)
{
    for (int64_t pin = 0; pin < pins; pin++)
        for (int64_t c = 0; c < count; c++) {
            float factor = weight[c * pins + pin];
            float *row = grad_x + source[c * pins + pin] * stride;
            for (int64_t column = begin; column < end; column += LANES)
                store(row + column,
                      load(row + column, end - column) +
                          factor * load(grad + pin * stride + column, end - column),
                      end - column);
        }
}

#define PINS 1024 /* of which the best candidates fit the first-level cache */

/* For every pin the source with the highest score, the first among equals; begin to end. */
void choose(const float *score, const int32_t *source, int64_t count, int64_t pins,
            int32_t *chosen, int64_t begin, int64_t end)
{
    for (int64_t first = begin; first < end; first += PINS) {
        float best[PINS];
        int32_t place[PINS];
        int64_t size = end - first < PINS ? end - first : PINS;
        for (int64_t pin = 0; pin < size; pin++) {
            best[pin] = score[first + pin];
            place[pin] = 0;
        }
        for (int64_t c = 1; c < count; c++) {
            const float *here = score + c * pins + first;
            for (int64_t pin = 0; pin < size; pin++) {
                place[pin] = here[pin] > best[pin] ? (int32_t)c : place[pin];
                best[pin] = here[pin] > best[pin] ? here[pin] : best[pin];
            }
        }
        for (int64_t pin = 0; pin < size; pin++)
            chosen[first + pin] = source[place[pin] * pins + first + pin];
    }
}
