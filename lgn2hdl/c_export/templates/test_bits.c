static int test_row(const char *what, size_t sample, const uint8_t *bits)
{
    const uint8_t *expected = vector_bits + sample * ((${P}_OUTPUT_BITS + 7) / 8);
    for (size_t i = 0; i < ${P}_OUTPUT_BITS; i++)
        if (differs(what, sample, (expected[i / 8] >> (i % 8)) & 1, (long)bits[i])) {
            printf("(this is output %lu)\n", (unsigned long)i);
            return 1;
        }
    return 0;
}

static int test_rows(const char *what, const uint8_t *bits)
{
    for (size_t sample = 0; sample < VECTORS; sample++)
        if (test_row(what, sample, bits + sample * ${P}_OUTPUT_BITS))
            return 1;
    return 0;
}

static int test_results(void)
{
    static uint8_t bits[VECTORS * ${P}_OUTPUT_BITS];
    static uint8_t one[${P}_OUTPUT_BITS];

    ${p}_predict(&state, vector_rows, VECTORS, bits);
    if (test_rows("bit", bits))
        return 1;
    ${p}_predict_packed(&state, inputs, VECTORS, bits);
    if (test_rows("bit from packed inputs", bits))
        return 1;
    for (size_t sample = 0; sample < VECTORS; sample++) {
        ${p}_predict_one(&state, vector_rows + sample * ${P}_FEATURES, one);
        if (test_row("bit of one row", sample, one))
            return 1;
    }
    return 0;
}
