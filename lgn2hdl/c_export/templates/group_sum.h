/* Any number of rows of features, one after the other -> for each its class, or a row of scores.
 * The class is the one of the highest score; among equal scores, of the lowest index. */
void ${p}_predict(${p}_state *state, const ${p}_feature *rows, size_t n_rows, uint16_t *classes);
void ${p}_scores(${p}_state *state, const ${p}_feature *rows, size_t n_rows, int32_t *scores);

/* The class of one row. */
uint16_t ${p}_predict_one(${p}_state *state, const ${p}_feature *row);

/* The same from packed bits: blocks of ${P}_INPUT_BITS words, one after the other. */
void ${p}_predict_packed(${p}_state *state, const ${p}_word *inputs, size_t n_samples,
                         uint16_t *classes);
void ${p}_scores_packed(${p}_state *state, const ${p}_word *inputs, size_t n_samples,
                        int32_t *scores);
