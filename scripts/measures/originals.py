"""Makes one photo an original of every colour space that photographers upload.

Arguments: a photo, a file that embeds Display P3, and a folder to write to. Prints a list of {"space", "path"}.

The photo is reduced to 1900 pixels, to which medium and large are not reduced further. Its numbers are taken for
Display P3, so that some of its colours are beyond sRGB, and littlecms converts them to the other spaces.
"""

import json
import os
import sys

import numpy as np
import tifffile
from PIL import Image

import littlecms

PROFILES = "/usr/share/color/icc"
# name; profile; bits; file
SPACES = [
    ("Display P3", None, 8, "p3.jpg"),
    ("Adobe RGB", "colord/AdobeRGB1998.icc", 8, "adobe.jpg"),
    ("ProPhoto", "colord/ProPhotoRGB.icc", 8, "prophoto.jpg"),
    ("ProPhoto 16", "colord/ProPhotoRGB.icc", 16, "prophoto.tif"),
    ("CMYK", "ghostscript/default_cmyk.icc", 8, "cmyk.jpg"),
    ("grey", "ghostscript/default_gray.icc", 8, "grey.jpg"),
    # Its numbers are light itself, which 8 bits hold badly in the shadows.
    ("linear grey", "Gray.icc", 8, "linear.jpg"),
    ("sRGB", "colord/sRGB.icc", 8, "srgb.jpg"),
]


def main():
    photo, wide, folder = sys.argv[1:]
    with Image.open(wide) as image:
        p3 = image.info["icc_profile"]
    start = os.path.join(folder, "p3.icc")
    with open(start, "wb") as file:
        file.write(p3)
    with Image.open(photo) as image:
        image.thumbnail((1900, 1900), Image.Resampling.LANCZOS, reducing_gap=None)
        pixels = np.asarray(image)
    made = []
    for space, name, bits, file in SPACES:
        profile = start if name is None else os.path.join(PROFILES, name)
        path = os.path.join(folder, file)
        converted = pixels if name is None else littlecms.convert(pixels, start, profile, bits)
        with open(profile, "rb") as data:
            embedded = data.read()
        if path.endswith(".tif"):
            tifffile.imwrite(path, converted, photometric="rgb", iccprofile=embedded, metadata=None)
        else:
            mode = {1: "L", 3: "RGB", 4: "CMYK"}[converted.shape[2]]
            image = Image.frombytes(mode, (converted.shape[1], converted.shape[0]), converted.tobytes())
            image.save(path, quality=95, subsampling=0, icc_profile=embedded)
        made.append({"space": space, "path": path})
    json.dump(made, sys.stdout)


main()
