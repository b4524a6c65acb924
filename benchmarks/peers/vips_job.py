"""Renditions as servers of pictures make them with libvips: one decode of the original for each size, at a reduced scale where
the size allows it.

    vips_job.py ORIGINALS RENDITIONS
"""

import os
import sys

import pyvips

from originals import SIZES, photos

originals, renditions = sys.argv[1:]
pyvips.cache_set_max(0)
for path, stem in photos(originals):
    # Asking for a profile where none is embedded would cost two conversions for nothing.
    colours = {}
    if pyvips.Image.new_from_file(path).get_typeof("icc-profile-data"):
        # The name before libvips 8.15, which later ones still know.
        colours = {"export_profile": "srgb", "intent": "relative"}
    for name, width, height, quality in SIZES:
        image = pyvips.Image.thumbnail(path, width, height=height, size="down", **colours)
        image.jpegsave(os.path.join(renditions, f"{stem}_{name}.jpg"), Q=quality, interlace=True, optimize_coding=True,
                       strip=True)
