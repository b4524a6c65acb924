"""Watches a worker's memory over many photos: what it holds after 300, it should still hold after 3,000.

    soak.py RENDITIONS CORPUS [--photos N] [--threads N] [--set NAME=VALUE]… [--json FILE]

RENDITIONS is the program, CORPUS what scripts/corpus-bench makes. One worker on an embedded store renders N photos (3,000)
that are imported a batch at a time while it works: of 40, 30 have 2 to 8 megapixels, 7 are a phone's with 12, and 3 have 24,
one of them in Adobe RGB. Its resident memory, and that of its render processes, is read ten times a second. What counts is the
mean over a hundred photos, since what is in hand at one moment differs. --set passes a variable on to the worker, such as
MALLOC_ARENA_MAX=2 or LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2. Exits with 1 where the last hundred photos' mean
is more than a tenth above that of the hundred before the 300th.
"""

import argparse
import itertools
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import processes  # noqa: E402

# Folders of the corpus, and how many of forty photos each gives.
MIX = {"smaller": 30, "phone12": 7, "landscape24": 1, "portrait24": 1, "adobe24": 1}
WINDOW = 100
SETTLED = 300


def batch(corpus, number, folder):
    """A folder of links to forty originals under names of their own, the heavy ones spread out."""
    names = []
    for kind, count in MIX.items():
        files = sorted(path for path in (corpus / kind).iterdir() if path.suffix.lower() == ".jpg")
        chosen = itertools.islice(itertools.cycle(files), number * count % len(files), None)
        names += [((index + 0.5) / count, path) for index, path in zip(range(count), chosen)]
    folder.mkdir()
    for index, (_, path) in enumerate(sorted(names)):
        (folder / f"{number:04}-{index:02}.jpg").symlink_to(path)
    return len(names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("renditions")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--photos", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--json")
    options = parser.parse_args()
    corpus = options.corpus.resolve()

    with tempfile.TemporaryDirectory(prefix="soak-") as work:
        work = pathlib.Path(work)
        store = f"local:{work / 'store'}"
        environment = {**os.environ, "RENDITIONS_LOG_LEVEL": "error"}

        def bring(number):
            folder = work / f"batch{number}"
            count = batch(corpus, number, folder)
            subprocess.run([options.renditions, "import", folder, "--gallery", f"soak{number}", "--store", store],
                           env=environment, stdout=subprocess.DEVNULL, check=True)
            shutil.rmtree(folder)
            return count

        brought = bring(0)
        batches = 1
        began = time.monotonic()
        worker = subprocess.Popen(
            [options.renditions, "worker", "--json", "--threads", str(options.threads), "--store", store],
            env={**environment, **dict(pair.split("=", 1) for pair in options.set)}, stdout=subprocess.PIPE, text=True)
        done = 0
        readings = {}
        watch = processes.Watch(
            worker.pid, 0.1, lambda megabytes: readings.setdefault(done // WINDOW, []).append(megabytes))
        watch.start()
        try:
            for line in worker.stdout:
                report = json.loads(line)
                if report["outcome"] != "done":
                    sys.exit(f"soak: {report['filename']} ended as {report['outcome']}: {report.get('error')}")
                done += 1
                if done >= options.photos:
                    break
                if brought - done <= 10:
                    # Nobody looks at finished galleries again, and the disk has an end.
                    for number in range(batches - 1):
                        for part in (work / "store" / "objects").glob("**/soak%d" % number):
                            shutil.rmtree(part, ignore_errors=True)
                    brought += bring(batches)
                    batches += 1
        finally:
            worker.terminate()
            worker.stdout.read()
            _, status, usage = os.wait4(worker.pid, 0)
            worker.returncode = os.waitstatus_to_exitcode(status)
        if done < options.photos:
            sys.exit(f"soak: the worker ended after {done} photos with exit code {worker.returncode}")

    windows = {(number + 1) * WINDOW: statistics.mean(values) for number, values in sorted(readings.items())}
    cpu = (usage.ru_utime + usage.ru_stime) / done
    print(f"{done} photos, {options.threads} at once, {time.monotonic() - began:.0f} s; "
          f"CPU {cpu:.3f} s a photo; " + (", ".join(options.set) or "nothing set"))
    print("photos  mean MB of resident memory over the hundred before")
    for photos, mean in windows.items():
        if photos <= 500 or photos % 500 == 0:
            print(f"{photos:6}  {mean:6.0f}")
    print(f"peak    {watch.peak:6.0f}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"photos": done, "threads": options.threads, "set": options.set, "peak_mb": watch.peak, "cpu_seconds": cpu,
                       "mean_mb": windows}, file, indent=2)
    if done > SETTLED + WINDOW:
        first, last = windows[SETTLED], windows[max(photos for photos in windows if photos <= done)]
        print(f"after {done} photos {last / first - 1:+.1%} on {SETTLED}")
        if last > first * 1.1:
            sys.exit("soak: the worker's memory grows")


main()
