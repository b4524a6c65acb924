#include "onepass.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

struct op_encoder {
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr errors;
    // libjpeg's own destination names memory that is gone after an error in it; this one stays whole.
    struct jpeg_destination_mgr sink;
    jmp_buf leave;
    jpeg_scan_info *scans;
    unsigned char *bytes;
    size_t room, length;
    int takes_planes;
    char message[JMSG_LENGTH_MAX];
};

static void leave(j_common_ptr codec) {
    op_encoder *encoder = codec->client_data;
    encoder->errors.format_message(codec, encoder->message);
    longjmp(encoder->leave, 1);
}

static void say_nothing(j_common_ptr codec) { (void) codec; }

static void grow(j_compress_ptr codec) {
    op_encoder *encoder = codec->client_data;
    size_t used = encoder->room, room = used ? used * 2 : 1 << 18;
    unsigned char *bytes = realloc(encoder->bytes, room);
    if (!bytes) ERREXIT1(codec, JERR_OUT_OF_MEMORY, 0);
    encoder->bytes = bytes;
    encoder->room = room;
    encoder->sink.next_output_byte = bytes + used;
    encoder->sink.free_in_buffer = room - used;
}

static boolean go_on(j_compress_ptr codec) {
    grow(codec);
    return TRUE;
}

static void end(j_compress_ptr codec) {
    op_encoder *encoder = codec->client_data;
    encoder->length = encoder->room - encoder->sink.free_in_buffer;
}

static jpeg_scan_info *script(const op_format *format) {
    jpeg_scan_info *scans = calloc((size_t) format->scan_count, sizeof *scans);
    for (int index = 0; scans && index < format->scan_count; index++) {
        const op_scan *scan = &format->scans[index];
        scans[index].comps_in_scan = scan->count;
        memcpy(scans[index].component_index, scan->components, sizeof scan->components);
        scans[index].Ss = scan->first;
        scans[index].Se = scan->last;
    }
    return scans;
}

op_encoder *op_encoder_open(const op_format *format, int takes_planes) {
    op_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder) return NULL;
    struct jpeg_compress_struct *codec = &encoder->codec;
    codec->err = jpeg_std_error(&encoder->errors);
    encoder->errors.error_exit = leave;
    encoder->errors.output_message = say_nothing;
    codec->client_data = encoder;
    encoder->takes_planes = takes_planes;
    if (setjmp(encoder->leave)) {
        op_encoder_close(encoder);
        return NULL;
    }
    jpeg_create_compress(codec);
    encoder->sink = (struct jpeg_destination_mgr) {NULL, 0, grow, go_on, end};
    codec->dest = &encoder->sink;
    codec->image_width = (JDIMENSION) format->width;
    codec->image_height = (JDIMENSION) format->height;
    codec->input_components = format->components;
    codec->in_color_space = format->components == 1 ? JCS_GRAYSCALE : takes_planes ? JCS_YCbCr : JCS_RGB;
    jpeg_set_defaults(codec);
    jpeg_set_quality(codec, format->quality, TRUE);
    if (format->components == 3) {
        int factor = format->halves_chroma ? 2 : 1;
        codec->comp_info[0].h_samp_factor = codec->comp_info[0].v_samp_factor = factor;
    }
    codec->raw_data_in = takes_planes ? TRUE : FALSE;
    if (format->scan_count > 0) {
        encoder->scans = script(format);
        if (!encoder->scans) ERREXIT1(codec, JERR_OUT_OF_MEMORY, 0);
        codec->scan_info = encoder->scans;
        codec->num_scans = format->scan_count;
    } else {
        jpeg_simple_progression(codec);
    }
    jpeg_start_compress(codec, TRUE);
    return encoder;
}

int op_encoder_stride(const op_encoder *encoder, int component) {
    return (int) encoder->codec.comp_info[component].width_in_blocks * DCTSIZE;
}

int op_encoder_strip(op_encoder *encoder, unsigned char *const *const *rows) {
    struct jpeg_compress_struct *codec = &encoder->codec;
    if (setjmp(encoder->leave)) return 0;
    JSAMPARRAY planes[3] = {0};
    for (int index = 0; index < codec->num_components; index++) planes[index] = (JSAMPARRAY) rows[index];
    jpeg_write_raw_data(codec, planes, (JDIMENSION) (codec->max_v_samp_factor * DCTSIZE));
    return 1;
}

int op_encoder_pixels(op_encoder *encoder, const unsigned char *pixels) {
    struct jpeg_compress_struct *codec = &encoder->codec;
    if (setjmp(encoder->leave)) return 0;
    size_t stride = (size_t) codec->image_width * (size_t) codec->input_components;
    while (codec->next_scanline < codec->image_height) {
        JSAMPROW row = (JSAMPROW) (pixels + codec->next_scanline * stride);
        jpeg_write_scanlines(codec, &row, 1);
    }
    return 1;
}

const unsigned char *op_encoder_finish(op_encoder *encoder, size_t *length) {
    if (setjmp(encoder->leave)) return NULL;
    jpeg_finish_compress(&encoder->codec);
    *length = encoder->length;
    return encoder->bytes;
}

const char *op_encoder_message(const op_encoder *encoder) { return encoder->message; }

void op_encoder_close(op_encoder *encoder) {
    if (!encoder) return;
    jpeg_destroy_compress(&encoder->codec);
    free(encoder->scans);
    free(encoder->bytes);
    free(encoder);
}
