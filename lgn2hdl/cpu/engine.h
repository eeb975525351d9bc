/* The tables of a program, as program.py writes them, and what the kernels share.

   A program is one array of 32-bit words: a header, then sections of known length. Samples are
   computed in blocks of `vectors` times 512; a slot holds one bit of every sample of a block.
   Slot 0 is constant 0, slot 1 takes what nobody reads. */

#ifndef LGN2HDL_ENGINE_H
#define LGN2HDL_ENGINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

#define SLOT_BYTES 64               /* one bit of 512 samples */
#define SLOT_WORDS (SLOT_BYTES / 8) /* 64 samples a word */
#define GROUP (8 * SLOT_BYTES)      /* samples of one vector of a slot */
#define LANES 64                    /* features that are compared at a time */
#define GROUP_MASKS (GROUP + 8)     /* words between the masks of two comparisons; not a power of
                                       two, so that they do not fall into one set of the cache */
#define EXTRA_PLANES 3              /* planes that counting may touch above the highest one */
#define MAX_PLANES 32
#define MAX_VECTORS 8

#define COUNT 256                   /* instruction: add bits to a sum */

enum head { GROUP_SUM = 0, BITS = 1 };

typedef struct {
    uint32_t n_slots;
    uint32_t vectors;       /* vectors of 512 samples in a slot, 1 to MAX_VECTORS */
    uint32_t wide;          /* operands are 32-bit (1) or 16-bit (0) slot numbers */
    uint32_t n_features;    /* elements of a row */
    uint32_t element_bytes; /* 1 or 2 */
    uint32_t copies;        /* 0: rows are read in place; else copies of a row in a padded one */
    uint32_t n_masks;       /* comparisons of LANES features each */
    uint32_t n_inputs;      /* rows of packed input bits */
    uint32_t n_packed;      /* of them that are read */
    uint32_t head;
    uint32_t n_results;     /* classes or output bits */
    uint32_t n_sums;        /* sums of bits: those to add of every class, and if there are any
                               those to subtract; 0 for output bits */
    uint32_t n_planes;      /* bits of the largest sum */
    uint32_t lowest;        /* what is added to every sum, int32 */
    uint32_t n_instructions;
    uint32_t n_operands;    /* slot numbers of all instructions */
    const uint32_t *offset;      /* [n_masks] first feature that is compared */
    const uint8_t *threshold;    /* [n_masks][LANES] elements */
    const uint32_t *lane_slot;   /* [n_masks][LANES] slot of every comparison */
    const uint32_t *packed;      /* [n_packed][2] packed input, slot */
    const uint32_t *result;      /* [n_results] bias; or [n_results][2] slot, complement */
    const uint32_t *instruction; /* [n_instructions][4] operation, count, sum, plane */
    const void *operands;
} program;

/* What one thread works on; every part is aligned to a slot. */
typedef struct {
    uint64_t *values;   /* [n_slots][vectors][SLOT_WORDS] */
    uint64_t *sums;     /* [n_sums][n_planes + EXTRA_PLANES][vectors][SLOT_WORDS] */
    uint64_t *winner;   /* [MAX_PLANES][vectors][SLOT_WORDS] best sum, then index, see argmax */
    uint64_t *masks;    /* [n_masks][GROUP_MASKS] */
    uint64_t *carries;  /* [carries][SLOT_WORDS] */
    uint8_t *rows;      /* [GROUP][row_bytes] */
} scratch;

/* Rows or packed bits of some samples, and where the results go. */
typedef struct {
    const uint8_t *rows;      /* features, or null */
    int64_t row_stride;       /* bytes */
    const uint64_t *words;    /* packed bits, or null */
    int64_t word_stride;      /* words */
    int64_t n_words;
    int64_t n_samples;
    int64_t *classes;         /* [n_samples], or null */
    int32_t *scores;          /* [n_samples][n_results], or null */
    uint8_t *bits;            /* [n_samples][n_results], or null */
} batch;

INLINE size_t padded_row_bytes(const program *net)
{
    size_t elements = (size_t)net->n_features * net->copies;
    if (elements < LANES)
        elements = LANES;
    return elements * net->element_bytes;
}

INLINE size_t planes_allocated(const program *net)
{
    return net->n_planes + EXTRA_PLANES;
}

/* Bits of a class index. */
INLINE int index_planes(uint32_t n_classes)
{
    int planes = 0;
    while (((n_classes - 1) >> planes) != 0)
        planes++;
    return planes;
}

#endif
