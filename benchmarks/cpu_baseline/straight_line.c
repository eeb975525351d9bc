/* The rest of the baseline, behind the generated function of all gates:

       static void gates(const uint64_t *x, uint64_t *y)

   and the macros N_INPUTS, N_OUTPUTS, N_CLASSES and N_PLANES. One 64-bit word holds one bit of 64
   samples. Outputs are equal groups, one a class. */

#define WORD 64
#define GROUP (N_OUTPUTS / N_CLASSES)

/* Adds a bit of every sample with half adders, from the lowest plane to the highest. */
static void add_bit(uint64_t *planes, uint64_t carry)
{
    for (int plane = 0; plane < N_PLANES; plane++) {
        uint64_t both = planes[plane] & carry;
        planes[plane] ^= carry;
        carry = both;
    }
}

static void count(const uint64_t *y, int32_t scores[N_CLASSES][WORD])
{
    for (int class = 0; class < N_CLASSES; class++) {
        uint64_t planes[N_PLANES] = {0};
        for (int output = 0; output < GROUP; output++)
            add_bit(planes, y[class * GROUP + output]);
        for (int sample = 0; sample < WORD; sample++) {
            int32_t score = 0;
            for (int plane = 0; plane < N_PLANES; plane++)
                score |= (int32_t)(planes[plane] >> sample & 1) << plane;
            scores[class][sample] = score;
        }
    }
}

static int32_t highest(int32_t scores[N_CLASSES][WORD], int sample)
{
    int32_t best = 0;
    for (int class = 1; class < N_CLASSES; class++)
        if (scores[class][sample] > scores[best][sample])
            best = class;
    return best;
}

static uint64_t x[N_INPUTS], y[N_OUTPUTS];

static void classify(int n_samples, int32_t *classes)
{
    int32_t scores[N_CLASSES][WORD];
    gates(x, y);
    count(y, scores);
    for (int sample = 0; sample < n_samples; sample++)
        classes[sample] = highest(scores, sample);
}

/* rows: [n_samples][N_INPUTS], 0 or 1, a byte each. */
void classify_bools(const uint8_t *rows, int64_t n_samples, int32_t *classes)
{
    for (int64_t start = 0; start < n_samples; start += WORD) {
        int64_t left = n_samples - start;
        int64_t used = left < WORD ? left : WORD;
        const uint8_t *block = rows + start * N_INPUTS;
        for (int64_t input = 0; input < N_INPUTS; input++) {
            uint64_t word = 0;
            for (int64_t sample = 0; sample < used; sample++)
                word |= (uint64_t)block[sample * N_INPUTS + input] << sample;
            x[input] = word;
        }
        classify((int)used, classes + start);
    }
}

/* words: [N_INPUTS][n_words], sample s is bit s % 64 of word s / 64. */
void classify_packed(const uint64_t *words, int64_t n_words, int64_t n_samples, int32_t *classes)
{
    for (int64_t block = 0; block < n_words; block++) {
        int64_t left = n_samples - block * WORD;
        for (int64_t input = 0; input < N_INPUTS; input++)
            x[input] = words[input * n_words + block];
        classify((int)(left < WORD ? left : WORD), classes + block * WORD);
    }
}
