#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

int sandbox_memory_file(const char *name, bool appends) {
    int file = memfd_create(name, MFD_CLOEXEC);
    if (file >= 0 && appends) fcntl(file, F_SETFL, O_APPEND);
    return file;
}

int sandbox_spawn(
    pid_t *process, const char *path, char *const arguments[], char *const environment[], int socket, int input,
    int output, int words) {
    // A source that has another's target as its number would be lost on the way: all move up first.
    int sources[] = {words, socket, input, output};
    const int targets[] = {STDERR_FILENO, SANDBOX_SOCKET, SANDBOX_INPUT, SANDBOX_OUTPUT};
    int moved[4];
    int code = 0;
    for (int i = 0; i < 4; i++) {
        moved[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, 16);
        if (moved[i] < 0) code = errno;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < 4; i++) posix_spawn_file_actions_adddup2(&actions, moved[i], targets[i]);
    posix_spawn_file_actions_addclosefrom_np(&actions, SANDBOX_OUTPUT + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    // Whoever started this process may have had the ends of its children ignored: they couldn't be waited for.
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
    if (code == 0) code = posix_spawn(process, path, &actions, &attributes, arguments, environment);
    for (int i = 0; i < 4; i++)
        if (moved[i] >= 0) close(moved[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}
