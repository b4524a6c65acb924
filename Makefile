.PHONY: demo test check bench stack

# The main job on sample originals; serves the gallery at the end, or with ONCE=1 exits.
demo:
	@ONCE=$(ONCE) PORT=$(PORT) scripts/demo

# Sets up what the tests need and runs them all.
test:
	@scripts/test

# Format, lint, and a build in which warnings are errors.
check:
	@scripts/check

# CPU seconds a photo beside other tools, in one run.
bench:
	@scripts/bench

# The platform's whole stack; it needs the store on S3 and DynamoDB.
stack:
	@echo "make stack: not part of this version, which has the embedded store only. See make demo." >&2
	@exit 1
