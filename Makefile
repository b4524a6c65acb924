.PHONY: demo test check fidelity bench stack

# The main job on sample originals; serves the gallery at the end, or with ONCE=1 exits.
demo:
	@ONCE=$(ONCE) PORT=$(PORT) scripts/demo

# Sets up what the tests need and runs them all.
test:
	@scripts/test

# Format, lint, and a build in which warnings are errors.
check:
	@scripts/check

# Measures the renditions' colours, structure and metadata beside other programs' work, and prints the tables.
fidelity:
	@scripts/fidelity

# CPU seconds a photo beside other makers of renditions, in one run.
bench:
	@scripts/bench

# The platform's whole stack, with an emulator and the upload API.
stack:
	@echo "make stack: not part of this version, which has no upload API. See make demo." >&2
	@exit 1
