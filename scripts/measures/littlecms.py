"""Colours converted by tificc, the command of littlecms."""

import os
import subprocess
import tempfile

import numpy as np
import tifffile

PHOTOMETRIC = {1: "minisblack", 3: "rgb", 4: "separated"}


def convert(pixels, source, target, bits=16, compensation=True):
    """Converts an array of rows, columns and bands, of 8 or 16 bits, from one profile to another.

    Relative colorimetric, with black-point compensation unless told otherwise, and without the tables by which
    littlecms saves time (-c0).
    """
    with tempfile.TemporaryDirectory() as folder:
        before, after = os.path.join(folder, "before.tif"), os.path.join(folder, "after.tif")
        tifffile.imwrite(before, np.squeeze(pixels, 2) if pixels.shape[2] == 1 else pixels,
                         photometric=PHOTOMETRIC[pixels.shape[2]], metadata=None)
        command = ["tificc", f"-i{source}", f"-o{target}", "-t1", "-c0", f"-w{bits}", "-n"]
        run = subprocess.run(command + ["-b"] * compensation + [before, after], capture_output=True, text=True)
        # It complains and still ends with 0.
        if run.returncode != 0 or "[tificc]" in run.stderr:
            raise SystemExit(f"{' '.join(command)}: {run.stdout}{run.stderr}")
        return np.atleast_3d(tifffile.imread(after))


def lab(pixels, profile):
    """What colours look like: CIE L*a*b* under D50."""
    # ICCLAB (Adobe Photoshop TIFF Technical Notes, 2002): 0xFF00 is a lightness of 100, and a and b count 256ths.
    coded = convert(pixels, profile, "*Lab4", compensation=False)
    lightness = coded[..., :1] / 652.8
    return np.concatenate([lightness, coded[..., 1:].view(np.int16) / 256], axis=2)
