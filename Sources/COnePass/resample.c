#include "onepass.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
// The same code for the least that every machine of this kind has, and for what most have; chosen when the program starts.
#define OP_BEST __attribute__((target_clones("avx2", "default")))
#define OP_AVX2 __attribute__((target("avx2")))
#else
#define OP_BEST
#endif

static _Atomic int plain;

void op_use_plain_code(int wanted) { plain = wanted; }

int op_may_use_avx2(void) {
#if defined(__x86_64__)
    return !plain && __builtin_cpu_supports("avx2");
#else
    return 0;
#endif
}

static inline int16_t saturated(int32_t value) {
    return (int16_t) (value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

// MARK: Plain code

static void down_bytes(const unsigned char *const *rows, const int16_t *weights, int taps, int16_t *out, int count) {
    for (int x = 0; x < count; x++) {
        int32_t sum = 1 << 7;
        for (int tap = 0; tap < taps; tap++) sum += rows[tap][x] * weights[tap];
        out[x] = saturated(sum >> 8);
    }
}

static void down_words(const int16_t *const *rows, const int16_t *weights, int taps, int16_t *out, int count) {
    for (int x = 0; x < count; x++) {
        int32_t sum = 1 << 13;
        for (int tap = 0; tap < taps; tap++) sum += rows[tap][x] * weights[tap];
        out[x] = saturated(sum >> 14);
    }
}

static void across(
    const int16_t *in, const int32_t *starts, const int16_t *weights, int taps, int16_t *out, int count
) {
    for (int x = 0; x < count; x++) {
        const int16_t *near = in + starts[x], *own = weights + (ptrdiff_t) x * taps;
        int32_t sum = 1 << 13;
        for (int tap = 0; tap < taps; tap++) sum += near[tap] * own[tap];
        out[x] = saturated(sum >> 14);
    }
}

// MARK: AVX2

#if defined(__x86_64__)

// Two rows' weights as the pair that one instruction multiplies with.
OP_AVX2 static inline __m256i pair(const int16_t *weights) {
    int32_t both;
    memcpy(&both, weights, sizeof both);
    return _mm256_set1_epi32(both);
}

// Sixteen samples of a row of either kind, as words.
OP_AVX2 static inline __m256i sixteen(const void *row, int are_bytes, int from) {
    if (!are_bytes) return _mm256_loadu_si256((const __m256i *) ((const int16_t *) row + from));
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) ((const unsigned char *) row + from)));
}

// The kind of the rows is known where this is called, and costs nothing.
__attribute__((always_inline)) OP_AVX2 static inline void down_avx2(
    const void *const *rows, int are_bytes, const int16_t *weights, int taps, int16_t *out, int count
) {
    const int shift = are_bytes ? 8 : 14;
    for (int x = 0; x < count; x += 32) {
        __m256i sums[4];
        for (int part = 0; part < 4; part++) sums[part] = _mm256_set1_epi32(1 << (shift - 1));
        for (int tap = 0; tap < taps; tap += 2) {
            __m256i weight = pair(weights + tap);
            for (int half = 0; half < 2; half++) {
                __m256i one = sixteen(rows[tap], are_bytes, x + 16 * half);
                __m256i other = sixteen(rows[tap + 1], are_bytes, x + 16 * half);
                sums[2 * half] = _mm256_add_epi32(
                    sums[2 * half], _mm256_madd_epi16(_mm256_unpacklo_epi16(one, other), weight));
                sums[2 * half + 1] = _mm256_add_epi32(
                    sums[2 * half + 1], _mm256_madd_epi16(_mm256_unpackhi_epi16(one, other), weight));
            }
        }
        for (int half = 0; half < 2; half++) {
            __m256i low = _mm256_srai_epi32(sums[2 * half], shift);
            __m256i high = _mm256_srai_epi32(sums[2 * half + 1], shift);
            _mm256_storeu_si256((__m256i *) (out + x + 16 * half), _mm256_packs_epi32(low, high));
        }
    }
}

OP_AVX2 static void down_bytes_avx2(
    const unsigned char *const *rows, const int16_t *weights, int taps, int16_t *out, int count
) {
    down_avx2((const void *const *) rows, 1, weights, taps, out, count);
}

OP_AVX2 static void down_words_avx2(
    const int16_t *const *rows, const int16_t *weights, int taps, int16_t *out, int count
) {
    down_avx2((const void *const *) rows, 0, weights, taps, out, count);
}

// Eight sums of 32 bits as rounded samples.
OP_AVX2 static inline void store_eight(__m256i sums, int16_t *out) {
    __m256i rounded = _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(1 << 13)), 14);
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(rounded, rounded), 0x08);
    _mm_storeu_si128((__m128i *) out, _mm256_castsi256_si128(packed));
}

OP_AVX2 static void across_8_avx2(
    const int16_t *in, const int32_t *starts, const int16_t *weights, int16_t *out, int count
) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int x = 0; x < count; x += 8) {
        __m256i parts[4];
        for (int part = 0; part < 4; part++) {
            // Two samples' neighbours, one in each half of the register.
            const int16_t *one = in + starts[x + 2 * part], *other = in + starts[x + 2 * part + 1];
            __m256i near = _mm256_inserti128_si256(
                _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *) one)),
                _mm_loadu_si128((const __m128i *) other), 1);
            __m256i own = _mm256_loadu_si256((const __m256i *) (weights + (ptrdiff_t) (x + 2 * part) * 8));
            parts[part] = _mm256_madd_epi16(near, own);
        }
        __m256i sums = _mm256_hadd_epi32(
            _mm256_hadd_epi32(parts[0], parts[1]), _mm256_hadd_epi32(parts[2], parts[3]));
        store_eight(_mm256_permutevar8x32_epi32(sums, order), out + x);
    }
}

OP_AVX2 static void across_16_avx2(
    const int16_t *in, const int32_t *starts, const int16_t *weights, int taps, int16_t *out, int count
) {
    for (int x = 0; x < count; x += 8) {
        __m256i parts[8];
        for (int part = 0; part < 8; part++) {
            const int16_t *near = in + starts[x + part], *own = weights + (ptrdiff_t) (x + part) * taps;
            __m256i sum = _mm256_madd_epi16(
                _mm256_loadu_si256((const __m256i *) near), _mm256_loadu_si256((const __m256i *) own));
            for (int tap = 16; tap < taps; tap += 16)
                sum = _mm256_add_epi32(
                    sum, _mm256_madd_epi16(
                        _mm256_loadu_si256((const __m256i *) (near + tap)),
                        _mm256_loadu_si256((const __m256i *) (own + tap))));
            parts[part] = sum;
        }
        __m256i low = _mm256_hadd_epi32(
            _mm256_hadd_epi32(parts[0], parts[1]), _mm256_hadd_epi32(parts[2], parts[3]));
        __m256i high = _mm256_hadd_epi32(
            _mm256_hadd_epi32(parts[4], parts[5]), _mm256_hadd_epi32(parts[6], parts[7]));
        __m256i sums = _mm256_add_epi32(
            _mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
        store_eight(sums, out + x);
    }
}

#endif

// MARK: The choice

void op_down_bytes(const unsigned char *const *rows, const int16_t *weights, int taps, int16_t *out, int count) {
#if defined(__x86_64__)
    if (op_may_use_avx2()) {
        down_bytes_avx2(rows, weights, taps, out, count);
        return;
    }
#endif
    down_bytes(rows, weights, taps, out, count);
}

void op_down_words(const int16_t *const *rows, const int16_t *weights, int taps, int16_t *out, int count) {
#if defined(__x86_64__)
    if (op_may_use_avx2()) {
        down_words_avx2(rows, weights, taps, out, count);
        return;
    }
#endif
    down_words(rows, weights, taps, out, count);
}

void op_across(
    const int16_t *in, const int32_t *starts, const int16_t *weights, int taps, int16_t *out, int count
) {
#if defined(__x86_64__)
    if (op_may_use_avx2()) {
        if (taps == 8) across_8_avx2(in, starts, weights, out, count);
        else across_16_avx2(in, starts, weights, taps, out, count);
        return;
    }
#endif
    across(in, starts, weights, taps, out, count);
}

// MARK: Simple loops, which the compiler makes wide by itself

OP_BEST void op_words(const unsigned char *in, int16_t *out, int count) {
    for (int x = 0; x < count; x++) out[x] = (int16_t) (in[x] << 6);
}

OP_BEST void op_bytes(const int16_t *in, unsigned char *out, int count) {
    for (int x = 0; x < count; x++) {
        int value = (in[x] + 32) >> 6;
        out[x] = (unsigned char) (value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

OP_BEST void op_mirror(const unsigned char *in, unsigned char *out, int count) {
    for (int x = 0; x < count; x++) out[x] = in[count - 1 - x];
}

OP_BEST void op_pixels(
    const unsigned char *restrict luma, const unsigned char *restrict blue, const unsigned char *restrict red,
    int is_halved, unsigned char *restrict out, int count
) {
    for (int x = 0; x < count; x++) {
        int chroma = x >> is_halved;
        int y = (luma[x] << 16) + (1 << 15), b = blue[chroma] - 128, r = red[chroma] - 128;
        int values[3] = {(y + 91881 * r) >> 16, (y - 22554 * b - 46802 * r) >> 16, (y + 116130 * b) >> 16};
        for (int band = 0; band < 3; band++)
            out[3 * x + band] = (unsigned char) (values[band] < 0 ? 0 : values[band] > 255 ? 255 : values[band]);
    }
}

// MARK: Turning

#if defined(__SSE2__)

// Sixteen rows of sixteen samples: four rounds of interleaving bring each sample to the other side.
static void turn_tile(const unsigned char *in, ptrdiff_t in_stride, unsigned char *out, ptrdiff_t out_stride) {
    __m128i one[16], other[16];
    for (int row = 0; row < 16; row++) one[row] = _mm_loadu_si128((const __m128i *) (in + row * in_stride));
    for (int round = 0; round < 2; round++) {
        for (int row = 0; row < 8; row++) {
            other[2 * row] = _mm_unpacklo_epi8(one[row], one[row + 8]);
            other[2 * row + 1] = _mm_unpackhi_epi8(one[row], one[row + 8]);
        }
        for (int row = 0; row < 8; row++) {
            one[2 * row] = _mm_unpacklo_epi8(other[row], other[row + 8]);
            one[2 * row + 1] = _mm_unpackhi_epi8(other[row], other[row + 8]);
        }
    }
    for (int row = 0; row < 16; row++) _mm_storeu_si128((__m128i *) (out + row * out_stride), one[row]);
}

#endif

void op_turn(
    const unsigned char *in, ptrdiff_t in_stride, int columns, int rows, unsigned char *out, ptrdiff_t out_stride
) {
    int row = 0;
#if defined(__SSE2__)
    for (; row + 16 <= rows; row += 16) {
        int column = 0;
        for (; column + 16 <= columns; column += 16)
            turn_tile(in + row * in_stride + column, in_stride, out + column * out_stride + row, out_stride);
        for (; column < columns; column++)
            for (int inner = row; inner < row + 16; inner++)
                out[column * out_stride + inner] = in[inner * in_stride + column];
    }
#endif
    for (; row < rows; row++)
        for (int column = 0; column < columns; column++) out[column * out_stride + row] = in[row * in_stride + column];
}
