// libjpeg-turbo's encoder as one call. Its errors leave by longjmp, which must not cross Swift code.
#ifndef RENDITIONS_CJPEG_SHIM_H
#define RENDITIONS_CJPEG_SHIM_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct {
    // Ends with free().
    unsigned char *bytes;
    size_t length;
    // Why there are none.
    char message[JMSG_LENGTH_MAX];
} shim_jpeg_file;

typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf leave;
} shim_jpeg_errors;

static inline void shim_jpeg_leave(j_common_ptr codec) {
    longjmp(((shim_jpeg_errors *) codec->err)->leave, 1);
}

static inline void shim_jpeg_say_nothing(j_common_ptr codec) {}

// Writes into a file in memory that stays whole where there is no room for more: after an error in its own, libjpeg's names
// memory that is gone.
typedef struct {
    struct jpeg_destination_mgr manager;
    shim_jpeg_file *file;
    size_t room;
} shim_jpeg_sink;

static inline void shim_jpeg_grow(j_compress_ptr encoder) {
    shim_jpeg_sink *sink = (shim_jpeg_sink *) encoder->dest;
    size_t used = sink->room;
    size_t room = used ? used * 2 : 1 << 18;
    unsigned char *bytes = realloc(sink->file->bytes, room);
    if (!bytes) ERREXIT1(encoder, JERR_OUT_OF_MEMORY, 0);
    sink->file->bytes = bytes;
    sink->room = room;
    sink->manager.next_output_byte = bytes + used;
    sink->manager.free_in_buffer = room - used;
}

static inline boolean shim_jpeg_go_on(j_compress_ptr encoder) {
    shim_jpeg_grow(encoder);
    return TRUE;
}

static inline void shim_jpeg_end(j_compress_ptr encoder) {
    shim_jpeg_sink *sink = (shim_jpeg_sink *) encoder->dest;
    sink->file->length = sink->room - sink->manager.free_in_buffer;
}

// Encodes 8-bit pixels of one band or three, row by row, by the given progressive scans. Returns 0 where it can't.
static inline int shim_jpeg_encode(
    const unsigned char *pixels, int width, int height, int bands, int quality, const jpeg_scan_info *scans,
    int scan_count, shim_jpeg_file *file
) {
    struct jpeg_compress_struct encoder;
    shim_jpeg_errors errors;
    shim_jpeg_sink sink = {{NULL, 0, shim_jpeg_grow, shim_jpeg_go_on, shim_jpeg_end}, file, 0};
    memset(file, 0, sizeof *file);
    encoder.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = shim_jpeg_leave;
    errors.manager.output_message = shim_jpeg_say_nothing;
    if (setjmp(errors.leave)) {
        errors.manager.format_message((j_common_ptr) &encoder, file->message);
        jpeg_destroy_compress(&encoder);
        free(file->bytes);
        file->bytes = NULL;
        return 0;
    }
    jpeg_create_compress(&encoder);
    encoder.dest = &sink.manager;
    encoder.image_width = (JDIMENSION) width;
    encoder.image_height = (JDIMENSION) height;
    encoder.input_components = bands;
    encoder.in_color_space = bands == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, quality, TRUE);
    // From there on what halved chroma loses is seen.
    if (bands == 3 && quality >= 90) encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = 1;
    encoder.scan_info = scans;
    encoder.num_scans = scan_count;
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < encoder.image_height) {
        JSAMPROW row = (JSAMPROW) (pixels + (size_t) encoder.next_scanline * (size_t) width * (size_t) bands);
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return 1;
}

#endif
