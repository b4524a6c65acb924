#ifndef RENDITIONS_CHEIF_SHIM_H
#define RENDITIONS_CHEIF_SHIM_H

#include <libheif/heif.h>

#endif
