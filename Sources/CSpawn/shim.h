// What glibc declares for GNU programs only.
#ifndef RENDITIONS_CSPAWN_SHIM_H
#define RENDITIONS_CSPAWN_SHIM_H

#include <signal.h>
#include <spawn.h>

// Since glibc 2.34: closes all descriptors from one on.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

extern int pipe2(int ends[2], int flags);

extern int mkostemp(char *path, int flags);

// An ignored end of a child can't be waited for, and whoever started this process may have had it ignored.
static inline void shim_wait_for_children(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
}

#endif
