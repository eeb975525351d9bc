/* Written by lgn2hdl 0 from the model with SHA-256
 * 0000000000000000000000000000000000000000000000000000000000000000; do not edit.
 * What the functions do is said in model.h. */
#include "model.h"

typedef tiny_word W;
typedef tiny_feature feature_t;
typedef tiny_state state_t;

/* Small words are promoted to int by every operator: each result is cast back, which drops the bits
 * above the word that ~ sets. */
#define ZERO ((W)0)
#define ONES ((W)~(W)0)
#define WORD_BITS ((size_t)TINY_WORD_BITS)

const char *const tiny_names[TINY_CLASSES] = {
    "a",
    "b",
    "c"
};

const uint16_t tiny_input_feature[TINY_INPUT_BITS] = {
    0, 0, 1, 2
};

const tiny_feature tiny_input_threshold[TINY_INPUT_BITS] = {
    2, 5, 1, 1
};

/* The last sample comes first: then each is a shift by one, which is cheap on any processor. */
void tiny_encode(const feature_t *rows, size_t n_rows, W *inputs)
{
    for (size_t bit = 0; bit < TINY_INPUT_BITS; bit++) {
        const feature_t *values = rows + tiny_input_feature[bit];
        const feature_t threshold = tiny_input_threshold[bit];
        W word = 0;
        for (size_t sample = n_rows; sample-- > 0;)
            word = (W)((W)(word << 1) | (W)(values[sample * TINY_FEATURES] >= threshold));
        inputs[bit] = word;
    }
}

/* The gates, in functions of bounded size: x are the inputs, s values that functions hand on to
 * later ones, y the next outputs. */
static void part_0(const W *restrict x, W *restrict s, W *restrict y)
{
    const W v5 = (W)((x[0] ^ x[2]) ^ x[3]);
    const W v6 = (W)(((x[1] & x[2]) | x[3]) & (x[1] | x[2]));
    y[0] = (W)(v5 & v6);
    const W v7 = (W)(~(x[0] & x[3]));
    y[1] = (W)(v6 ^ v7);
    y[2] = (W)(v5 | ~v7);
    y[3] = (W)(v5 | v6);
    (void)s;
}

/* These functions in the order in which they have to be called. */
static const struct {
    void (*compute)(const W *restrict x, W *restrict s, W *restrict y);
    uint16_t n_outputs;
} parts[1] = {
    {part_0, 4}
};

#define N_PARTS (sizeof parts / sizeof parts[0])

void tiny_evaluate(state_t *state, const W *inputs, W *outputs)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        parts[i].compute(inputs, state->values, outputs);
        outputs += parts[i].n_outputs;
    }
}

/* The head, for all samples at once: bit k of a class's score above the lowest score of all classes
 * is word k of its counts. Outputs are added eight at a time by full adders; the carry ripples up
 * until it is 0 in all samples.
 *
 * A weight is added once for every bit of its magnitude. A bit of negative weight -m counts as its
 * complement of weight m, and -m is in the class's first count: counts are never negative. */

/* Score of each class if no counted bit is set, above the lowest score of all classes. */
static const uint32_t first_count[TINY_CLASSES] = {
    1, 0, 1
};

/* Consecutive outputs of equal class and weight. */
static const struct {
    uint16_t n_outputs;
    uint16_t class_index;
    int8_t weight;
} runs[3] = {
    {2, 0, 1},
    {1, 1, 2},
    {1, 2, -1}
};

typedef struct {
    size_t run;
    size_t done; /* outputs of the run */
} position_t;

static W full_adder(W *count, W a, W b)
{
    const W before = *count;
    const W sum = (W)(a ^ b);
    *count = (W)(sum ^ before);
    return (W)((a & b) | (sum & before));
}

static void ripple(W *counts, W carry)
{
    while (carry != 0) {
        const W before = *counts;
        *counts++ = (W)(before ^ carry);
        carry = (W)(carry & before);
    }
}

/* Adds bits, or their complements if flip is all ones. A class has a word for every bit of its
 * highest count, so that no carry leaves the last one. */
static void add_bits(W *counts, const W *y, size_t n_bits, W flip)
{
    for (; n_bits >= 8; n_bits -= 8, y += 8) {
        const W a = full_adder(counts, (W)(y[0] ^ flip), (W)(y[1] ^ flip));
        const W b = full_adder(counts, (W)(y[2] ^ flip), (W)(y[3] ^ flip));
        const W c = full_adder(counts, (W)(y[4] ^ flip), (W)(y[5] ^ flip));
        const W d = full_adder(counts, (W)(y[6] ^ flip), (W)(y[7] ^ flip));
        const W e = full_adder(counts + 1, a, b);
        const W f = full_adder(counts + 1, c, d);
        ripple(counts + 3, full_adder(counts + 2, e, f));
    }
    for (; n_bits > 0; n_bits--, y++)
        ripple(counts, (W)(*y ^ flip));
}

static void add_weighted(W *counts, const W *y, size_t n_bits, int weight)
{
    const W flip = weight < 0 ? ONES : ZERO;
    unsigned magnitude = (unsigned)(weight < 0 ? -weight : weight);
    for (; magnitude != 0; magnitude >>= 1, counts++)
        if (magnitude & 1u)
            add_bits(counts, y, n_bits, flip);
}

/* Counts the outputs of one function. */
static void count(W *counts, const W *y, size_t n_outputs, position_t *at)
{
    while (n_outputs > 0) {
        const size_t left = runs[at->run].n_outputs - at->done;
        const size_t n = n_outputs < left ? n_outputs : left;
        W *mine = counts + (size_t)runs[at->run].class_index * TINY_SCORE_BITS;
        add_weighted(mine, y, n, runs[at->run].weight);
        y += n;
        n_outputs -= n;
        at->done += n;
        if (n == left) {
            at->run++;
            at->done = 0;
        }
    }
}

/* Counts of all classes, in state->counts. */
static void count_all(state_t *state, const W *inputs)
{
    position_t at = {0, 0};
    W *counts = state->counts;

    for (size_t index = 0; index < TINY_CLASSES; index++)
        for (unsigned k = 0; k < TINY_SCORE_BITS; k++)
            *counts++ = (first_count[index] >> k) & 1u ? ONES : ZERO;
    for (size_t i = 0; i < N_PARTS; i++) {
        parts[i].compute(inputs, state->values, state->outputs);
        count(state->counts, state->outputs, parts[i].n_outputs, &at);
    }
}

static void store_scores(const state_t *state, size_t n_samples, int32_t *scores)
{
    for (size_t sample = 0; sample < n_samples; sample++) {
        const W *counts = state->counts;
        for (size_t index = 0; index < TINY_CLASSES; index++) {
            uint32_t score = 0;
            for (unsigned k = 0; k < TINY_SCORE_BITS; k++)
                score |= ((uint32_t)(*counts++ >> sample) & 1u) << k;
            *scores++ = (int32_t)score + (-1);
        }
    }
}

/* Leaves the highest counts in those of class 0, and their class in state->best. A class takes the
 * place of those before it in the samples in which its count is higher: among equals, the lowest
 * index stays. */
static void find_best(state_t *state)
{
    W *highest = state->counts;

    for (unsigned k = 0; k < TINY_CLASS_BITS; k++)
        state->best[k] = ZERO;
    for (size_t index = 1; index < TINY_CLASSES; index++) {
        const W *counts = state->counts + index * TINY_SCORE_BITS;
        W above = ZERO;
        for (unsigned k = 0; k < TINY_SCORE_BITS; k++) {
            const W differs = (W)(counts[k] ^ highest[k]);
            above = (W)(above ^ (differs & (above ^ counts[k])));
        }
        for (unsigned k = 0; k < TINY_SCORE_BITS; k++)
            highest[k] = (W)(highest[k] ^ (above & (highest[k] ^ counts[k])));
        for (unsigned k = 0; k < TINY_CLASS_BITS; k++)
            state->best[k] = (W)((index >> k) & 1u ? state->best[k] | above
                                                   : state->best[k] & ~above);
    }
}

static void store_classes(state_t *state, size_t n_samples, uint16_t *classes)
{
    find_best(state);
    for (size_t sample = 0; sample < n_samples; sample++) {
        unsigned index = 0;
        for (unsigned k = 0; k < TINY_CLASS_BITS; k++)
            index |= ((unsigned)(state->best[k] >> sample) & 1u) << k;
        *classes++ = (uint16_t)index;
    }
}

void tiny_predict(state_t *state, const feature_t *rows, size_t n_rows, uint16_t *classes)
{
    while (n_rows > 0) {
        const size_t n = n_rows < WORD_BITS ? n_rows : WORD_BITS;
        tiny_encode(rows, n, state->inputs);
        count_all(state, state->inputs);
        store_classes(state, n, classes);
        rows += n * TINY_FEATURES;
        classes += n;
        n_rows -= n;
    }
}

void tiny_scores(state_t *state, const feature_t *rows, size_t n_rows, int32_t *scores)
{
    while (n_rows > 0) {
        const size_t n = n_rows < WORD_BITS ? n_rows : WORD_BITS;
        tiny_encode(rows, n, state->inputs);
        count_all(state, state->inputs);
        store_scores(state, n, scores);
        rows += n * TINY_FEATURES;
        scores += n * TINY_CLASSES;
        n_rows -= n;
    }
}

void tiny_predict_packed(state_t *state, const W *inputs, size_t n_samples, uint16_t *classes)
{
    while (n_samples > 0) {
        const size_t n = n_samples < WORD_BITS ? n_samples : WORD_BITS;
        count_all(state, inputs);
        store_classes(state, n, classes);
        inputs += TINY_INPUT_BITS;
        classes += n;
        n_samples -= n;
    }
}

void tiny_scores_packed(state_t *state, const W *inputs, size_t n_samples, int32_t *scores)
{
    while (n_samples > 0) {
        const size_t n = n_samples < WORD_BITS ? n_samples : WORD_BITS;
        count_all(state, inputs);
        store_scores(state, n, scores);
        inputs += TINY_INPUT_BITS;
        scores += n * TINY_CLASSES;
        n_samples -= n;
    }
}

uint16_t tiny_predict_one(state_t *state, const feature_t *row)
{
    uint16_t index;

    tiny_predict(state, row, 1, &index);
    return index;
}
