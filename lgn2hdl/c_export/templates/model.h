/* Written by lgn2hdl $version from the model with SHA-256
 * $model_sha256; do not edit.
 *
 * A logic gate network: $n_features features are compared with constants, which gives $n_inputs bits;
 * $n_gates gates make $n_outputs bits of them. $head_summary
 *
 * Plain C99, nothing allocated, no global variable that changes. The caller owns all memory: any
 * number of threads may work at once, each with a ${p}_state of its own.
 *
 * Memory:
 *   ${p}_state, in bytes by bits of a word: $state_bytes
 *   constant tables: $table_bytes bytes, without names and pointers
 *   code: $n_operators operations & | ^ ~ on words for the gates, and loads and stores
 *   stack: no more than $stack_words words at a time for the gates; no recursion
 *
$feature_notes
 */
#ifndef ${P}_H
#define ${P}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of a word: 8, 16, 32 or 64. As many samples are computed at a time, one per bit. The option
 * -D${P}_WORD_BITS=... of the compiler sets another size; all files need the same. */
#ifndef ${P}_WORD_BITS
#define ${P}_WORD_BITS $word_bits
#endif

#if ${P}_WORD_BITS == 8
typedef uint8_t ${p}_word;
#elif ${P}_WORD_BITS == 16
typedef uint16_t ${p}_word;
#elif ${P}_WORD_BITS == 32
typedef uint32_t ${p}_word;
#elif ${P}_WORD_BITS == 64
typedef uint64_t ${p}_word;
#else
#error "${P}_WORD_BITS is not 8, 16, 32 or 64"
#endif

typedef $feature_type ${p}_feature;

#define ${P}_FEATURES $n_features /* features of a row */
#define ${P}_INPUT_BITS $n_inputs /* bits that the gates read */
#define ${P}_OUTPUT_BITS $n_outputs /* bits that the gates give: the last layer */
$head_constants
/* Sizes of the arrays of a ${p}_state, in words. */
#define ${P}_VALUE_WORDS $n_values /* values between functions */
#define ${P}_PART_OUTPUTS $part_outputs /* outputs between functions and head */
$head_sizes
/* Working memory. It needs no initialization, and nothing has to be kept between two calls. */
typedef struct {
    ${p}_word inputs[${P}_INPUT_BITS];
    ${p}_word values[${P}_VALUE_WORDS];
    ${p}_word outputs[${P}_PART_OUTPUTS];
$head_state} ${p}_state;

/* Names of the $named, in UTF-8; long ones are cut. */
extern const char *const ${p}_names[${P}_$NAMED];

$head_functions
/* A packed array has words that each hold one bit of ${P}_WORD_BITS samples: bit s of the word
 * belongs to sample s. In a block of ${P}_INPUT_BITS words, word i holds for every sample whether
 * row[${p}_input_feature[i]] >= ${p}_input_threshold[i]; a last block may hold fewer samples. */
extern const ${index_type} ${p}_input_feature[${P}_INPUT_BITS];
extern const ${p}_feature ${p}_input_threshold[${P}_INPUT_BITS];

/* Packs a block: rows[${P}_FEATURES * n_rows] -> inputs[${P}_INPUT_BITS]. n_rows is 0 to
 * ${P}_WORD_BITS; the bits of samples that are not there become 0. */
void ${p}_encode(const ${p}_feature *rows, size_t n_rows, ${p}_word *inputs);

/* The last layer's bits of a block, packed: inputs[${P}_INPUT_BITS] -> outputs[${P}_OUTPUT_BITS].
 * inputs may be state->inputs; outputs has to be another array, which is not part of the state. */
void ${p}_evaluate(${p}_state *state, const ${p}_word *inputs, ${p}_word *outputs);

#ifdef __cplusplus
}
#endif

#endif
