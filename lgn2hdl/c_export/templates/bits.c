/* The head: the bits of the last layer are the result. Stores the outputs of one function. */
static void store(uint8_t *bits, const W *y, size_t n_outputs, size_t n_samples)
{
    for (size_t sample = 0; sample < n_samples; sample++) {
        for (size_t i = 0; i < n_outputs; i++)
            bits[i] = (uint8_t)((y[i] >> sample) & 1u);
        bits += ${P}_OUTPUT_BITS;
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

void ${p}_predict(state_t *state, const feature_t *rows, size_t n_rows, uint8_t *bits)
{
    while (n_rows > 0) {
        const size_t n = n_rows < WORD_BITS ? n_rows : WORD_BITS;
        ${p}_encode(rows, n, state->inputs);
        store_all(state, state->inputs, n, bits);
        rows += n * ${P}_FEATURES;
        bits += n * ${P}_OUTPUT_BITS;
        n_rows -= n;
    }
}

void ${p}_predict_packed(state_t *state, const W *inputs, size_t n_samples, uint8_t *bits)
{
    while (n_samples > 0) {
        const size_t n = n_samples < WORD_BITS ? n_samples : WORD_BITS;
        store_all(state, inputs, n, bits);
        inputs += ${P}_INPUT_BITS;
        bits += n * ${P}_OUTPUT_BITS;
        n_samples -= n;
    }
}

void ${p}_predict_one(state_t *state, const feature_t *row, uint8_t *bits)
{
    ${p}_predict(state, row, 1, bits);
}
