/* Written by lgn2hdl $version. Compares the model with the results in vectors.h, which another
 * implementation computed; stops at the first difference with exit code 1. */
#include <stdio.h>

#include "model.h"
#include "vectors.h"

#define BLOCKS ((VECTORS + ${P}_WORD_BITS - 1) / ${P}_WORD_BITS)

static ${p}_state state;
static ${p}_word inputs[BLOCKS * ${P}_INPUT_BITS];

static int differs(const char *what, size_t sample, long expected, long got)
{
    if (expected == got)
        return 0;
    printf("sample %lu: expected %s %ld, got %ld\n", (unsigned long)sample, what, expected, got);
    return 1;
}

/* FNV-1a of the bits of a sample, a byte each. */
static uint32_t hash_of(const ${p}_word *bits, size_t n_bits, size_t sample)
{
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < n_bits; i++)
        hash = ((hash ^ (uint32_t)((bits[i] >> sample) & 1u)) * UINT32_C(16777619))
               & UINT32_C(0xffffffff);
    return hash;
}

/* The packed bits of the inputs, which are kept for other tests, and of the last layer. */
static int test_bits_of_layers(void)
{
    static ${p}_word outputs[${P}_OUTPUT_BITS];

    for (size_t block = 0; block < BLOCKS; block++) {
        const size_t start = block * ${P}_WORD_BITS;
        const size_t n = VECTORS - start < ${P}_WORD_BITS ? VECTORS - start : ${P}_WORD_BITS;
        ${p}_word *block_inputs = inputs + block * ${P}_INPUT_BITS;
        ${p}_encode(vector_rows + start * ${P}_FEATURES, n, block_inputs);
        ${p}_evaluate(&state, block_inputs, outputs);
        for (size_t sample = 0; sample < n; sample++) {
            const uint32_t in = hash_of(block_inputs, ${P}_INPUT_BITS, sample);
            const uint32_t out = hash_of(outputs, ${P}_OUTPUT_BITS, sample);
            if (differs("input bits of hash", start + sample,
                        (long)vector_input_hashes[start + sample], (long)in)
                || differs("last layer of hash", start + sample,
                           (long)vector_output_hashes[start + sample], (long)out))
                return 1;
        }
    }
    return 0;
}

$head_tests
int main(void)
{
    if (test_bits_of_layers() || test_results())
        return 1;
    printf("$p: %lu vectors right, %d samples a word, %lu bytes of state\n",
           (unsigned long)VECTORS, (int)${P}_WORD_BITS, (unsigned long)sizeof(${p}_state));
    return 0;
}
