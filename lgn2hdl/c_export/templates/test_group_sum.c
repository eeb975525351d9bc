static int test_scores(const char *what, const int32_t *scores)
{
    for (size_t i = 0; i < (size_t)VECTORS * ${P}_CLASSES; i++)
        if (differs(what, i / ${P}_CLASSES, (long)vector_scores[i], (long)scores[i]))
            return 1;
    return 0;
}

static int test_classes(const char *what, const uint16_t *classes)
{
    for (size_t i = 0; i < VECTORS; i++)
        if (differs(what, i, (long)vector_classes[i], (long)classes[i]))
            return 1;
    return 0;
}

static int test_results(void)
{
    static int32_t scores[VECTORS * ${P}_CLASSES];
    static uint16_t classes[VECTORS];

    ${p}_scores(&state, vector_rows, VECTORS, scores);
    if (test_scores("score", scores))
        return 1;
    ${p}_scores_packed(&state, inputs, VECTORS, scores);
    if (test_scores("score from packed bits", scores))
        return 1;
    ${p}_predict(&state, vector_rows, VECTORS, classes);
    if (test_classes("class", classes))
        return 1;
    ${p}_predict_packed(&state, inputs, VECTORS, classes);
    if (test_classes("class from packed bits", classes))
        return 1;
    for (size_t i = 0; i < VECTORS; i++)
        classes[i] = ${p}_predict_one(&state, vector_rows + i * ${P}_FEATURES);
    return test_classes("class of one row", classes);
}
