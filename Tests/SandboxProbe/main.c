// Enters the sandbox of render processes and tries to get out: a line an attempt, "name: refused" or "name: worked".
#define _GNU_SOURCE
#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const char *name, bool worked) { printf("%s: %s\n", name, worked ? "worked" : "refused"); }

static bool opens(const char *path, int flags) {
    int file = open(path, flags, 0600);
    if (file >= 0) close(file);
    return file >= 0;
}

static void *nothing(void *argument) { return argument; }

/// - argv[1]: a file that anybody may read. argv[2]: a folder that anybody may write to. argv[3]: "late" to leave the filter away,
///   so that each rule can be seen by itself.
int main(int count, char **arguments) {
    if (count < 3) return 64;
    struct sandbox sandbox;
    pid_t parent = getppid();
    if (sandbox_enter(1ULL << 30, &sandbox) != 0) return 70;
    if (count < 4) sandbox_filter(&sandbox);
    printf("landlock: %d\nfiltered: %d\nnobody: %d\nno network: %d\n", sandbox.landlock, sandbox.is_filtered,
           sandbox.is_nobody, sandbox.has_no_network);

    char path[4096];
    snprintf(path, sizeof path, "%s/written-by-the-sandbox", arguments[2]);
    tell("write a file", opens(path, O_CREAT | O_WRONLY));
    tell("make a folder", mkdir(path, 0700) == 0);
    tell("read a file", opens(arguments[1], O_RDONLY));
    tell("read the users", opens("/etc/passwd", O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d/environ", parent);
    tell("read the worker's environment", opens(path, O_RDONLY));
    tell("read a font's folder", opens("/usr/share", O_RDONLY | O_DIRECTORY));
    tell("make a thread", ({
        pthread_t thread;
        bool made = pthread_create(&thread, NULL, nothing, NULL) == 0;
        if (made) pthread_join(thread, NULL);
        made;
    }));
    tell("take two gigabytes", malloc(2ULL << 30) != NULL);

    int internet = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, "1.1.1.1", &address.sin_addr);
    tell("connect", internet >= 0 && connect(internet, (struct sockaddr *)&address, sizeof address) == 0);
    tell("make a local socket", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    tell("signal the worker", kill(parent, 0) == 0);
    tell("trace the worker", ptrace(PTRACE_ATTACH, parent, NULL, NULL) == 0);
    tell("mount", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
    tell("make a namespace", unshare(CLONE_NEWUSER) == 0);
    tell("become root", setuid(0) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(0);
    tell("start a process", child > 0);
    fflush(stdout);
    char *const command[] = {"/bin/echo", "run a program: worked", NULL};
    execv(command[0], command);
    tell("run a program", false);
    return 0;
}
