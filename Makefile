.PHONY: demo test check chaos corpora fidelity fuzz bench bench-counts soak stack stack-reset

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

# Thousands of other projects' test files through the built worker, which takes a quarter of an hour; prints a table.
corpora:
	@CORPORA=full scripts/test --filter IntegrationTests.CorporaTests

# Made-up inputs for what reads strangers' bytes; SECONDS_EACH=600 goes on for that long a target.
fuzz:
	@scripts/fuzz $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH))

# CPU seconds a photo beside other makers of renditions, in one run; a table a kind of photos, peaks of memory, a chart.
bench:
	@scripts/bench

# Allocations and instructions of named pieces of work, beside benchmarks/thresholds.json; fails where they grew.
bench-counts:
	@scripts/counts

# A worker's memory over three thousand photos, which takes a quarter of an hour and more; fails where it grows.
soak:
	@scripts/soak

# Real workers under random faults, half an hour on each store (CHAOS_SECONDS, CHAOS_SEED, CHAOS_STORE).
chaos:
	@scripts/chaos

# The platform's whole stack on this machine: an AWS emulator, the worker, an upload API and the gallery page.
# STACK="--api-port 5002" moves a part.
stack:
	@scripts/stack $(STACK)

# Forgets the stack's data.
stack-reset:
	@scripts/stack --forget $(STACK)
