#ifndef RENDITIONS_COUNTERS_H
#define RENDITIONS_COUNTERS_H

#include <stdint.h>

// What the whole process has allocated, on every thread: blocks asked for since the start, and their bytes. A block that
// realloc changes counts again.
uint64_t allocations_blocks(void);
uint64_t allocations_bytes(void);

// Under valgrind's callgrind: writes down what was executed since the last time, under a name. Elsewhere it does nothing.
void instructions_mark(const char *name);

#endif
