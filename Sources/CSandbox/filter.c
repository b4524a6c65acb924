#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// What decoders, encoders, fonts, glibc and Dispatch call. None of it makes a socket, starts a program, reaches into another
// process, or changes a file system.
static const int allowed[] = {
    // Memory.
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk, SYS_membarrier, SYS_msync, SYS_mlock, SYS_munlock,
    // Files that the rules of Landlock leave, and descriptors that are open.
    SYS_openat, SYS_close, SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_fstatfs, SYS_statfs, SYS_ftruncate, SYS_fallocate, SYS_fadvise64,
    SYS_fcntl, SYS_dup, SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_faccessat2, SYS_getcwd, SYS_umask, SYS_flock,
    SYS_pipe2, SYS_close_range,
    // The socket to the parent.
    SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_ppoll, SYS_pselect6,
    // Threads.
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address, SYS_gettid, SYS_getpid, SYS_getppid,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_get_priority_max,
    SYS_sched_get_priority_min, SYS_getcpu, SYS_exit, SYS_exit_group, SYS_restart_syscall, SYS_getpriority,
    // Signals and time.
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_sigaltstack,
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_times, SYS_timerfd_create,
    SYS_timerfd_settime, SYS_timerfd_gettime, SYS_eventfd2, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
    // What is asked about oneself and the machine.
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getrusage, SYS_uname, SYS_sysinfo, SYS_getrandom,
    SYS_setrlimit, SYS_getrlimit,
#if defined(__x86_64__)
    // Older names of calls from above.
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_poll, SYS_select, SYS_epoll_wait, SYS_pipe, SYS_dup2,
    SYS_getdents, SYS_arch_prctl, SYS_time, SYS_getpgrp,
#endif
};

enum { SPECIAL = 40, COUNT = sizeof allowed / sizeof *allowed };

static struct sock_filter program[2 * COUNT + SPECIAL];
static unsigned short length;

static void add(unsigned short code, uint32_t value, unsigned char yes, unsigned char no) {
    program[length++] = (struct sock_filter){.code = code, .jt = yes, .jf = no, .k = value};
}

static void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void answer(uint32_t value) { add(BPF_RET | BPF_K, value, 0, 0); }

// Where the accumulator holds the number, goes on with the next instruction; else skips some.
static void unless(uint32_t number, unsigned char skipped) { add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skipped); }

static size_t low(int argument) { return offsetof(struct seccomp_data, args) + 8 * (size_t)argument; }

void sandbox_filter(struct sandbox *result) {
#ifdef ARCHITECTURE
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
    length = 0;
    load(offsetof(struct seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT; i++) {
        unless((uint32_t)allowed[i], 1);
        answer(SECCOMP_RET_ALLOW);
    }
    // glibc falls back on clone, whose flags can be seen: threads, but no processes and no namespaces.
    unless(SYS_clone3, 1);
    answer(SECCOMP_RET_ERRNO | ENOSYS);
    unless(SYS_clone, 4);
    load(low(0));
    add(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(refuse);
    // Signals to itself only, such as abort's.
    unless(SYS_tgkill, 4);
    load(low(0));
    add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(refuse);
    // Its own limits only; the first argument is a process.
    unless(SYS_prlimit64, 4);
    load(low(0));
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(refuse);
    // Names of threads and of memory.
    unless(SYS_prctl, 5);
    load(low(0));
    add(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_NAME, 1, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, 0x53564d41 /* PR_SET_VMA */, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(refuse);
    answer(refuse);
    struct sock_fprog filter = {.len = length, .filter = program};
    long done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    result->is_filtered = done == 0;
    if (done == 0) result->has_no_network = true;
#endif
}
