// What glibc declares for GNU programs only.
#ifndef RENDITIONS_CSPAWN_SHIM_H
#define RENDITIONS_CSPAWN_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

// Since glibc 2.34: closes all descriptors from one on.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

extern int pipe2(int ends[2], int flags);

extern int mkostemp(char *path, int flags);

// By its number, since the header shows the name to GNU programs only (Linux, include/uapi/asm-generic/fcntl.h).
#define SHIM_O_TMPFILE (020000000 | O_DIRECTORY)

// Opens a file without a name in a folder, for reading and writing; no program inherits it. Where the file system can't make
// one (open(2), O_TMPFILE), it has a name for a moment.
//
// Returns a descriptor, or -1 with errno.
static inline int shim_nameless_file(const char *folder, char *template) {
    int file = open(folder, SHIM_O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)) return file;
    file = mkostemp(template, O_CLOEXEC);
    if (file >= 0) unlink(template);
    return file;
}

// An ignored end of a child can't be waited for, and whoever started this process may have had it ignored.
static inline void shim_wait_for_children(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
}

#endif
