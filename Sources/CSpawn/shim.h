// What glibc declares for GNU programs only.
#ifndef RENDITIONS_CSPAWN_SHIM_H
#define RENDITIONS_CSPAWN_SHIM_H

#include <spawn.h>

// Since glibc 2.34: closes all descriptors from one on.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

#endif
