"""Measures how like a direct reduction the renditions of a photo are.

Reads from standard input {"original": path, "sizes": [{"name", "quality", "frame": path, "rendition": path}]}, where a
frame holds the pixels before encoding and a rendition is the published JPEG. Prints a list of {"name", "width",
"height", "before", "encoded", "pillow"}: the structural similarity to the reference of the frame, of the rendition,
and of what Pillow makes of the same original with the same quality.

The reference is Pillow's Lanczos of the upright original in floating point, each channel by itself, rounded nowhere.
An embedded profile is applied to it by littlecms.
"""

import io
import json
import os
import sys
import tempfile

import numpy as np
from PIL import Image, ImageCms, ImageOps
from skimage.metrics import structural_similarity

import littlecms

SRGB = "/usr/share/color/icc/colord/sRGB.icc"
# ITU-R BT.601.
LUMA = np.array([0.299, 0.587, 0.114])


def similarity(one, other):
    """Wang, Bovik, Sheikh and Simoncelli (2004), on luma: a Gaussian of 1.5 pixels, K 0.01 and 0.03, range 255."""
    return float(structural_similarity(one @ LUMA, other @ LUMA, data_range=255, gaussian_weights=True, sigma=1.5,
                                       use_sample_covariance=False))


def reference(original, size, profile):
    channels = [channel.convert("F").resize(size, Image.Resampling.LANCZOS) for channel in original.split()]
    pixels = np.stack([np.asarray(channel) for channel in channels], axis=2)
    # Lanczos overshoots; no output can.
    pixels = np.clip(pixels, 0, 255)
    if profile is None:
        return pixels
    return littlecms.convert(np.rint(pixels * 257).astype(np.uint16), profile, SRGB) / 257


def direct(original, size, quality, profile):
    """What Pillow alone makes of the original."""
    image = original.resize(size, Image.Resampling.LANCZOS)
    if profile is not None:
        image = ImageCms.profileToProfile(
            image, profile, SRGB, renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2, progressive=True, optimize=True)
    return image_pixels(file)


def image_pixels(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB")).astype(np.float64)


def measure(original, profile, size):
    frame = image_pixels(size["frame"])
    shape = (frame.shape[1], frame.shape[0])
    expected = reference(original, shape, profile)
    return {
        "name": size["name"], "width": shape[0], "height": shape[1],
        "before": similarity(expected, frame),
        "encoded": similarity(expected, image_pixels(size["rendition"])),
        "pillow": similarity(expected, direct(original, shape, size["quality"], profile)),
    }


def main():
    job = json.load(sys.stdin)
    original = ImageOps.exif_transpose(Image.open(job["original"]))
    embedded = original.info.get("icc_profile")
    with tempfile.TemporaryDirectory() as folder:
        profile = None
        if embedded:
            profile = os.path.join(folder, "original.icc")
            with open(profile, "wb") as file:
                file.write(embedded)
        json.dump([measure(original, profile, size) for size in job["sizes"]], sys.stdout)


main()
