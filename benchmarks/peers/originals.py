"""What the peers have in common: the contract's sizes, and the originals of a folder."""

import os

SIZES = [("large", 4000, 4000, 92), ("medium", 2000, 2000, 90), ("small", 800, 600, 85), ("thumbnail", 400, 400, 80)]


def photos(folder):
    """Paths of a folder's JPEGs, and what their renditions' names begin with."""
    for name in sorted(os.listdir(folder)):
        stem, extension = os.path.splitext(name)
        if extension.lower() in (".jpg", ".jpeg"):
            yield os.path.join(folder, name), stem
