"""Measures `renditions render` beside other makers of renditions, in one run and in turn, and prints a table.

    compare.py RENDITIONS FLOOR VENVS ORIGINALS [--photos N] [--rounds N] [--json FILE]

RENDITIONS and FLOOR are programs, VENVS a folder with the virtual environments `debian` and `binary`. The measure is the
processor time, user and system, of a process that makes the four sizes of all originals, children included; the figure is
the median over the rounds, for one photo. Peers take turns, so that a change of the machine's pace hits all alike.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from originals import SIZES, photos

HERE = pathlib.Path(__file__).resolve().parent


def seconds(command, environment):
    """Processor time of a command and all that it starts."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, command))} failed: {complaint.decode()[-500:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def version(command, pattern):
    text = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(pattern, text)
    return found.group(1) if found else "?"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("renditions")
    parser.add_argument("floor")
    parser.add_argument("venvs")
    parser.add_argument("originals")
    parser.add_argument("--photos", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as work:
        chosen = os.path.join(work, "originals")
        os.mkdir(chosen)
        paths = list(photos(options.originals))[: options.photos]
        for path, stem in paths:
            # Names that a shell or libvips would take apart are not what is measured.
            plain = re.sub(r"[^A-Za-z0-9]", "_", stem)
            shutil.copy(path, os.path.join(chosen, f"{plain}.jpg"))
        out = os.path.join(work, "out")
        debian, binary = (os.path.join(options.venvs, name, "bin", "python") for name in ("debian", "binary"))
        ours = [options.renditions, "render", chosen, "--out", out, "--threads", "1"]
        peers = {
            "renditions": ours,
            "floor: libjpeg-turbo alone": [options.floor, chosen, os.path.join(work, "pixels")],
            "Pillow": [debian, HERE / "pillow_job.py", chosen, out],
            "pyvips, Debian's libvips": [debian, HERE / "vips_job.py", chosen, out],
            "pyvips-binary": [binary, HERE / "vips_job.py", chosen, out],
            "vipsthumbnail": ["bash", HERE / "vipsthumbnail.sh", chosen, out],
            "ImageMagick": ["bash", HERE / "imagemagick.sh", chosen, out],
        }
        environment = {**os.environ, "VIPS_CONCURRENCY": "1", "MAGICK_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1",
                       "RENDITIONS_LOG_LEVEL": "error"}

        # The floor encodes the very pixels that come out here.
        os.mkdir(out)
        seconds(ours, environment)
        os.mkdir(os.path.join(work, "pixels"))
        for name in os.listdir(out):
            subprocess.run(["djpeg", "-ppm", "-outfile", os.path.join(work, "pixels", name[:-4] + ".ppm"),
                            os.path.join(out, name)], check=True)

        found = {name: [] for name in peers}
        memory = {name: 0 for name in peers}
        sizes = {}
        for turn in range(options.rounds):
            for name, command in peers.items():
                shutil.rmtree(out)
                os.mkdir(out)
                taken, peak = seconds(command, environment)
                found[name].append(taken / len(paths))
                memory[name] = max(memory[name], peak)
                if name.startswith("floor"):
                    continue
                made = os.listdir(out)
                if len(made) != len(paths) * len(SIZES):
                    sys.exit(f"compare: {name} made {len(made)} files of {len(paths) * len(SIZES)}")
                sizes[name] = sum(os.path.getsize(os.path.join(out, file)) for file in made) / len(paths) / 1e6

    versions = {
        "libvips": version(["vips", "--version"], r"vips-([\d.]+)"),
        "pyvips-binary": version([binary, "-c", "import pyvips; print(pyvips.version(0), pyvips.version(1), "
                                  "pyvips.version(2), sep='.')"], r"([\d.]+)"),
        "Pillow": version([debian, "-c", "import PIL; print(PIL.__version__)"], r"([\d.]+)"),
        "ImageMagick": version(["convert", "-version"], r"ImageMagick (\S+)"),
        "libjpeg-turbo": version(["dpkg-query", "-W", "-f", "${Version}", "libjpeg62-turbo"], r"(?:\d+:)?([\d.]+)"),
    }
    mine = statistics.median(found["renditions"])
    print(f"{len(paths)} photos, {options.rounds} rounds in turn, medians; CPU seconds a photo, one thread")
    print(f"{'':30}{'seconds':>9}{'min–max':>13}{'renditions ÷':>14}{'MB out':>8}{'peak MB':>9}")
    for name, values in found.items():
        middle = statistics.median(values)
        print(f"{name:30}{middle:9.3f}{f'{min(values):.2f}–{max(values):.2f}':>13}{mine / middle:14.2f}"
              f"{sizes.get(name, 0) or '':>8.4}{memory[name]:9.0f}")
    print(f"{platform.machine()}, {os.cpu_count()} cores; " + ", ".join(f"{k} {v}" for k, v in versions.items()))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"photos": len(paths), "versions": versions, "seconds": found, "peak_mb": memory,
                       "mb_out": sizes}, file, indent=2)


main()
