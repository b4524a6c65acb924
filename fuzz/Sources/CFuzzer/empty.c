// A module needs a source file; what its header names is the runtime of the compiler.
