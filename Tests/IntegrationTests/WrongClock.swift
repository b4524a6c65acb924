/// Sets the wall clock that a process sees ahead or behind, and nothing else.
///
/// libfaketime shifts the clocks behind Dispatch's timers as well, and not the timers themselves: under it a Swift
/// program sleeps for minutes or not at all.
struct WrongClock {
    private let library: PreloadedLibrary

    init() async throws { library = try await PreloadedLibrary("wrong-clock", Self.source) }

    /// What a process needs whose clock is to be so many seconds ahead.
    func by(_ seconds: Int) -> [String: String] { ["LD_PRELOAD": library.path, "CLOCK_AHEAD": "\(seconds)"] }

    private static let source = """
        #define _GNU_SOURCE
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        int clock_gettime(clockid_t clock, struct timespec *now) {
            int result = syscall(SYS_clock_gettime, clock, now);
            if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
                now->tv_sec += atol(getenv("CLOCK_AHEAD"));
            }
            return result;
        }

        int gettimeofday(struct timeval *now, void *zone) {
            struct timespec exact;
            clock_gettime(CLOCK_REALTIME, &exact);
            now->tv_sec = exact.tv_sec;
            now->tv_usec = exact.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *copy) {
            struct timespec exact;
            clock_gettime(CLOCK_REALTIME, &exact);
            if (copy) *copy = exact.tv_sec;
            return exact.tv_sec;
        }
        """
}
