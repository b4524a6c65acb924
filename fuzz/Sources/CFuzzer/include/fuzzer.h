// libFuzzer as a library (LLVM, "LibFuzzer – a library for coverage-guided fuzz testing", "Using libFuzzer as a library").
#ifndef RENDITIONS_FUZZER_H
#define RENDITIONS_FUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Runs the fuzzer over a function, with the arguments of its command line.
///
/// @return The process's exit code.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*one)(const uint8_t *bytes, size_t count));

#endif
