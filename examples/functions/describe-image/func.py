"""One look at an image: its metadata, what it shows, or a smaller copy. The looks are made up."""

import json
from pathlib import PurePosixPath

from fdk.response import Response

KNOWN = {"jpg": "JPEG", "png": "PNG"}


def handler(ctx, data=None):
    asked = json.loads(data.getvalue())
    name = PurePosixPath(asked["key"])
    looks = {
        "metadata": {"format": KNOWN.get(name.suffix[1:], "unknown"), "width": 1600, "height": 900},
        "labels": sorted(word for word in name.stem.split("-") if word.isalpha()),
        "thumbnail": {"key": f"thumbnails/{name.name}", "width": 160, "height": 90},
    }
    return Response(ctx, json.dumps(looks[asked["look"]]), {"Content-Type": "application/json"})
