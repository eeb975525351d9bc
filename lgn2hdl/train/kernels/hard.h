/* Vectors for values that are all 0 or 1: what hard_layer.c and hard_bits.c are written in.

   Values between layers are packed: a row holds the bits of one source, 64 samples a word, the
   first in the lowest bit; bits behind the last sample are 0. Gradients lie in panels of 16 samples,
   [panels, rows, 16], 0 behind the last sample: a line of a cache for every row, and the lines of
   neighbouring rows behind each other. */

#ifndef HARD_H
#define HARD_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

/* Vectors as wide as they are here. The width does not show in a result. */
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define WIDE 1
#define BYTES 64
#elif defined(__AVX2__)
#define BYTES 32
#else
#define BYTES 16
#endif

#define INLINE static inline __attribute__((always_inline))
#define LANES (BYTES / 4)    /* floats of a vector */
#define WORD 64              /* samples of a word */
#define PANEL 16             /* samples of a panel, and partial sums over samples */
#define PARTS (PANEL / LANES)
#define MAX_FAN_IN 6
#define MAX_ROWS 64

typedef float vec __attribute__((vector_size(BYTES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(BYTES), aligned(4), may_alias));
typedef uint8_t bytes __attribute__((vector_size(BYTES), aligned(1), may_alias));
typedef uint8_t lane_bytes __attribute__((vector_size(LANES), aligned(1), may_alias));
typedef int8_t lane_levels __attribute__((vector_size(LANES), aligned(1), may_alias));

/* A byte 0 or 1 for each of BYTES bits of a word, from bit `first` on. */
INLINE bytes expand(uint64_t word, int first)
{
#if defined(WIDE)
    (void)first;
    return (bytes)_mm512_maskz_mov_epi8(word, _mm512_set1_epi8(1));
#elif defined(__AVX2__)
    const __m256i lane = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202,
                                            0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    __m256i here = _mm256_set1_epi32((int32_t)(word >> first));
    here = _mm256_and_si256(_mm256_shuffle_epi8(here, lane), bit);
    return (bytes)_mm256_sub_epi8(_mm256_setzero_si256(), _mm256_cmpeq_epi8(here, bit));
#else
    uint64_t half[2];
    bytes result;
    for (int part = 0; part < 2; part++) {
        /* Bit i stays in byte i alone, and then becomes the byte's lowest. */
        uint64_t eight = (word >> (first + 8 * part) & 255) * 0x0101010101010101u;
        eight &= 0x8040201008040201u;
        half[part] = ((eight + 0x7f7f7f7f7f7f7f7fu) | eight) >> 7 & 0x0101010101010101u;
    }
    memcpy(&result, half, sizeof result);
    return result;
#endif
}

/* `value` in each of LANES lanes whose bit of a word, from bit `first` on, is 1; else 0. */
INLINE ivec spread(uint64_t word, int first, int32_t value)
{
#if defined(WIDE)
    return (ivec)_mm512_maskz_set1_epi32((__mmask16)(word >> first), value);
#else
    ivec lane;
    for (int i = 0; i < LANES; i++)
        lane[i] = 1 << i;
    return ((((ivec){0} + (int32_t)(word >> first)) & lane) == lane) & value;
#endif
}

/* LANES bytes as integers. */
INLINE ivec widened(const uint8_t *from)
{
#if defined(WIDE)
    return (ivec)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
#elif defined(__AVX2__)
    return (ivec)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
#else
    return __builtin_convertvector(*(const lane_bytes *)from, ivec);
#endif
}

/* Integers from -128 to 127 as bytes. */
INLINE void narrowed(ivec value, int8_t *to)
{
#if defined(WIDE)
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8((__m512i)value));
#elif defined(__AVX2__)
    __m128i low = _mm256_castsi256_si128((__m256i)value);
    __m128i high = _mm256_extracti128_si256((__m256i)value, 1);
    low = _mm_packs_epi32(low, high);
    _mm_storel_epi64((__m128i *)to, _mm_packs_epi16(low, low));
#else
    *(lane_levels *)to = __builtin_convertvector(value, lane_levels);
#endif
}

/* Adds to every lane of 32 bits the products of four bytes of x, each 0 or 1, with four of e. */
INLINE ivec dot(ivec total, bytes x, bytes e)
{
#if defined(WIDE) && defined(__AVX512VNNI__)
    return (ivec)_mm512_dpbusd_epi32((__m512i)total, (__m512i)x, (__m512i)e);
#elif defined(WIDE)
    __m512i pairs = _mm512_maddubs_epi16((__m512i)x, (__m512i)e);
    return total + (ivec)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
#elif defined(__AVX2__)
    __m256i pairs = _mm256_maddubs_epi16((__m256i)x, (__m256i)e);
    return total + (ivec)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#elif defined(__ARM_FEATURE_DOTPROD)
    return (ivec)vdotq_s32((int32x4_t)total, (int8x16_t)x, (int8x16_t)e);
#else
    for (int part = 0; part < 4; part++)
        total += (ivec)((ivec)e << (24 - 8 * part)) >> 24 & -((ivec)x >> 8 * part & 1);
    return total;
#endif
}

INLINE int32_t sum_of(ivec value)
{
    int32_t total = 0;
    for (int lane = 0; lane < LANES; lane++)
        total += value[lane];
    return total;
}

/* The sums of the lanes of four vectors. */
INLINE void sums_of(const ivec value[4], int32_t sum[4])
{
#if defined(__AVX2__)
    __m256i half[4];
    for (int i = 0; i < 4; i++) {
#if defined(WIDE)
        half[i] = _mm256_add_epi32(_mm512_castsi512_si256((__m512i)value[i]),
                                   _mm512_extracti64x4_epi64((__m512i)value[i], 1));
#else
        half[i] = (__m256i)value[i];
#endif
    }
    half[0] = _mm256_hadd_epi32(half[0], half[1]);
    half[2] = _mm256_hadd_epi32(half[2], half[3]);
    half[0] = _mm256_hadd_epi32(half[0], half[2]);
    _mm_storeu_si128((__m128i *)sum, _mm_add_epi32(_mm256_castsi256_si128(half[0]),
                                                   _mm256_extracti128_si256(half[0], 1)));
#else
    for (int i = 0; i < 4; i++)
        sum[i] = sum_of(value[i]);
#endif
}

/* table[at] of every lane, for a table of 1 << k values. */
INLINE vec look_up(int k, const float *table, ivec at)
{
#if defined(WIDE)
    __m512i index = (__m512i)at;
    if (k == 2)
        return (vec)_mm512_permutexvar_ps(index, _mm512_broadcast_f32x4(_mm_loadu_ps(table)));
    if (k == 3)
        return (vec)_mm512_permutexvar_ps(
            index, (__m512)_mm512_broadcast_f64x4((__m256d)_mm256_loadu_ps(table)));
    if (k == 4)
        return (vec)_mm512_permutexvar_ps(index, _mm512_loadu_ps(table));
    __m512 low = _mm512_permutex2var_ps(_mm512_loadu_ps(table), index,
                                        _mm512_loadu_ps(table + 16));
    if (k == 5)
        return (vec)low;
    __m512 high = _mm512_permutex2var_ps(_mm512_loadu_ps(table + 32), index,
                                         _mm512_loadu_ps(table + 48));
    return (vec)_mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)), low,
                                     high);
#elif defined(__AVX2__)
    __m256 part[8];
    if (k == 2)
        return (vec)_mm256_permutevar8x32_ps(_mm256_broadcast_ps((const __m128 *)table),
                                             (__m256i)at);
    for (int i = 0; i < 1 << (k - 3); i++)
        part[i] = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8 * i), (__m256i)at);
    for (int bit = 3; bit < k; bit++)
        for (int i = 0; i < 1 << (k - 1 - bit); i++)
            part[i] = _mm256_blendv_ps(part[2 * i], part[2 * i + 1], (__m256)(at << (31 - bit)));
    return (vec)part[0];
#else
    vec result;
    (void)k;
    for (int lane = 0; lane < LANES; lane++)
        result[lane] = table[at[lane]];
    return result;
#endif
}

/* The sum of `samples` levels, a multiple of 64. */
INLINE int32_t total_level(const int8_t *level, int64_t samples)
{
    ivec total = {0};
    for (int64_t at = 0; at < samples; at += BYTES)
        total = dot(total, (bytes){0} + 1, *(const bytes *)(level + at));
    return sum_of(total);
}

#endif
