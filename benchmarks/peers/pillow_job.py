"""Renditions as the platform's own job makes them with Pillow: a copy of the decoded original for each size, reduced by
Lanczos and saved. Unlike that job it turns photos upright and converts their colours, so that all peers do the same.

    pillow_job.py ORIGINALS RENDITIONS
"""

import io
import os
import sys

from PIL import Image, ImageCms, ImageOps

from originals import SIZES, photos

originals, renditions = sys.argv[1:]
srgb = ImageCms.createProfile("sRGB")
for path, stem in photos(originals):
    photo = ImageOps.exif_transpose(Image.open(path))
    embedded = photo.info.get("icc_profile")
    for name, width, height, quality in SIZES:
        image = photo.copy()
        image.thumbnail((width, height), Image.Resampling.LANCZOS)
        if embedded:
            image = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(embedded)), srgb,
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
        image.save(os.path.join(renditions, f"{stem}_{name}.jpg"), "JPEG", quality=quality, optimize=True,
                   progressive=True, subsampling=0 if quality >= 90 else 2, exif=b"", icc_profile=None)
