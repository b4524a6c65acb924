"""Counts allocations and instructions, and fails where they grew beyond what benchmarks/thresholds.json allows.

    gate.py PROGRAM PHOTOS THRESHOLDS [--update] [--allocations]

PROGRAM is the executable Counts. Allocations are the whole process's, on every thread; instructions are callgrind's, where
valgrind is installed, with libvips' run-time compiled loops off, which valgrind doesn't survive. --allocations leaves
instructions out; --update writes what was measured into THRESHOLDS. Counts of one source differ between compilers and
libraries: where those aren't the thresholds' own, the table is printed and nothing is judged.
"""

import argparse
import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

# How much more than its threshold a count may be.
TOLERANCE = {"blocks": 0.02, "bytes": 0.02, "instructions": 0.02}
# A database and Swift's tasks have moods of their own.
WIDE = {"queued, claimed, finished": 0.15}
# A dictionary that grew by one block is no regression.
FREE = {"blocks": 2, "bytes": 512, "instructions": 2000}
TIMES = 3


def allocations(program, photos, environment):
    lines = subprocess.run([program, photos, str(TIMES)], env=environment, check=True, capture_output=True, text=True)
    found = {}
    for line in lines.stdout.splitlines():
        blocks, size, name = line.split(" ", 2)
        found[name] = {"blocks": int(blocks), "bytes": int(size)}
    return found


def instructions(program, photos, environment):
    """By case, the least of its dumps."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, photos, "1", "--alone"],
            env={**environment, "VIPS_NOVECTOR": "1"}, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"counts: valgrind failed:\n{run.stderr[-2000:]}")
        for path in glob.glob(f"{folder}/out.*"):
            with open(path) as file:
                text = file.read()
            name = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M)
            total = re.search(r"^totals: (\d+)$", text, re.M)
            if name and total and name.group(1) != "between":
                found[name.group(1)] = min(int(total.group(1)), found.get(name.group(1), sys.maxsize))
    return found


def versions():
    def said(command, pattern=r"(\S+)"):
        found = re.search(pattern, subprocess.run(command, capture_output=True, text=True).stdout)
        return found.group(1) if found else "?"

    with open("/proc/cpuinfo") as file:
        vectors = "avx2" if " avx2 " in file.read() else "no avx2"
    return {
        "Swift": said(["swift", "--version"], r"Swift version (\S+)"),
        "libvips": said(["pkg-config", "--modversion", "vips"]),
        "libjpeg-turbo": said(["dpkg-query", "-W", "-f", "${Version}", "libjpeg62-turbo"]),
        "libheif": said(["pkg-config", "--modversion", "libheif"]),
        "lcms2": said(["pkg-config", "--modversion", "lcms2"]),
        "glibc": platform.libc_ver()[1],
        "machine": f"{platform.machine()}, {vectors}",
    }


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "photos", "thresholds"):
        parser.add_argument(name)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--allocations", action="store_true")
    options = parser.parse_args()

    # Swift seeds its hashes by chance otherwise, and dictionaries would grow at other times.
    environment = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1", "VIPS_CONCURRENCY": "1", "LC_ALL": "C.UTF-8"}
    found = allocations(options.program, options.photos, environment)
    if not options.allocations:
        if not shutil.which("valgrind"):
            sys.exit("counts: valgrind is missing; --allocations does without")
        for name, total in instructions(options.program, options.photos, environment).items():
            found[name]["instructions"] = total
    here = versions()

    known = {"versions": {}, "counts": {}}
    if os.path.exists(options.thresholds):
        with open(options.thresholds) as file:
            known = json.load(file)
    others = {name: (value, here.get(name)) for name, value in known["versions"].items() if here.get(name) != value}

    worse, better, unknown = [], [], []
    print(f"{'':28}" + "".join(f"{kind + suffix:>20}" for kind in TOLERANCE for suffix in ("", " was")))
    for name, counts in found.items():
        row = f"{name:28}"
        for kind, tolerance in TOLERANCE.items():
            value, was = counts.get(kind), known["counts"].get(name, {}).get(kind)
            mark = ""
            if value is not None and was is not None:
                room = was * WIDE.get(name, tolerance) + FREE[kind]
                if value > was + room:
                    mark = " ▲"
                    worse.append(f"{name}: {kind} {was:,} → {value:,}, {value / was - 1:+.1%}")
                elif value < was - room:
                    mark = " ▽"
                    better.append(name)
            elif value is not None:
                unknown.append(name)
            row += f"{(f'{value:,}' if value is not None else '–') + mark:>20}{f'{was:,}' if was is not None else '–':>20}"
        print(row)

    if options.update:
        for name, counts in found.items():
            known["counts"].setdefault(name, {}).update(counts)
        # What is no longer counted has no threshold, and what was taken with other versions means nothing.
        known["counts"] = {name: known["counts"][name] if not others else counts for name, counts in found.items()}
        known["versions"] = here
        with open(options.thresholds, "w") as file:
            json.dump(known, file, indent=2, ensure_ascii=False)
            file.write("\n")
        print(f"counts: {options.thresholds} holds these counts now")
        return
    if others:
        told = ", ".join(f"{name} {here} instead of {was}" for name, (was, here) in others.items())
        print(f"counts: NOT JUDGED, the thresholds were taken with other versions: here {told}")
        return
    if better:
        print(f"counts: fewer than the thresholds: {', '.join(dict.fromkeys(better))}. "
              "scripts/counts --update takes them over.")
    problems = worse + [f"{name}: no threshold" for name in dict.fromkeys(unknown)]
    problems += [f"{name}: no longer counted" for name in known["counts"] if name not in found]
    if problems:
        print("\n".join(["counts: more than the thresholds allow:"] + problems), file=sys.stderr)
        sys.exit("counts: where that is meant, scripts/counts --update takes the new counts over")


main()
