"""What finished files hold, read from the files themselves: scans, chroma, profile, copyright, place."""

import json
import os
import subprocess


def scans(path):
    """How many scans a JPEG has."""
    with open(path, "rb") as file:
        data = file.read()
    # In coded data a marker's first byte is followed by zero, and the segments' own contents are skipped.
    count, at = 0, 2
    while 0 <= at < len(data) - 3:
        marker = data[at + 1]
        if marker == 0xD9:
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            count += 1
            at = data.find(b"\xff", at)
            while at >= 0 and (data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7):
                at = data.find(b"\xff", at + 2)
    return count


def facts(folder, stem):
    """A row of the table of differences, from the renditions of one photo."""
    def tags(size):
        path = os.path.join(folder, f"{stem}_{size}.jpg")
        return path, json.loads(subprocess.run(
            ["exiftool", "-json", "-YCbCrSubSampling", "-EncodingProcess", "-ProfileDescription", "-Copyright",
             "-GPSLatitude", "-Orientation#", "-ImageSize", path], capture_output=True, check=True).stdout)[0]

    path, large = tags("large")
    _, small = tags("small")
    chroma = [found["YCbCrSubSampling"].split()[0].removeprefix("YCbCr") for found in (large, small)]
    width, height = map(int, large["ImageSize"].split("x"))
    upright = width < height and large.get("Orientation", 1) == 1
    return {
        "scans": f"{scans(path)}" if "Progressive" in large["EncodingProcess"] else "baseline",
        "chroma": " ".join(chroma),
        "upright": "yes" if upright else "no",
        "profile": "yes" if "ProfileDescription" in large else "no",
        "copyright": "kept" if "Copyright" in large else "lost",
        "place": "LEFT IN" if "GPSLatitude" in large else "removed",
    }
