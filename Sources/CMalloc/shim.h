// glibc's settings of its allocator, which Swift's own module leaves out.
#ifndef RENDITIONS_CMALLOC_SHIM_H
#define RENDITIONS_CMALLOC_SHIM_H

#include <malloc.h>

#endif
