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

const char *const tiny_names[TINY_OUTPUT_BITS] = {
    "a",
    "b",
    "c",
    "the \042last\042"
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

/* The head: the bits of the last layer are the result. Stores the outputs of one function. */
static void store(uint8_t *bits, const W *y, size_t n_outputs, size_t n_samples)
{
    for (size_t sample = 0; sample < n_samples; sample++) {
        for (size_t i = 0; i < n_outputs; i++)
            bits[i] = (uint8_t)((y[i] >> sample) & 1u);
        bits += TINY_OUTPUT_BITS;
    }
}

/* Results of at most WORD_BITS samples. */
static void store_all(state_t *state, const W *inputs, size_t n_samples, uint8_t *bits)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        parts[i].compute(inputs, state->values, state->outputs);
        store(bits, state->outputs, parts[i].n_outputs, n_samples);
        bits += parts[i].n_outputs;
    }
}

void tiny_predict(state_t *state, const feature_t *rows, size_t n_rows, uint8_t *bits)
{
    while (n_rows > 0) {
        const size_t n = n_rows < WORD_BITS ? n_rows : WORD_BITS;
        tiny_encode(rows, n, state->inputs);
        store_all(state, state->inputs, n, bits);
        rows += n * TINY_FEATURES;
        bits += n * TINY_OUTPUT_BITS;
        n_rows -= n;
    }
}

void tiny_predict_packed(state_t *state, const W *inputs, size_t n_samples, uint8_t *bits)
{
    while (n_samples > 0) {
        const size_t n = n_samples < WORD_BITS ? n_samples : WORD_BITS;
        store_all(state, inputs, n, bits);
        inputs += TINY_INPUT_BITS;
        bits += n * TINY_OUTPUT_BITS;
        n_samples -= n;
    }
}

void tiny_predict_one(state_t *state, const feature_t *row, uint8_t *bits)
{
    tiny_predict(state, row, 1, bits);
}
