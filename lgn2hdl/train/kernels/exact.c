/* Arithmetic of a training step whose every bit is defined here; see exact.py and arithmetic.py.

   The order of every sum and every polynomial is written out, and products are not contracted with
   sums (flag -ffp-contract=off), so vectors of any width, and processors with and without fused
   multiply-add, give the same bytes. Elements begin to end of a result are computed by one call. */

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* Vectors as wide as they are here, and rows of a matrix for which there are registers. Neither
   shows in a result. */
#if defined(__AVX512F__)
#define LANES 16
#define HEIGHT 12
#elif defined(__AVX__)
#define LANES 8
#define HEIGHT 6
#else
#define LANES 4
#define HEIGHT 3
#endif
#define PANEL 16 /* columns that a matrix is cut into, and partial sums of a row */

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#include "tails.h"

INLINE vec select(ivec mask, vec yes, vec no)
{
    return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask));
}

/* exp(x) as 2^n * exp(r) with |r| <= log(2) / 2; x is taken to be within -87 and 88. */
INLINE vec exponential(vec x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    x = select(x < -87.0f, (vec){0} - 87.0f, x);
    x = select(x > 88.0f, (vec){0} + 88.0f, x);
    vec shifted = x * 1.44269504088896341f + round;
    ivec n = (ivec)shifted - (ivec)((vec){0} + round);
    vec whole = shifted - round;
    /* log(2) in two parts, of which the first has few bits: its products are exact. */
    vec r = x - whole * 0.693359375f;
    r = r - whole * -2.12194440e-4f;
    vec p = r * (1.0f / 5040) + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return (vec)((ivec)p + (n << 23));
}

/* log(x) of normal, positive x: x = m * 2^e with m near 1, log m = 2 artanh((m - 1) / (m + 1)). */
INLINE vec logarithm(vec x)
{
    const int32_t half = 0x3f3504f3; /* bits of sqrt(1/2) */
    ivec e = ((ivec)x - half) >> 23;
    vec m = (vec)((ivec)x - (e << 23));
    vec exponent = __builtin_convertvector(e, vec);
    vec s = (m - 1.0f) / (m + 1.0f), z = s * s;
    vec p = z * (2.0f / 9) + 2.0f / 7;
    p = p * z + 2.0f / 5;
    p = p * z + 2.0f / 3;
    vec small = s * 2.0f + s * z * p + exponent * -2.12194440e-4f;
    return small + exponent * 0.693359375f;
}

INLINE vec sigmoid_of(vec x)
{
    return 1.0f / (exponential((vec){0} - x) + 1.0f);
}

#define ELEMENTWISE(name, function)                                                                \
    void name(const float *x, float *y, int64_t begin, int64_t end)                                \
    {                                                                                              \
        for (int64_t at = begin; at < end; at += LANES)                                            \
            store(y + at, function(load(x + at, end - at)), end - at);                             \
    }

ELEMENTWISE(exponentials, exponential)
ELEMENTWISE(logarithms, logarithm)
ELEMENTWISE(sigmoids, sigmoid_of)

/* Sums take BLOCK terms at a time and then add these sums, which keeps rounding errors small. */
#define BLOCK 32
#define BESIDE 4 /* vectors of columns that are summed side by side */

/* y[column] = sum over row of x[row, column], row after row. */
void sum_columns(const float *x, int64_t rows, int64_t columns, float *y, int64_t begin,
                 int64_t end)
{
    for (int64_t column = begin; column < end; column += BESIDE * LANES) {
        vec total[BESIDE] = {{0}};
        for (int64_t block = 0; block < rows; block += BLOCK) {
            vec sum[BESIDE] = {{0}};
            for (int64_t row = block; row < rows && row < block + BLOCK; row++)
                for (int part = 0; part < BESIDE; part++) {
                    int64_t at = column + part * LANES;
                    sum[part] += load(x + row * columns + at, end - at);
                }
            for (int part = 0; part < BESIDE; part++)
                total[part] += sum[part];
        }
        for (int part = 0; part < BESIDE && column + part * LANES < end; part++)
            store(y + column + part * LANES, total[part], end - column - part * LANES);
    }
}

/* y[row] = sum over column of x[row, column]: PANEL partial sums, then these in their order. */
void sum_rows(const float *x, int64_t columns, float *y, int64_t begin, int64_t end)
{
    for (int64_t row = begin; row < end; row++) {
        vec total[PANEL / LANES] = {{0}};
        for (int64_t block = 0; block < columns; block += BLOCK * PANEL) {
            vec sum[PANEL / LANES] = {{0}};
            for (int64_t column = block; column < columns && column < block + BLOCK * PANEL;
                 column += PANEL)
                for (int part = 0; part < PANEL / LANES; part++) {
                    int64_t at = column + part * LANES;
                    sum[part] += load(x + row * columns + at, columns - at);
                }
            for (int part = 0; part < PANEL / LANES; part++)
                total[part] += sum[part];
        }
        float whole = 0;
        for (int part = 0; part < PANEL; part++)
            whole += total[part / LANES][part % LANES];
        y[row] = whole;
    }
}

INLINE vec highest_of(const float *x, int64_t rows, int64_t stride, int64_t left)
{
    vec highest = load(x, left);
    for (int64_t at = stride; at < rows * stride; at += stride) {
        vec here = load(x + at, left);
        highest = select(here > highest, here, highest);
    }
    return highest;
}

/* Columns begin to end of y[rows, n], the softmax over the rows of x[rows, n]. */
void softmax(const float *x, int64_t rows, int64_t n, float *y, int64_t begin, int64_t end)
{
    for (int64_t column = begin; column < end; column += LANES) {
        int64_t left = end - column;
        vec highest = highest_of(x + column, rows, n, left), sum = {0};
        for (int64_t at = column; at < rows * n; at += n) {
            vec power = exponential(load(x + at, left) - highest);
            store(y + at, power, left);
            sum += power;
        }
        for (int64_t at = column; at < rows * n; at += n)
            store(y + at, load(y + at, left) / sum, left);
    }
}

/* Columns begin to end of its gradient, for the softmax y and the gradient of y. */
void softmax_backward(const float *y, const float *grad, int64_t rows, int64_t n, float *grad_x,
                      int64_t begin, int64_t end)
{
    for (int64_t column = begin; column < end; column += LANES) {
        int64_t left = end - column;
        vec sum = {0};
        for (int64_t at = column; at < rows * n; at += n)
            sum += load(y + at, left) * load(grad + at, left);
        for (int64_t at = column; at < rows * n; at += n)
            store(grad_x + at, load(y + at, left) * (load(grad + at, left) - sum), left);
    }
}

/* Columns begin to end of y[rows, n], the Walsh-Hadamard transform of the columns of x[rows, n],
   for 2 to 64 rows. */
void transform(const float *x, int64_t rows, int64_t n, float *y, int64_t begin, int64_t end)
{
    for (int64_t column = begin; column < end; column += LANES) {
        vec value[64];
        for (int64_t row = 0; row < rows; row++)
            value[row] = load(x + row * n + column, end - column);
        for (int64_t half = 1; half < rows; half *= 2)
            for (int64_t row = 0; row < rows; row++)
                if (!(row & half)) {
                    vec low = value[row], high = value[row + half];
                    value[row] = low + high;
                    value[row + half] = low - high;
                }
        for (int64_t row = 0; row < rows; row++)
            store(y + row * n + column, value[row], end - column);
    }
}

/* Columns begin to end of the cross entropy of logits[classes, n] with goals of the same shape:
   the loss of every column and its gradient. */
void cross_entropy(const float *logits, const float *goal, int64_t classes, int64_t n, float *loss,
                   float *slope, int64_t begin, int64_t end)
{
    for (int64_t column = begin; column < end; column += LANES) {
        const float *x = logits + column, *g = goal + column;
        int64_t left = end - column;
        vec highest = highest_of(x, classes, n, left), sum = {0}, weight = {0}, met = {0};
        for (int64_t at = 0; at < classes * n; at += n) {
            vec low = load(x + at, left) - highest, power = exponential(low);
            store(slope + column + at, power, left);
            sum += power;
            weight += load(g + at, left);
            met += load(g + at, left) * low;
        }
        store(loss + column, weight * logarithm(sum) - met, left);
        for (int64_t at = 0; at < classes * n; at += n) {
            vec part = load(slope + column + at, left) / sum * weight;
            store(slope + column + at, part - load(g + at, left), left);
        }
    }
}

/* Sums over k in rising order: y[row, column] of `height` rows of a and the columns of a panel. */
INLINE void tile(const float *a, const float *panel, int64_t k, int64_t n, float *y, int height,
                 int64_t left)
{
    vec total[HEIGHT][PANEL / LANES];
    for (int row = 0; row < height; row++)
        for (int part = 0; part < PANEL / LANES; part++)
            total[row][part] = (vec){0};
    for (int64_t i = 0; i < k; i++)
        for (int part = 0; part < PANEL / LANES; part++) {
            vec here = *(const vec *)(panel + i * PANEL + part * LANES);
            for (int row = 0; row < height; row++)
                total[row][part] += a[row * k + i] * here;
        }
    for (int row = 0; row < height; row++)
        memcpy(y + row * n, total[row], (size_t)(left < PANEL ? left : PANEL) * sizeof(float));
}

/* Rows begin to end of y[m, n] = a[m, k] @ b[k, n]; b is given as panels[-(-n / 16), k, 16]. */
void multiply(const float *a, const float *panels, int64_t k, int64_t n, float *y, int64_t begin,
              int64_t end)
{
    for (int64_t column = 0; column < n; column += PANEL) {
        const float *panel = panels + column * k;
        int64_t row = begin, left = n - column;
        for (; row + HEIGHT <= end; row += HEIGHT)
            tile(a + row * k, panel, k, n, y + row * n + column, HEIGHT, left);
        for (; row < end; row++)
            tile(a + row * k, panel, k, n, y + row * n + column, 1, left);
    }
}

typedef struct {
    float beta1, rest1, beta2, rest2; /* rest: 1 - beta */
    float decay, rate, correction, epsilon;
} adam_factors;

/* One step of AdamW on elements begin to end. */
void adam(const adam_factors *by, const float *grad, float *value, float *mean, float *square,
          int64_t begin, int64_t end)
{
    for (int64_t at = begin; at < end; at += LANES) {
        int64_t left = end - at;
        vec g = load(grad + at, left);
        vec m = load(mean + at, left) * by->beta1 + g * by->rest1;
        vec s = load(square + at, left) * by->beta2 + g * g * by->rest2, root;
        for (int lane = 0; lane < LANES; lane++)
            root[lane] = __builtin_sqrtf(s[lane]);
        vec step = by->rate * m / (root * by->correction + by->epsilon);
        store(mean + at, m, left);
        store(square + at, s, left);
        store(value + at, load(value + at, left) * by->decay - step, left);
    }
}
