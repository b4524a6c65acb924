// From a JPEG to smaller JPEGs in one pass: libjpeg-turbo's planes in, resampled row by row, libjpeg-turbo's planes out.
//
// Nothing here is shared between threads: every decoder and encoder belongs to one, the kernels keep no state.
#ifndef RENDITIONS_ONEPASS_H
#define RENDITIONS_ONEPASS_H

#include <stddef.h>
#include <stdint.h>

// MARK: Decoding

// One component of a picture as libjpeg decodes it, before its chroma is brought to the luma's size.
typedef struct {
    // Samples that are part of the picture.
    int width, height;
    // The picture's own size in this component's samples, which need not be a whole number.
    double extent_x, extent_y;
    // Samples that a row has room for, and rows that one strip holds.
    int stride, rows;
} op_plane;

typedef struct op_decoder op_decoder;

// Reads the header of a file that outlives the decoder.
//
// Returns NULL for what isn't YCbCr of 8 bits, what libjpeg can't read, and where there is no memory. After
// `seconds` decoding fails.
op_decoder *op_decoder_open(const unsigned char *bytes, size_t length, double seconds);

// Begins to decode at n/8 of the size; 1, 2, 4 and 8 are quick. Returns 0 where it fails.
int op_decoder_start(op_decoder *decoder, int eighths);

// Luma, blue or red difference, once decoding has begun.
op_plane op_decoder_plane(const op_decoder *decoder, int index);

// Decodes the next strip into rows of the caller's, as many for each plane as its `rows`. Rows past the picture's end hold
// anything. Returns 0 where it fails, as it does at the end of a file that was cut off.
int op_decoder_strip(op_decoder *decoder, unsigned char *const *const *rows);

void op_decoder_close(op_decoder *decoder);

// MARK: Encoding

typedef struct op_encoder op_encoder;

// A scan of one to three components, and the first and the last of the frequencies it holds.
typedef struct {
    int components[3];
    int count;
    int first, last;
} op_scan;

// How planes, or interleaved pixels, become a file.
typedef struct {
    int width, height;
    // 1 for grey, 3 for colour.
    int components;
    // 1–100, by libjpeg's scale.
    int quality;
    // Whether chroma has half of the luma's samples in each direction.
    int halves_chroma;
    // The progressive scans; none for libjpeg's own.
    const op_scan *scans;
    int scan_count;
} op_format;

// Returns NULL where there is no memory. One that takes planes takes strips of 8 rows of each component, of 16 of the luma
// where chroma is halved; else it takes pixels.
op_encoder *op_encoder_open(const op_format *format, int takes_planes);

// Samples that a row of a component must hold: the last is to be repeated up to there.
int op_encoder_stride(const op_encoder *encoder, int component);

// Takes a strip. Rows past the picture's end repeat the last. Returns 0 where it fails.
int op_encoder_strip(op_encoder *encoder, unsigned char *const *const *rows);

// Takes all pixels at once, row by row. Returns 0 where it fails.
int op_encoder_pixels(op_encoder *encoder, const unsigned char *pixels);

// Ends the file. It belongs to the encoder; NULL where it fails.
const unsigned char *op_encoder_finish(op_encoder *encoder, size_t *length);

// Why the last call failed.
const char *op_encoder_message(const op_encoder *encoder);

void op_encoder_close(op_encoder *encoder);

// MARK: Resampling

// Samples between the passes have 6 bits behind the point, and may lie outside 0–255; weights have 14. Every sum fits 32
// bits, so that results are the same on every machine. Rows have room for OP_SLACK samples more than they hold, before and
// behind which nothing is written.
#define OP_SLACK 64

// Whether the kernels may use what this processor has beyond the least; for tests.
void op_use_plain_code(int plain);

// Whether the kernels use AVX2.
int op_may_use_avx2(void);

// A row as the weighted sum of others: `taps` even.
void op_down_bytes(const unsigned char *const *rows, const int16_t *weights, int taps, int16_t *out, int count);
void op_down_words(const int16_t *const *rows, const int16_t *weights, int taps, int16_t *out, int count);

// Each sample as the weighted sum of its neighbours from `starts[x]` on: `taps` 8, or a multiple of 16.
void op_across(
    const int16_t *in, const int32_t *starts, const int16_t *weights, int taps, int16_t *out, int count);

// From one set of primaries and curves to another's. Both tables go from 0 to 1 in equal steps.
#define OP_CODES 4081
#define OP_LIGHTS 32768

typedef struct {
    // For each channel the light of OP_CODES encoded values.
    const float *light[3];
    // Nine numbers, row by row.
    const float *matrix;
    // The encoded values, with 6 bits behind the point, of OP_LIGHTS amounts of light.
    const int32_t *encoded;
} op_conversion;

// Converts samples of YCbCr in place, each pixel having its own of each.
void op_convert(const op_conversion *conversion, int16_t *luma, int16_t *blue, int16_t *red, int count);

// Whole numbers to samples, and back with rounding.
void op_words(const unsigned char *in, int16_t *out, int count);
void op_bytes(const int16_t *in, unsigned char *out, int count);

// Rows to columns: `rows` of them, `in_stride` apart, become the columns of `columns` rows that are `out_stride` apart,
// which may be negative.
void op_turn(
    const unsigned char *in, ptrdiff_t in_stride, int columns, int rows, unsigned char *out, ptrdiff_t out_stride);

void op_mirror(const unsigned char *in, unsigned char *out, int count);

// YCbCr to RGB (ITU-T T.871, section 7), each sample of chroma for one pixel or for two.
void op_pixels(
    const unsigned char *luma, const unsigned char *blue, const unsigned char *red, int is_halved, unsigned char *out,
    int count);

#endif
