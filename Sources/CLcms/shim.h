// The parts of littlecms' interface that Swift doesn't see: macros made of macros.
#ifndef RENDITIONS_CLCMS_SHIM_H
#define RENDITIONS_CLCMS_SHIM_H

#include <lcms2.h>

static const cmsUInt32Number shim_lcms_grey = TYPE_GRAY_FLT;
static const cmsUInt32Number shim_lcms_rgb = TYPE_RGB_FLT;
static const cmsUInt32Number shim_lcms_cmyk = TYPE_CMYK_FLT;
static const cmsUInt32Number shim_lcms_lab = TYPE_Lab_FLT;

#endif
