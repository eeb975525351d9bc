/* Any number of rows of features, one after the other -> for each a row of ${P}_OUTPUT_BITS bytes
 * that are 0 or 1. */
void ${p}_predict(${p}_state *state, const ${p}_feature *rows, size_t n_rows, uint8_t *bits);

/* The bits of one row. */
void ${p}_predict_one(${p}_state *state, const ${p}_feature *row, uint8_t *bits);

/* The same from packed bits: blocks of ${P}_INPUT_BITS words, one after the other. */
void ${p}_predict_packed(${p}_state *state, const ${p}_word *inputs, size_t n_samples,
                         uint8_t *bits);
