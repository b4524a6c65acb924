// The least that libjpeg-turbo alone takes: one decode of each original, and an encode of each rendition from pixels that are
// ready. Nothing that makes renditions with it can be below.
//
//   floor ORIGINALS PIXELS [--lean|--halved]: the folder of originals, and one with NAME_SIZE.ppm for each. The scans are
//   libjpeg's ten; --lean: the six that renditions uses; --halved: ten, with chroma at half the resolution in every size.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jpeglib.h>

static const struct {
    const char *name;
    int quality;
} sizes[] = {{"large", 92}, {"medium", 90}, {"small", 85}, {"thumbnail", 80}};

// As in Sources/RenditionVips/Pipeline/JPEGEncoder.swift.
static const jpeg_scan_info lean_scans[] = {
    {3, {0, 1, 2}, 0, 0, 0, 0}, {1, {0}, 1, 9, 0, 0},   {1, {1}, 1, 63, 0, 0},
    {1, {2}, 1, 63, 0, 0},      {1, {0}, 10, 20, 0, 0}, {1, {0}, 21, 63, 0, 0},
};

static int lean, halved;

static void fail(const char *what, const char *which) {
    fprintf(stderr, "floor: %s: %s\n", what, which);
    exit(1);
}

static unsigned char *contents(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) fail("cannot open", path);
    fseek(file, 0, SEEK_END);
    *length = (size_t) ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*length + 1);
    if (!bytes || fread(bytes, 1, *length, file) != *length) fail("cannot read", path);
    bytes[*length] = 0;
    fclose(file);
    return bytes;
}

static void decode(const char *path) {
    size_t length;
    unsigned char *bytes = contents(path, &length);
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    decoder.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, bytes, length);
    jpeg_read_header(&decoder, TRUE);
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    JSAMPROW row = malloc((size_t) decoder.output_width * 3);
    while (decoder.output_scanline < decoder.output_height) jpeg_read_scanlines(&decoder, &row, 1);
    jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
    free(row);
    free(bytes);
}

static void encode(const char *path, int quality) {
    size_t length;
    unsigned char *bytes = contents(path, &length);
    int width, height, start;
    if (sscanf((char *) bytes, "P6 %d %d 255%n", &width, &height, &start) != 2) fail("not a PPM", path);
    unsigned char *pixels = bytes + start + 1;
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    unsigned char *made = NULL;
    unsigned long size = 0;
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &made, &size);
    encoder.image_width = (JDIMENSION) width;
    encoder.image_height = (JDIMENSION) height;
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, quality, TRUE);
    if (quality >= 90 && !halved) encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = 1;
    jpeg_simple_progression(&encoder);
    if (lean) {
        encoder.scan_info = lean_scans;
        encoder.num_scans = sizeof lean_scans / sizeof *lean_scans;
    }
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < encoder.image_height) {
        JSAMPROW row = pixels + (size_t) encoder.next_scanline * (size_t) width * 3;
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    free(made);
    free(bytes);
}

int main(int count, char **arguments) {
    lean = count == 4 && !strcmp(arguments[3], "--lean");
    halved = count == 4 && !strcmp(arguments[3], "--halved");
    if (count != 3 && !lean && !halved) fail("usage", "floor ORIGINALS PIXELS [--lean|--halved]");
    DIR *folder = opendir(arguments[1]);
    if (!folder) fail("no folder", arguments[1]);
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || (strcasecmp(dot, ".jpg") && strcasecmp(dot, ".jpeg"))) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", arguments[1], entry->d_name);
        decode(path);
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
            snprintf(
                path, sizeof path, "%s/%.*s_%s.ppm", arguments[2], (int) (dot - entry->d_name), entry->d_name,
                sizes[size].name);
            encode(path, sizes[size].quality);
        }
    }
    closedir(folder);
    return 0;
}
