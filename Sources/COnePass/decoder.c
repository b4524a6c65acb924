#include "onepass.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

#include <jerror.h>

struct op_decoder {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_source_mgr source;
    jmp_buf leave;
    double deadline;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

static void leave(j_common_ptr codec) { longjmp(((op_decoder *) codec->client_data)->leave, 1); }

static void say_nothing(j_common_ptr codec) { (void) codec; }

// A progressive file is read as a whole before its first row comes.
static void look_at_the_clock(j_common_ptr codec) {
    if (now() > ((op_decoder *) codec->client_data)->deadline) leave(codec);
}

static void begin(j_decompress_ptr codec) { (void) codec; }

static void end(j_decompress_ptr codec) { (void) codec; }

// All bytes are there from the start: what asks for more was cut off.
static boolean run_out(j_decompress_ptr codec) { ERREXIT(codec, JERR_INPUT_EOF); return FALSE; }

static void skip(j_decompress_ptr codec, long count) {
    if (count <= 0) return;
    if ((size_t) count > codec->src->bytes_in_buffer) ERREXIT(codec, JERR_INPUT_EOF);
    codec->src->next_input_byte += count;
    codec->src->bytes_in_buffer -= (size_t) count;
}

op_decoder *op_decoder_open(const unsigned char *bytes, size_t length, double seconds) {
    op_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) return NULL;
    struct jpeg_decompress_struct *codec = &decoder->codec;
    decoder->deadline = now() + seconds;
    codec->err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = leave;
    decoder->errors.output_message = say_nothing;
    codec->client_data = decoder;
    if (setjmp(decoder->leave)) {
        op_decoder_close(decoder);
        return NULL;
    }
    jpeg_create_decompress(codec);
    decoder->progress.progress_monitor = look_at_the_clock;
    codec->progress = &decoder->progress;
    decoder->source = (struct jpeg_source_mgr) {bytes, length, begin, run_out, skip, jpeg_resync_to_restart, end};
    codec->src = &decoder->source;
    jpeg_read_header(codec, TRUE);
    if (codec->jpeg_color_space != JCS_YCbCr || codec->num_components != 3 || codec->data_precision != 8)
        leave((j_common_ptr) codec);
    // Luma that has fewer samples than chroma is nobody's camera's.
    for (int index = 0; index < 3; index++) {
        const jpeg_component_info *component = &codec->comp_info[index];
        int across = codec->max_h_samp_factor, down = codec->max_v_samp_factor;
        int is_whole = across % component->h_samp_factor == 0 && down % component->v_samp_factor == 0;
        int is_full = component->h_samp_factor == across && component->v_samp_factor == down;
        if (!is_whole || (index == 0 && !is_full)) leave((j_common_ptr) codec);
    }
    return decoder;
}

int op_decoder_start(op_decoder *decoder, int eighths) {
    struct jpeg_decompress_struct *codec = &decoder->codec;
    if (setjmp(decoder->leave)) return 0;
    codec->raw_data_out = TRUE;
    codec->out_color_space = codec->jpeg_color_space;
    codec->scale_num = (unsigned int) eighths;
    codec->scale_denom = 8;
    return jpeg_start_decompress(codec);
}

op_plane op_decoder_plane(const op_decoder *decoder, int index) {
    const struct jpeg_decompress_struct *codec = &decoder->codec;
    const jpeg_component_info *component = &codec->comp_info[index];
#if JPEG_LIB_VERSION >= 70
    int block = component->DCT_h_scaled_size;
#else
    int block = component->DCT_scaled_size;
#endif
    double x = (double) component->h_samp_factor * block / (codec->max_h_samp_factor * DCTSIZE);
    double y = (double) component->v_samp_factor * block / (codec->max_v_samp_factor * DCTSIZE);
    return (op_plane) {
        .width = (int) component->downsampled_width,
        .height = (int) component->downsampled_height,
        .extent_x = codec->image_width * x,
        .extent_y = codec->image_height * y,
        .stride = (int) component->width_in_blocks * block,
        .rows = component->v_samp_factor * block,
    };
}

int op_decoder_strip(op_decoder *decoder, unsigned char *const *const *rows) {
    struct jpeg_decompress_struct *codec = &decoder->codec;
    if (setjmp(decoder->leave)) return 0;
    if (now() > decoder->deadline) return 0;
    JSAMPARRAY planes[3] = {0};
    for (int index = 0; index < 3; index++) planes[index] = (JSAMPARRAY) rows[index];
    op_plane luma = op_decoder_plane(decoder, 0);
    return jpeg_read_raw_data(codec, planes, (JDIMENSION) luma.rows) > 0;
}

void op_decoder_close(op_decoder *decoder) {
    if (!decoder) return;
    jpeg_destroy_decompress(&decoder->codec);
    free(decoder);
}
