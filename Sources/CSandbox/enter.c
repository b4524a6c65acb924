#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// By Debian's policy, section 9.2.2.
static const uid_t nobody = 65534;

static int set_limit(int resource, uint64_t value) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return -1;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value) value = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = value;
    return setrlimit(resource, &limit);
}

// The rights over files that each version of Landlock knows (Linux, Documentation/userspace-api/landlock.rst).
static uint64_t rights(int version) {
    uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2) all |= 1ULL << 13; // REFER
    if (version >= 3) all |= 1ULL << 14; // TRUNCATE
    if (version >= 5) all |= 1ULL << 15; // IOCTL_DEV
    return all;
}

static void allow(int rules, const char *path) {
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        .parent_fd = open(path, O_PATH | O_CLOEXEC),
    };
    if (rule.parent_fd < 0) return;
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0 && errno == EINVAL) {
        // A file, not a folder.
        rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(rule.parent_fd);
}

// A newer kernel's attributes; an older header may not have them, and a kernel takes zeroes for what it doesn't know.
struct ruleset {
    uint64_t files, network, scopes;
};

static int enter_landlock(void) {
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version <= 0) return 0;
    struct ruleset set = {.files = rights(version)};
    if (version >= 4) set.network = 3; // TCP: bind, connect
    if (version >= 6) set.scopes = 3;  // abstract sockets, signals
    int rules = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof set, 0);
    if (rules < 0) rules = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof set.files, 0);
    if (rules < 0) return 0;
    static const char *const readable[] = {
        "/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ImageMagick-6", "/etc/ImageMagick-7", "/etc/ld.so.cache",
        "/etc/localtime", "/var/cache/fontconfig", "/dev/null", "/dev/urandom",
    };
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) allow(rules, readable[i]);
    int entered = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
    return entered == 0 ? version : 0;
}

int sandbox_enter(uint64_t memory, struct sandbox *result) {
    *result = (struct sandbox){0};
    sandbox_resident();
    if (set_limit(RLIMIT_AS, memory) != 0 || set_limit(RLIMIT_NOFILE, 64) != 0 || set_limit(RLIMIT_CORE, 0) != 0
        || set_limit(RLIMIT_FSIZE, 2ULL << 30) != 0)
        return -1;
    if (geteuid() == 0) {
        result->has_no_network = unshare(CLONE_NEWNET) == 0;
        result->is_nobody = setgroups(0, NULL) == 0 && setresgid(nobody, nobody, nobody) == 0
            && setresuid(nobody, nobody, nobody) == 0;
    } else {
        result->has_no_network = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    }
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    result->landlock = enter_landlock();
    return 0;
}

int sandbox_allow_seconds(uint64_t seconds) {
    struct rusage used;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &limit) != 0) return -1;
    limit.rlim_cur = (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + 1 + seconds;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_CPU, &limit);
}

// Opened by the first call, which must come before the files are out of reach.
static int statistics = -1;

uint64_t sandbox_resident(void) {
    char text[128];
    if (statistics < 0) statistics = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (statistics < 0) return 0;
    ssize_t count = pread(statistics, text, sizeof text - 1, 0);
    if (count <= 0) return 0;
    text[count] = 0;
    unsigned long long total = 0, resident = 0;
    if (sscanf(text, "%llu %llu", &total, &resident) != 2) return 0;
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
