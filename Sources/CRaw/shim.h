#ifndef RENDITIONS_CRAW_SHIM_H
#define RENDITIONS_CRAW_SHIM_H

#include <libraw/libraw.h>

#endif
