// The parts of libvips' and GObject's C interface that Swift can't call: variadic functions and cast macros.
#ifndef RENDITIONS_CVIPS_SHIM_H
#define RENDITIONS_CVIPS_SHIM_H

#include <vips/vips.h>

// Whether an object has a property of that name. Setting one that isn't there would only log a warning.
static inline int shim_has_property(void *object, const char *name) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(object), name) != NULL;
}

// Integers, booleans, enumerations and flags.
static inline void shim_set_int(void *object, const char *name, int value) {
    g_object_set(object, name, value, NULL);
}

static inline void shim_set_double(void *object, const char *name, double value) {
    g_object_set(object, name, value, NULL);
}

static inline void shim_set_string(void *object, const char *name, const char *value) {
    g_object_set(object, name, value, NULL);
}

static inline void shim_set_image(void *object, const char *name, VipsImage *value) {
    g_object_set(object, name, value, NULL);
}

// Two images in a row; each gets a reference of its own.
static inline void shim_set_images(void *object, const char *name, VipsImage *first, VipsImage *second) {
    VipsImage *both[2] = {first, second};
    VipsArrayImage *array = vips_array_image_new(both, 2);
    g_object_set(object, name, array, NULL);
    vips_area_unref(VIPS_AREA(array));
}

static inline void shim_set_doubles(void *object, const char *name, const double *values, int count) {
    VipsArrayDouble *array = vips_array_double_new(values, count);
    g_object_set(object, name, array, NULL);
    vips_area_unref(VIPS_AREA(array));
}

// The bytes aren't copied: they must outlive every image made of them.
static inline void shim_set_bytes(void *object, const char *name, const void *bytes, size_t count) {
    VipsBlob *blob = vips_blob_new(NULL, bytes, count);
    g_object_set(object, name, blob, NULL);
    vips_area_unref(VIPS_AREA(blob));
}

// The caller owns the result.
static inline VipsImage *shim_get_image(void *object, const char *name) {
    VipsImage *image = NULL;
    g_object_get(object, name, &image, NULL);
    return image;
}

// The caller owns the result and ends that with vips_area_unref.
static inline VipsBlob *shim_get_blob(void *object, const char *name) {
    VipsBlob *blob = NULL;
    g_object_get(object, name, &blob, NULL);
    return blob;
}

static inline void shim_blob_unref(VipsBlob *blob) { vips_area_unref(VIPS_AREA(blob)); }

// A profile by its name in libvips or by its path. The caller owns the result.
static inline int shim_profile_load(const char *name, VipsBlob **profile) {
    return vips_profile_load(name, profile, NULL);
}

static inline void shim_ref(void *object) { g_object_ref(object); }

static inline void shim_unref(void *object) { g_object_unref(object); }

static inline int shim_operation_build(VipsOperation **operation) {
    return vips_cache_operation_buildp(operation);
}

static inline void shim_operation_unref(VipsOperation *operation) {
    // Outputs hold references of their own, on success and on failure.
    vips_object_unref_outputs(VIPS_OBJECT(operation));
    g_object_unref(operation);
}

typedef int (*shim_should_stop)(void *context);

typedef struct {
    shim_should_stop should_stop;
    void *context;
} shim_watch_t;

static inline void shim_watch_eval(VipsImage *image, VipsProgress *progress, shim_watch_t *watch) {
    if (watch->should_stop(watch->context)) vips_image_set_kill(image, TRUE);
}

static inline void shim_watch_free(gpointer watch, GClosure *closure) { g_free(watch); }

// Asks should_stop again and again while pixels of the image are computed, on the threads that compute them, and stops
// the computation where it says so. The context must outlive the image.
static inline void shim_watch(VipsImage *image, shim_should_stop should_stop, void *context) {
    shim_watch_t *watch = g_new(shim_watch_t, 1);
    watch->should_stop = should_stop;
    watch->context = context;
    vips_image_set_progress(image, TRUE);
    g_signal_connect_data(
        image, "eval", G_CALLBACK(shim_watch_eval), watch, shim_watch_free, (GConnectFlags) 0);
}

static inline void shim_ignore_log(
    const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {}

// libvips warns on standard error about every oddity of a file; what matters comes back as an error.
static inline void shim_silence_warnings(void) {
    g_log_set_handler("VIPS", (GLogLevelFlags) (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO), shim_ignore_log, NULL);
}

#endif
