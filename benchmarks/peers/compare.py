"""Measures `renditions render` beside other makers of renditions, in one run and in turn; prints tables, draws a chart.

    compare.py RENDITIONS FLOOR VENVS MAIN KINDS OUT [--kind NAME]… [--photos N] [--rounds N]

At the end it says which goals were reached (goals.py), and exits with 1 where one was missed.

RENDITIONS and FLOOR are programs, VENVS a folder with the virtual environments `debian` and `binary`, MAIN the corpus of the
main figures, KINDS the folder of further kinds (scripts/corpus-bench), OUT where bench.svg, bench.png and bench.json go. The
measure is the processor time, user and system, of a process that makes the four sizes of all originals, children included;
the figure is the median over the rounds, for one photo.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import chart
import goals
import inspect_files
import turns
from originals import SIZES, photos
from peers import EVERYWHERE, OURS, all_peers

KINDS = {
    "portrait24": "24 MP, turned by Exif",
    "adobe24": "24 MP, Adobe RGB",
    "phone12": "12 MP of a phone, Display P3, turned",
    "photo45": "45 MP, 4:2:2",
    "photo100": "100 MP",
    "landscape24": "24 MP, upright, untagged or sRGB",
    "smaller": "2 to 8 MP",
}
DEFAULT = ["portrait24", "adobe24", "phone12", "photo45", "photo100"]
# Of the further kinds this many photos are enough.
FEW = 2


def version(command, pattern):
    text = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(pattern, text)
    return found.group(1) if found else "?"


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*:\s*(.+)", file.read())
    return f"{platform.machine()}, {os.cpu_count()} cores" + (f", {model.group(1).strip()}" if model else "")


def versions(options):
    debian, binary = (os.path.join(options.venvs, name, "bin", "python") for name in ("debian", "binary"))
    return {
        "renditions": version([options.renditions, "--version"], r"(\S+)"),
        "libvips": version(["vips", "--version"], r"vips-([\d.]+)"),
        "libjpeg-turbo": version(["dpkg-query", "-W", "-f", "${Version}", "libjpeg62-turbo"], r"(?:\d+:)?([\d.]+)"),
        "Pillow": version([debian, "-c", "import PIL; print(PIL.__version__)"], r"([\d.]+)"),
        "pyvips-binary": version([binary, "-c", "import pyvips; print(pyvips.version(0), pyvips.version(1), "
                                  "pyvips.version(2), sep='.')"], r"([\d.]+)"),
        "ImageMagick": version(["convert", "-version"], r"ImageMagick (\S+)"),
    }


class Arena:
    """A folder of originals and where their renditions go."""

    def __init__(self, options, source, count):
        self.folder = tempfile.TemporaryDirectory()
        work = self.folder.name
        self.originals, self.out, self.pixels = (os.path.join(work, name) for name in ("originals", "out", "pixels"))
        os.mkdir(self.originals)
        os.mkdir(self.pixels)
        self.stems = []
        for path, stem in list(photos(source))[:count]:
            # Names that a shell or libvips would take apart are not what is measured.
            self.stems.append(re.sub(r"[^A-Za-z0-9]", "_", stem))
            shutil.copy(path, os.path.join(self.originals, f"{self.stems[-1]}.jpg"))
        self.peers = all_peers(options.renditions, options.floor, options.venvs, self.originals, self.out, self.pixels)
        self.bytes = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def prepare(self, _=None):
        shutil.rmtree(self.out, ignore_errors=True)
        os.mkdir(self.out)

    def check(self, peer):
        if peer.is_floor:
            return
        made = os.listdir(self.out)
        if len(made) != len(self.stems) * len(SIZES):
            sys.exit(f"compare: {peer.name} made {len(made)} files of {len(self.stems) * len(SIZES)}")
        self.bytes[peer.name] = sum(os.path.getsize(os.path.join(self.out, file)) for file in made)

    def fill_pixels(self):
        """The floor encodes the very pixels that come out here."""
        self.prepare()
        turns.measured(self.peers[0].command, self.peers[0].environment)
        for name in os.listdir(self.out):
            subprocess.run(["djpeg", "-ppm", "-outfile", os.path.join(self.pixels, name[:-4] + ".ppm"),
                            os.path.join(self.out, name)], check=True)


def compare(options, source, heading, count, only=None):
    """Measures one corpus and prints its table."""
    with Arena(options, source, count) as arena:
        arena.fill_pixels()
        peers = [peer for peer in arena.peers if only is None or peer.name in only]
        seconds, memory = turns.in_turn(peers, options.rounds, arena.prepare, arena.check)
        shown = len(arena.stems)
    seconds = {name: [value / shown for value in values] for name, values in seconds.items()}
    middles = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"\n{heading}: photos {shown}, rounds {options.rounds} in turn, medians; CPU seconds a photo, one thread")
    print(f"{'':34}{'seconds':>9}{'min–max':>13}{'ours ÷ theirs':>15}{'MB out':>8}{'peak MB':>9}")
    for name, values in seconds.items():
        ratio = "" if name == OURS else f"{middles[OURS] / middles[name]:.2f}"
        out = f"{arena.bytes[name] / shown / 1e6:.2f}" if name in arena.bytes else ""
        print(f"{name:34}{middles[name]:9.3f}{f'{min(values):.2f}–{max(values):.2f}':>13}{ratio:>15}{out:>8}"
              f"{memory[name]:9.0f}")
    return {"heading": heading, "photos": shown, "seconds": seconds, "peak_mb": memory,
            "mb_out": {name: size / shown / 1e6 for name, size in arena.bytes.items()}}


def differences(options):
    """What each peer's files hold: the renditions of a photo that is turned, tagged, and tells its place."""
    found = {}
    with tempfile.TemporaryDirectory() as chosen:
        for path, stem in photos(os.path.join(options.kinds, "portrait24")):
            if "Mariage" in stem:
                os.symlink(os.path.abspath(path), os.path.join(chosen, "photo.jpg"))
        with Arena(options, chosen, 1) as arena:
            for peer in arena.peers:
                if peer.is_floor:
                    continue
                arena.prepare()
                turns.measured(peer.command, peer.environment)
                arena.check(peer)
                found[peer.name] = {**inspect_files.facts(arena.out, "photo"), "colours": peer.colours,
                                    "beside": peer.beside}
    print("\nWhat the files hold, of a turned photo with a profile, a copyright and a place. From scans to place as read from "
          "the files")
    columns = {"scans": 7, "chroma": 14, "upright": 9, "profile": 9, "copyright": 11, "place": 9, "colours": 23}
    print(f"{'':34}" + "".join(f"{name:<{width}}" for name, width in columns.items()) + "beside the JPEGs")
    for name, row in found.items():
        print(f"{name:34}" + "".join(f"{row[column]:<{width}}" for column, width in columns.items()) + row["beside"])
    print("chroma: of large, quality 92, and of small, quality 85; profile: a profile is embedded; colours: the intent, and "
          "whether black points are matched")
    return found


def memory(options):
    """Peaks of resident memory in megabytes, of all processes together: two photos of 24 MP at once, and one of 100."""
    goal = {"two of 24 MP at once": ("landscape24", 2), "two of 24 MP at once, turned": ("portrait24", 2),
            "two of 24 MP at once, Adobe RGB": ("adobe24", 2), "one of 100 MP": ("photo100", 1)}
    print(f"\nPeak of resident memory, renditions render, highest of {options.rounds} (goal: 300 MB)")
    peaks = {}
    for name, (kind, count) in goal.items():
        with Arena(options, os.path.join(options.kinds, kind), count) as arena:
            command = [*arena.peers[0].command[:-1], str(count)]
            values = []
            for _ in range(options.rounds):
                arena.prepare()
                values.append(turns.measured(command, arena.peers[0].environment, watched=True)[1])
        peaks[name] = values
        print(f"{name:34}{max(values):9.0f} MB")
    return peaks


def isolation(options):
    """Processor seconds a photo of a worker that renders in processes of their own, and of one that renders in its own, in turn.

    What it takes to start them is a part of it, so there have to be photos enough."""
    originals = [path for path, _ in photos(options.main)] * 8
    seconds = {"in processes of their own": [], "in its own process": []}
    for _ in range(options.rounds):
        for name, flags in zip(seconds, ([], ["--in-process"])):
            with tempfile.TemporaryDirectory() as work:
                store = ["--store", f"local:{work}/store"]
                subprocess.run([options.renditions, "import", "--gallery", "g", *store, *originals], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                taken, _ = turns.measured([options.renditions, "worker", "--drain", *store, *flags], dict(os.environ))
            seconds[name].append(taken / len(originals))
    print(f"\nCPU seconds a photo of a worker, {len(originals)} photos, median of {options.rounds}")
    for name, values in seconds.items():
        print(f"{name:34}{statistics.median(values):9.3f}")
    return seconds


def own_benchmark(options, *arguments):
    """What `renditions bench` finds on the main corpus."""
    command = [options.renditions, "bench", options.main, "--json", "--rounds", str(options.rounds), *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def main():
    parser = argparse.ArgumentParser()
    for name in ("renditions", "floor", "venvs", "main", "kinds", "out"):
        parser.add_argument(name)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--photos", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    results = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(), "versions": versions(options), "rounds": options.rounds, "kinds": {},
    }
    told = [results["date"] + ", " + results["machine"],
            ", ".join(f"{name} {number}" for name, number in results["versions"].items())]
    print("\n".join(told))
    results["kinds"]["main"] = compare(options, options.main, "24 MP, mixed", options.photos)
    for kind in options.kind or DEFAULT:
        results["kinds"][kind] = compare(
            options, os.path.join(options.kinds, kind), KINDS[kind], min(FEW, options.photos), EVERYWHERE)
    results["differences"] = differences(options)
    results["memory_mb"] = memory(options)
    results["isolation"] = isolation(options)
    results["scaling"] = own_benchmark(options, "--scaling", "--photos", "36", "--threads",
                                       str(min(2, os.cpu_count() or 1)))
    results["overhead"] = own_benchmark(options, "--overhead", "--in-flight", "8")

    picture = os.path.join(options.out, "bench.svg")
    chart.draw(picture, [
        (found["heading"],
         {name: statistics.median(values) for name, values in found["seconds"].items()})
        for found in results["kinds"].values()], told, OURS)
    subprocess.run(["vips", "copy", f"{picture}[scale=2]", os.path.join(options.out, "bench.png")], check=True)
    with open(os.path.join(options.out, "bench.json"), "w") as file:
        json.dump(results, file, indent=2, ensure_ascii=False)
    reached = goals.judge(results, results["scaling"], results["overhead"])
    print(f"\n{picture}, bench.png and bench.json hold the same.")
    sys.exit(0 if reached else 1)


main()
