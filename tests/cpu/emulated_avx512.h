/* The AVX-512 operations of engine.c in plain C, for processors that have none. They do what the
   Intel 64 and IA-32 Architectures Software Developer's Manual says (VPTERNLOGQ, VPCMPUB,
   VPCMPUW). */

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) __m512i emulated_load(const void *from)
{
    __m512i result;
    memcpy(&result, from, sizeof result);
    return result;
}

/* Bit i of the result is bit (a_i b_i c_i) of the table. */
static inline __attribute__((always_inline)) __m512i emulated_ternary(__m512i a, __m512i b,
                                                                      __m512i c, int table)
{
    uint64_t x[8], y[8], z[8], result[8] = {0};
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    memcpy(z, &c, sizeof z);
    for (int word = 0; word < 8; word++)
        for (int row = 0; row < 8; row++)
            if (table >> row & 1)
                result[word] |= (row & 4 ? x[word] : ~x[word]) & (row & 2 ? y[word] : ~y[word])
                                & (row & 1 ? z[word] : ~z[word]);
    return emulated_load(result);
}

static inline __attribute__((always_inline)) uint64_t emulated_at_least_8(__m512i a, __m512i b)
{
    uint8_t x[64], y[64];
    uint64_t result = 0;
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    for (int lane = 0; lane < 64; lane++)
        result |= (uint64_t)(x[lane] >= y[lane]) << lane;
    return result;
}

static inline __attribute__((always_inline)) uint32_t emulated_at_least_16(__m512i a, __m512i b)
{
    uint16_t x[32], y[32];
    uint32_t result = 0;
    memcpy(x, &a, sizeof x);
    memcpy(y, &b, sizeof y);
    for (int lane = 0; lane < 32; lane++)
        result |= (uint32_t)(x[lane] >= y[lane]) << lane;
    return result;
}

#undef _mm512_loadu_si512
#undef _mm512_ternarylogic_epi64
#undef _mm512_cmpge_epu8_mask
#undef _mm512_cmpge_epu16_mask
#define _mm512_loadu_si512 emulated_load
#define _mm512_ternarylogic_epi64 emulated_ternary
#define _mm512_cmpge_epu8_mask emulated_at_least_8
#define _mm512_cmpge_epu16_mask emulated_at_least_16
#define __builtin_cpu_supports(name) 1
