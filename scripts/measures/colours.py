"""Measures how far the colours of renditions are from what littlecms makes of their originals.

Reads from standard input a list of {"original": path, "target": path of a profile, "narrow": path of one or null,
"frame": path, "rendition": path}, where a frame holds the pixels before encoding and a rendition is the published JPEG,
both as large as the original.
Prints for each {"before", "encoded", "smooth", "blocks"}, each with the "mean" and the 95th percentile, "p95", of
CIEDE2000: of the frame's pixels, of the rendition's, of the rendition's means over four by four pixels, in which the
noise that JPEG adds to each pixel is gone, and of the frame's means over eight by eight. With a narrow profile there is
"beyond" too: of the frame's pixels whose colours the narrow one can't show, and their "share".

The reference is the original's numbers taken through its own profile to the target, in 16 bits. The renditions'
numbers are read as a browser reads them: by the profile that the rendition embeds.
"""

import json
import os
import sys
import tempfile

import numpy as np
import tifffile
from PIL import Image
from skimage.color import deltaE_ciede2000

import littlecms


def original_pixels(path):
    """The numbers as stored, and the embedded profile."""
    if path.endswith(".tif"):
        with tifffile.TiffFile(path) as file:
            return file.asarray(), file.pages[0].iccprofile
    with Image.open(path) as image:
        return np.atleast_3d(np.asarray(image)), image.info["icc_profile"]


def summary(found):
    return {"mean": float(found.mean()), "p95": float(np.percentile(found, 95))}


def means(pixels, side):
    """Means over squares; 16 bits of all numbers' range."""
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    cut = pixels[: rows * side, : columns * side].reshape(rows, side, columns, side, pixels.shape[2])
    full = 257 if pixels.dtype == np.uint8 else 1
    return np.rint(cut.mean(axis=(1, 3)) * full).astype(np.uint16)


def measure(job, folder):
    pixels, embedded = original_pixels(job["original"])
    profile, published = os.path.join(folder, "original.icc"), os.path.join(folder, "published.icc")
    with open(profile, "wb") as file:
        file.write(embedded)
    with Image.open(job["frame"]) as image:
        frame = np.asarray(image)
    with Image.open(job["rendition"]) as image:
        rendition = np.asarray(image)
        with open(published, "wb") as file:
            file.write(image.info["icc_profile"])
    expected = littlecms.convert(pixels, profile, job["target"])
    seen = littlecms.lab(expected, job["target"])
    before = deltaE_ciede2000(seen, littlecms.lab(frame, published))

    def smoothed(found, side):
        return summary(deltaE_ciede2000(littlecms.lab(means(expected, side), job["target"]),
                                        littlecms.lab(means(found, side), published)))

    result = {
        "before": summary(before), "encoded": summary(deltaE_ciede2000(seen, littlecms.lab(rendition, published))),
        "smooth": smoothed(rendition, 4), "blocks": smoothed(frame, 8),
    }
    if job.get("narrow"):
        narrow = littlecms.lab(littlecms.convert(pixels, profile, job["narrow"]), job["narrow"])
        beyond = deltaE_ciede2000(seen, narrow) > 1
        if beyond.any():
            result["beyond"] = {"share": float(beyond.mean()), **summary(before[beyond])}
    return result


def main():
    with tempfile.TemporaryDirectory() as folder:
        json.dump([measure(job, folder) for job in json.load(sys.stdin)], sys.stdout)


main()
