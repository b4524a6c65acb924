"""What `make bench` is to reach, and whether it did: ratios within one run, and memory. Never seconds.

Two figures depend on a quiet machine: where others used more of it than a twentieth in a round, that round isn't counted, and
with no round left the goal isn't judged.
"""

import statistics

from peers import OURS, OURS_STANDARD

QUIET = 0.05
MOST_MEMORY = 300

# Of the main corpus: ours, theirs, and the most that the one may be of the other.
RATIOS = [
    (OURS, "floor, libjpeg's ten scans", 0.85),
    (OURS_STANDARD, "floor, libjpeg's ten scans", 1.15),
    (OURS, "Pillow", 0.40),
    (OURS, "pyvips, Debian's libvips", 0.60),
    (OURS, "pyvips-binary", 0.75),
    (OURS, "vipsthumbnail", 0.45),
]


def quiet(rounds, others):
    return [value for value, share in zip(rounds, others) if share <= QUIET]


def judge(results, scaling, overhead):
    """Prints each goal with what was found.

    SCALING and OVERHEAD are what `renditions bench --json` wrote. Returns whether none was missed."""
    seconds = {name: statistics.median(values) for name, values in results["kinds"]["main"]["seconds"].items()}
    rows = [(f"{ours} ÷ {theirs}", f"≤ {most:.2f}", seconds[ours] / seconds[theirs], most)
            for ours, theirs, most in RATIOS if ours in seconds and theirs in seconds]
    wide = scaling["scaling"][-1]
    rounds = quiet(wide["rounds"], wide["others"])
    # Twice one core's work of two cores, less what they hinder each other.
    least = 0.95 * wide["threads"]
    rows.append((f"photos a minute on {wide['threads']} threads ÷ one", f"≥ {least:.2f}",
                 statistics.median(rounds) if rounds else None, -least))
    rows.append(("CPU of the worker on an embedded store, 8 in flight ÷ rendering alone", "≤ 1.08", overhead["overhead"]["ratio"], 1.08))
    apart, together = (statistics.median(values) for values in results["isolation"].values())
    rows.append(("CPU of a worker with render processes ÷ in its own process", "≤ 1.03", apart / together, 1.03))
    rows += [(name, f"≤ {MOST_MEMORY} MB", max(values), MOST_MEMORY) for name, values in results["memory_mb"].items()]

    print("\nGoals")
    missed = 0
    for name, goal, found, bound in rows:
        if found is None:
            verdict = "not judged: others used the machine"
        elif found <= bound if bound > 0 else found >= -bound:
            verdict = "reached"
        else:
            verdict, missed = "MISSED", missed + 1
        shown = "" if found is None else f"{found:.0f}" if "MB" in goal else f"{found:.3f}"
        print(f"{name:68}{goal:>10}{shown:>8}  {verdict}")
    return missed == 0
