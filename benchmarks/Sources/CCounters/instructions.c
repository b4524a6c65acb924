#include "counters.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>

void instructions_mark(const char *name) { CALLGRIND_DUMP_STATS_AT(name); }
#else
void instructions_mark(const char *name) { (void) name; }
#endif
