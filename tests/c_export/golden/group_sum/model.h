/* Written by lgn2hdl 0 from the model with SHA-256
 * 0000000000000000000000000000000000000000000000000000000000000000; do not edit.
 *
 * A logic gate network: 3 features are compared with constants, which gives 4 bits;
 * 7 gates make 4 bits of them. A class's score is a weighted count of those that are set.
 *
 * Plain C99, nothing allocated, no global variable that changes. The caller owns all memory: any
 * number of threads may work at once, each with a tiny_state of its own.
 *
 * Memory:
 *   tiny_state, in bytes by bits of a word: 17 (8), 34 (16), 68 (32), 136 (64)
 *   constant tables: 42 bytes, without names and pointers
 *   code: 13 operations & | ^ ~ on words for the gates, and loads and stores
 *   stack: no more than 3 words at a time for the gates; no recursion
 *
 * Features of a row, made from the raw columns x of the data set:
 *   0 (height): floor((x - -2.5) / 0.5 + 0.5), clipped to 0 to 7
 *   1 (colour): 1 where x is <red>, else 0
 *   2 (colour): 1 where x is <green>, else 0
 */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of a word: 8, 16, 32 or 64. As many samples are computed at a time, one per bit. The option
 * -DTINY_WORD_BITS=... of the compiler sets another size; all files need the same. */
#ifndef TINY_WORD_BITS
#define TINY_WORD_BITS 32
#endif

#if TINY_WORD_BITS == 8
typedef uint8_t tiny_word;
#elif TINY_WORD_BITS == 16
typedef uint16_t tiny_word;
#elif TINY_WORD_BITS == 32
typedef uint32_t tiny_word;
#elif TINY_WORD_BITS == 64
typedef uint64_t tiny_word;
#else
#error "TINY_WORD_BITS is not 8, 16, 32 or 64"
#endif

typedef uint8_t tiny_feature;

#define TINY_FEATURES 3 /* features of a row */
#define TINY_INPUT_BITS 4 /* bits that the gates read */
#define TINY_OUTPUT_BITS 4 /* bits that the gates give: the last layer */
#define TINY_CLASSES 3

/* Sizes of the arrays of a tiny_state, in words. */
#define TINY_VALUE_WORDS 1 /* values between functions */
#define TINY_PART_OUTPUTS 4 /* outputs between functions and head */
#define TINY_SCORE_BITS 2 /* a counter of a class */
#define TINY_CLASS_BITS 2 /* the index of a class */

/* Working memory. It needs no initialization, and nothing has to be kept between two calls. */
typedef struct {
    tiny_word inputs[TINY_INPUT_BITS];
    tiny_word values[TINY_VALUE_WORDS];
    tiny_word outputs[TINY_PART_OUTPUTS];
    tiny_word counts[TINY_CLASSES * TINY_SCORE_BITS];
    tiny_word best[TINY_CLASS_BITS];
} tiny_state;

/* Names of the classes, in UTF-8; long ones are cut. */
extern const char *const tiny_names[TINY_CLASSES];

/* Any number of rows of features, one after the other -> for each its class, or a row of scores.
 * The class is the one of the highest score; among equal scores, of the lowest index. */
void tiny_predict(tiny_state *state, const tiny_feature *rows, size_t n_rows, uint16_t *classes);
void tiny_scores(tiny_state *state, const tiny_feature *rows, size_t n_rows, int32_t *scores);

/* The class of one row. */
uint16_t tiny_predict_one(tiny_state *state, const tiny_feature *row);

/* The same from packed bits: blocks of TINY_INPUT_BITS words, one after the other. */
void tiny_predict_packed(tiny_state *state, const tiny_word *inputs, size_t n_samples,
                         uint16_t *classes);
void tiny_scores_packed(tiny_state *state, const tiny_word *inputs, size_t n_samples,
                        int32_t *scores);

/* A packed array has words that each hold one bit of TINY_WORD_BITS samples: bit s of the word
 * belongs to sample s. In a block of TINY_INPUT_BITS words, word i holds for every sample whether
 * row[tiny_input_feature[i]] >= tiny_input_threshold[i]; a last block may hold fewer samples. */
extern const uint16_t tiny_input_feature[TINY_INPUT_BITS];
extern const tiny_feature tiny_input_threshold[TINY_INPUT_BITS];

/* Packs a block: rows[TINY_FEATURES * n_rows] -> inputs[TINY_INPUT_BITS]. n_rows is 0 to
 * TINY_WORD_BITS; the bits of samples that are not there become 0. */
void tiny_encode(const tiny_feature *rows, size_t n_rows, tiny_word *inputs);

/* The last layer's bits of a block, packed: inputs[TINY_INPUT_BITS] -> outputs[TINY_OUTPUT_BITS].
 * inputs may be state->inputs; outputs has to be another array, which is not part of the state. */
void tiny_evaluate(tiny_state *state, const tiny_word *inputs, tiny_word *outputs);

#ifdef __cplusplus
}
#endif

#endif
