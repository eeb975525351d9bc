/* Written by lgn2hdl $version from the model with SHA-256
 * $model_sha256; do not edit.
 * What the functions do is said in model.h. */
#include "model.h"

typedef ${p}_word W;
typedef ${p}_feature feature_t;
typedef ${p}_state state_t;

/* Small words are promoted to int by every operator: each result is cast back, which drops the bits
 * above the word that ~ sets. */
#define ZERO ((W)0)
#define ONES ((W)~(W)0)
#define WORD_BITS ((size_t)${P}_WORD_BITS)

const char *const ${p}_names[${P}_$NAMED] = {
$names
};

const ${index_type} ${p}_input_feature[${P}_INPUT_BITS] = {
$input_features
};

const ${p}_feature ${p}_input_threshold[${P}_INPUT_BITS] = {
$input_thresholds
};

/* The last sample comes first: then each is a shift by one, which is cheap on any processor. */
void ${p}_encode(const feature_t *rows, size_t n_rows, W *inputs)
{
    for (size_t bit = 0; bit < ${P}_INPUT_BITS; bit++) {
        const feature_t *values = rows + ${p}_input_feature[bit];
        const feature_t threshold = ${p}_input_threshold[bit];
        W word = 0;
        for (size_t sample = n_rows; sample-- > 0;)
            word = (W)((W)(word << 1) | (W)(values[sample * ${P}_FEATURES] >= threshold));
        inputs[bit] = word;
    }
}

/* The gates, in functions of bounded size: x are the inputs, s values that functions hand on to
 * later ones, y the next outputs. */
$parts

/* These functions in the order in which they have to be called. */
static const struct {
    void (*compute)(const W *restrict x, W *restrict s, W *restrict y);
    uint16_t n_outputs;
} parts[$n_parts] = {
$part_table
};

#define N_PARTS (sizeof parts / sizeof parts[0])

void ${p}_evaluate(state_t *state, const W *inputs, W *outputs)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        parts[i].compute(inputs, state->values, outputs);
        outputs += parts[i].n_outputs;
    }
}

