/* Written by lgn2hdl 0. Compares the model with the results in vectors.h, which another
 * implementation computed; stops at the first difference with exit code 1. */
#include <stdio.h>

#include "model.h"
#include "vectors.h"

#define BLOCKS ((VECTORS + TINY_WORD_BITS - 1) / TINY_WORD_BITS)

static tiny_state state;
static tiny_word inputs[BLOCKS * TINY_INPUT_BITS];

static int differs(const char *what, size_t sample, long expected, long got)
{
    if (expected == got)
        return 0;
    printf("sample %lu: expected %s %ld, got %ld\n", (unsigned long)sample, what, expected, got);
    return 1;
}

/* FNV-1a of the bits of a sample, a byte each. */
static uint32_t hash_of(const tiny_word *bits, size_t n_bits, size_t sample)
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
    static tiny_word outputs[TINY_OUTPUT_BITS];

    for (size_t block = 0; block < BLOCKS; block++) {
        const size_t start = block * TINY_WORD_BITS;
        const size_t n = VECTORS - start < TINY_WORD_BITS ? VECTORS - start : TINY_WORD_BITS;
        tiny_word *block_inputs = inputs + block * TINY_INPUT_BITS;
        tiny_encode(vector_rows + start * TINY_FEATURES, n, block_inputs);
        tiny_evaluate(&state, block_inputs, outputs);
        for (size_t sample = 0; sample < n; sample++) {
            const uint32_t in = hash_of(block_inputs, TINY_INPUT_BITS, sample);
            const uint32_t out = hash_of(outputs, TINY_OUTPUT_BITS, sample);
            if (differs("input bits of hash", start + sample,
                        (long)vector_input_hashes[start + sample], (long)in)
                || differs("last layer of hash", start + sample,
                           (long)vector_output_hashes[start + sample], (long)out))
                return 1;
        }
    }
    return 0;
}

static int test_row(const char *what, size_t sample, const uint8_t *bits)
{
    const uint8_t *expected = vector_bits + sample * ((TINY_OUTPUT_BITS + 7) / 8);
    for (size_t i = 0; i < TINY_OUTPUT_BITS; i++)
        if (differs(what, sample, (expected[i / 8] >> (i % 8)) & 1, (long)bits[i])) {
            printf("(this is output %lu)\n", (unsigned long)i);
            return 1;
        }
    return 0;
}

static int test_rows(const char *what, const uint8_t *bits)
{
    for (size_t sample = 0; sample < VECTORS; sample++)
        if (test_row(what, sample, bits + sample * TINY_OUTPUT_BITS))
            return 1;
    return 0;
}

static int test_results(void)
{
    static uint8_t bits[VECTORS * TINY_OUTPUT_BITS];
    static uint8_t one[TINY_OUTPUT_BITS];

    tiny_predict(&state, vector_rows, VECTORS, bits);
    if (test_rows("bit", bits))
        return 1;
    tiny_predict_packed(&state, inputs, VECTORS, bits);
    if (test_rows("bit from packed inputs", bits))
        return 1;
    for (size_t sample = 0; sample < VECTORS; sample++) {
        tiny_predict_one(&state, vector_rows + sample * TINY_FEATURES, one);
        if (test_row("bit of one row", sample, one))
            return 1;
    }
    return 0;
}

int main(void)
{
    if (test_bits_of_layers() || test_results())
        return 1;
    printf("tiny: %lu vectors right, %d samples a word, %lu bytes of state\n",
           (unsigned long)VECTORS, (int)TINY_WORD_BITS, (unsigned long)sizeof(tiny_state));
    return 0;
}
