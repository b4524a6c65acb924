#ifndef RENDITIONS_CZLIB_SHIM_H
#define RENDITIONS_CZLIB_SHIM_H

#include <zlib.h>

/* A macro, which Swift can't see. */
static inline int shim_inflate_init(z_stream *stream) { return inflateInit(stream); }

#endif
