/* The head, for all samples at once: bit k of a class's score above the lowest score of all classes
 * is word k of its counts. Outputs are added eight at a time by full adders; the carry ripples up
 * until it is 0 in all samples.
 *
 * A weight is added once for every bit of its magnitude. A bit of negative weight -m counts as its
 * complement of weight m, and -m is in the class's first count: counts are never negative. */

/* Score of each class if no counted bit is set, above the lowest score of all classes. */
static const uint32_t first_count[${P}_CLASSES] = {
$first_counts
};

/* Consecutive outputs of equal class and weight. */
static const struct {
    uint16_t n_outputs;
    uint16_t class_index;
    int8_t weight;
} runs[$n_runs] = {
$runs
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
        W *mine = counts + (size_t)runs[at->run].class_index * ${P}_SCORE_BITS;
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

    for (size_t index = 0; index < ${P}_CLASSES; index++)
        for (unsigned k = 0; k < ${P}_SCORE_BITS; k++)
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
        for (size_t index = 0; index < ${P}_CLASSES; index++) {
            uint32_t score = 0;
            for (unsigned k = 0; k < ${P}_SCORE_BITS; k++)
                score |= ((uint32_t)(*counts++ >> sample) & 1u) << k;
            *scores++ = (int32_t)score + ($lowest_score);
        }
    }
}

/* Leaves the highest counts in those of class 0, and their class in state->best. A class takes the
 * place of those before it in the samples in which its count is higher: among equals, the lowest
 * index stays. */
static void find_best(state_t *state)
{
    W *highest = state->counts;

    for (unsigned k = 0; k < ${P}_CLASS_BITS; k++)
        state->best[k] = ZERO;
    for (size_t index = 1; index < ${P}_CLASSES; index++) {
        const W *counts = state->counts + index * ${P}_SCORE_BITS;
        W above = ZERO;
        for (unsigned k = 0; k < ${P}_SCORE_BITS; k++) {
            const W differs = (W)(counts[k] ^ highest[k]);
            above = (W)(above ^ (differs & (above ^ counts[k])));
        }
        for (unsigned k = 0; k < ${P}_SCORE_BITS; k++)
            highest[k] = (W)(highest[k] ^ (above & (highest[k] ^ counts[k])));
        for (unsigned k = 0; k < ${P}_CLASS_BITS; k++)
            state->best[k] = (W)((index >> k) & 1u ? state->best[k] | above
                                                   : state->best[k] & ~above);
    }
}

static void store_classes(state_t *state, size_t n_samples, uint16_t *classes)
{
    find_best(state);
    for (size_t sample = 0; sample < n_samples; sample++) {
        unsigned index = 0;
        for (unsigned k = 0; k < ${P}_CLASS_BITS; k++)
            index |= ((unsigned)(state->best[k] >> sample) & 1u) << k;
        *classes++ = (uint16_t)index;
    }
}

void ${p}_predict(state_t *state, const feature_t *rows, size_t n_rows, uint16_t *classes)
{
    while (n_rows > 0) {
        const size_t n = n_rows < WORD_BITS ? n_rows : WORD_BITS;
        ${p}_encode(rows, n, state->inputs);
        count_all(state, state->inputs);
        store_classes(state, n, classes);
        rows += n * ${P}_FEATURES;
        classes += n;
        n_rows -= n;
    }
}

void ${p}_scores(state_t *state, const feature_t *rows, size_t n_rows, int32_t *scores)
{
    while (n_rows > 0) {
        const size_t n = n_rows < WORD_BITS ? n_rows : WORD_BITS;
        ${p}_encode(rows, n, state->inputs);
        count_all(state, state->inputs);
        store_scores(state, n, scores);
        rows += n * ${P}_FEATURES;
        scores += n * ${P}_CLASSES;
        n_rows -= n;
    }
}

void ${p}_predict_packed(state_t *state, const W *inputs, size_t n_samples, uint16_t *classes)
{
    while (n_samples > 0) {
        const size_t n = n_samples < WORD_BITS ? n_samples : WORD_BITS;
        count_all(state, inputs);
        store_classes(state, n, classes);
        inputs += ${P}_INPUT_BITS;
        classes += n;
        n_samples -= n;
    }
}

void ${p}_scores_packed(state_t *state, const W *inputs, size_t n_samples, int32_t *scores)
{
    while (n_samples > 0) {
        const size_t n = n_samples < WORD_BITS ? n_samples : WORD_BITS;
        count_all(state, inputs);
        store_scores(state, n, scores);
        inputs += ${P}_INPUT_BITS;
        scores += n * ${P}_CLASSES;
        n_samples -= n;
    }
}

uint16_t ${p}_predict_one(state_t *state, const feature_t *row)
{
    uint16_t index;

    ${p}_predict(state, row, 1, &index);
    return index;
}
