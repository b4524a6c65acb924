// What a process needs to shut itself in, and its parent to start it: Linux's own calls, which Swift can't make.
#ifndef RENDITIONS_SANDBOX_H
#define RENDITIONS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What of the sandbox this system allowed.
struct sandbox {
    /// Whether the process has no network: a namespace of its own, or a filter that lets it make no socket.
    bool has_no_network;
    /// Whether it runs as nobody.
    bool is_nobody;
    /// The version of Landlock's rules in force; 0 where the kernel has none.
    int landlock;
    /// Whether all system calls but those of a list are refused.
    bool is_filtered;
};

/// The descriptors that a started process finds, behind the three that every process has.
enum { SANDBOX_SOCKET = 3, SANDBOX_INPUT = 4, SANDBOX_OUTPUT = 5 };

/// Makes a file that exists in memory only and that no program inherits.
///
/// @return A descriptor, or -1 with errno.
int sandbox_memory_file(const char *name, bool appends);

/// Starts a program with nothing but the given descriptors, in a process group of its own, with all signals as usual.
///
/// @param words Where its standard error goes.
/// @return 0, or an error number.
int sandbox_spawn(
    pid_t *process, const char *path, char *const arguments[], char *const environment[], int socket, int input,
    int output, int words);

/// Gives up rights, network and files, and bounds what the process may take. Must run before any other thread starts, since
/// the kernel binds these rules to threads.
///
/// What may be read afterwards is what libraries load late: code, fonts and the tables under /usr and a few places in
/// /etc. Nothing may be written, nothing executed.
///
/// @param memory Bytes of address space.
/// @return 0, or -1 with errno where not even the limits could be set.
int sandbox_enter(uint64_t memory, struct sandbox *result);

/// Lets only those system calls through that a decoder needs, in all threads. Others fail with EPERM.
void sandbox_filter(struct sandbox *result);

/// Bounds the processor time from now on: behind it the process gets SIGXCPU.
int sandbox_allow_seconds(uint64_t seconds);

/// The bytes of memory that are this process's at the moment, or 0 where the system doesn't tell.
uint64_t sandbox_resident(void);

#endif
