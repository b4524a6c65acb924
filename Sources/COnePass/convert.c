#include "onepass.h"

// Every machine makes the same file: none may round once where others round twice.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>
#define OP_AVX2 __attribute__((target("avx2")))
#endif

// Weights of 14 bits (ITU-T T.871, section 7), whose sums are what they stand for.
enum { RED_RED = 22970, GREEN_BLUE = 5638, GREEN_RED = 11700, BLUE_BLUE = 29032 };
enum { LUMA_RED = 4899, LUMA_GREEN = 9617, LUMA_BLUE = 1868 };
enum { CB_RED = 2765, CB_GREEN = 5427, CR_GREEN = 6860, CR_BLUE = 1332, HALF = 8192 };
enum { LARGEST = 255 << 6, MIDDLE = 128 << 6 };

static inline int within(int value, int largest) { return value < 0 ? 0 : value > largest ? largest : value; }

static inline int16_t encoded(const op_conversion *conversion, int band, const float *light) {
    const float *row = conversion->matrix + 3 * band;
    float mixed = row[0] * light[0] + row[1] * light[1] + row[2] * light[2];
    // What is no colour of the output ends at its rim.
    mixed = mixed > 0 ? mixed : 0;
    mixed = mixed < 1 ? mixed : 1;
    return (int16_t) conversion->encoded[(int) (mixed * (OP_LIGHTS - 1) + 0.5f)];
}

static void convert(const op_conversion *conversion, int16_t *luma, int16_t *blue, int16_t *red, int from, int count) {
    for (int x = from; x < count; x++) {
        int y = luma[x], cb = blue[x] - MIDDLE, cr = red[x] - MIDDLE;
        int colour[3] = {
            y + ((RED_RED * cr + HALF) >> 14), y - ((GREEN_BLUE * cb + GREEN_RED * cr + HALF) >> 14),
            y + ((BLUE_BLUE * cb + HALF) >> 14),
        };
        float light[3];
        for (int band = 0; band < 3; band++) light[band] = conversion->light[band][(within(colour[band], LARGEST) + 2) >> 2];
        int r = encoded(conversion, 0, light), g = encoded(conversion, 1, light), b = encoded(conversion, 2, light);
        luma[x] = (int16_t) ((LUMA_RED * r + LUMA_GREEN * g + LUMA_BLUE * b + HALF) >> 14);
        blue[x] = (int16_t) (MIDDLE + ((HALF * b - CB_RED * r - CB_GREEN * g + HALF) >> 14));
        red[x] = (int16_t) (MIDDLE + ((HALF * r - CR_GREEN * g - CR_BLUE * b + HALF) >> 14));
    }
}

#if defined(__x86_64__)

OP_AVX2 static inline __m256i times(__m256i values, int weight) {
    return _mm256_mullo_epi32(values, _mm256_set1_epi32(weight));
}

OP_AVX2 static inline __m256i rounded(__m256i sums) {
    return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(HALF)), 14);
}

OP_AVX2 static inline __m256 light_of(const float *table, __m256i values) {
    __m256i inside = _mm256_min_epi32(_mm256_max_epi32(values, _mm256_setzero_si256()), _mm256_set1_epi32(LARGEST));
    return _mm256_i32gather_ps(table, _mm256_srai_epi32(_mm256_add_epi32(inside, _mm256_set1_epi32(2)), 2), 4);
}

OP_AVX2 static inline __m256i encoded_avx2(const op_conversion *conversion, int band, __m256 r, __m256 g, __m256 b) {
    const float *row = conversion->matrix + 3 * band;
    __m256 mixed = _mm256_add_ps(
        _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(row[0]), r), _mm256_mul_ps(_mm256_set1_ps(row[1]), g)),
        _mm256_mul_ps(_mm256_set1_ps(row[2]), b));
    mixed = _mm256_min_ps(_mm256_max_ps(mixed, _mm256_setzero_ps()), _mm256_set1_ps(1));
    mixed = _mm256_add_ps(_mm256_mul_ps(mixed, _mm256_set1_ps(OP_LIGHTS - 1)), _mm256_set1_ps(0.5f));
    return _mm256_i32gather_epi32(conversion->encoded, _mm256_cvttps_epi32(mixed), 4);
}

OP_AVX2 static inline __m256i load(const int16_t *from) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *) from));
}

OP_AVX2 static inline void store(__m256i values, int16_t *to) {
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(values, values), 0x08);
    _mm_storeu_si128((__m128i *) to, _mm256_castsi256_si128(packed));
}

OP_AVX2 static int convert_avx2(
    const op_conversion *conversion, int16_t *luma, int16_t *blue, int16_t *red, int count
) {
    const __m256i middle = _mm256_set1_epi32(MIDDLE);
    int x = 0;
    for (; x + 8 <= count; x += 8) {
        __m256i y = load(luma + x), cb = _mm256_sub_epi32(load(blue + x), middle);
        __m256i cr = _mm256_sub_epi32(load(red + x), middle);
        __m256i first = _mm256_add_epi32(y, rounded(times(cr, RED_RED)));
        __m256i second =
            _mm256_sub_epi32(y, rounded(_mm256_add_epi32(times(cb, GREEN_BLUE), times(cr, GREEN_RED))));
        __m256i third = _mm256_add_epi32(y, rounded(times(cb, BLUE_BLUE)));
        __m256 r = light_of(conversion->light[0], first), g = light_of(conversion->light[1], second);
        __m256 b = light_of(conversion->light[2], third);
        first = encoded_avx2(conversion, 0, r, g, b);
        second = encoded_avx2(conversion, 1, r, g, b);
        third = encoded_avx2(conversion, 2, r, g, b);
        store(
            rounded(_mm256_add_epi32(
                _mm256_add_epi32(times(first, LUMA_RED), times(second, LUMA_GREEN)), times(third, LUMA_BLUE))),
            luma + x);
        store(
            _mm256_add_epi32(
                middle, rounded(_mm256_sub_epi32(
                            _mm256_sub_epi32(times(third, HALF), times(first, CB_RED)), times(second, CB_GREEN)))),
            blue + x);
        store(
            _mm256_add_epi32(
                middle, rounded(_mm256_sub_epi32(
                            _mm256_sub_epi32(times(first, HALF), times(second, CR_GREEN)), times(third, CR_BLUE)))),
            red + x);
    }
    return x;
}

#endif

void op_convert(const op_conversion *conversion, int16_t *luma, int16_t *blue, int16_t *red, int count) {
    int done = 0;
#if defined(__x86_64__)
    if (op_may_use_avx2()) done = convert_avx2(conversion, luma, blue, red, count);
#endif
    convert(conversion, luma, blue, red, done, count);
}
