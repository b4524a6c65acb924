"""The makers of renditions that are compared, and what each of them leaves out."""

import dataclasses
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent

OURS = "renditions"
OURS_STANDARD = "renditions, libjpeg's ten scans"
# Compared on every kind of photo; the others on the main corpus only.
EVERYWHERE = {OURS, "floor, our six scans", "Pillow", "pyvips-binary"}


@dataclasses.dataclass
class Peer:
    name: str
    command: list
    environment: dict
    # How it brings colours to sRGB, which no file tells.
    colours: str
    # What it does beside the four JPEGs.
    beside: str = "nothing"

    @property
    def is_floor(self):
        """Whether it makes no files, but only spends the time that they take at least."""
        return self.name.startswith("floor")


def all_peers(renditions, floor, venvs, originals, out, pixels):
    """Everyone, for a folder of originals. Where a peer takes several threads, it is told to use one."""
    plain = {**os.environ, "VIPS_CONCURRENCY": "1", "MAGICK_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1",
             "RENDITIONS_LOG_LEVEL": "error"}
    debian, binary = (os.path.join(venvs, name, "bin", "python") for name in ("debian", "binary"))
    render = [renditions, "render", originals, "--out", out, "--threads", "1"]
    managed = "relative, black point"
    extras = "receipt, read-back, sketch, gain map"
    return [
        Peer(OURS, render, plain, managed, extras),
        Peer(OURS_STANDARD, render, {**plain, "RENDITIONS_JPEG_SCANS": "standard"}, managed, extras),
        Peer("floor, libjpeg's ten scans", [floor, originals, pixels], plain, "–"),
        Peer("floor, our six scans", [floor, originals, pixels, "--lean"], plain, "–"),
        Peer("floor, ten scans, all 4:2:0", [floor, originals, pixels, "--halved"], plain, "–"),
        Peer("Pillow", [debian, HERE / "pillow_job.py", originals, out], plain, managed),
        Peer("pyvips, Debian's libvips", [debian, HERE / "vips_job.py", originals, out], plain, "relative"),
        Peer("pyvips-binary", [binary, HERE / "vips_job.py", originals, out], plain, "relative"),
        Peer("vipsthumbnail", ["bash", HERE / "vipsthumbnail.sh", originals, out], plain, "relative"),
        Peer("ImageMagick", ["bash", HERE / "imagemagick.sh", originals, out], plain, managed),
    ]
