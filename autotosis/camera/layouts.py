"""Layouts: where a face stays over time, and the rectangle of the camera that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotosis.camera import rectangle
from autotosis.camera.rectangle import Rectangle
from autotosis.camera.samples import Sample

# A face counts as staying while it moves by less than MAX_MOVE times its size and its size changes by less than a
# factor of MAX_SCALING.
MAX_MOVE, MAX_SCALING = 1.0, 1.8
# At least this many samples, and this share of all, show the face of a layout. A face without edges around it may be
# one in the game, so it must be there for longer.
MIN_SAMPLES, MIN_SHARE, MIN_SHARE_WITHOUT_EDGES = 3, 0.02, 0.3
# The picture of a face changes by at least this much from sample to sample (grey levels); that of a drawing does not.
MIN_CHANGE = 2.0
# A layout is recognised where its sides have this share of their usual edges.
RECOGNISED = 0.6
# If no edges are found, this much around the face is taken: to each side, above and below (sizes of the face).
BESIDE, ABOVE, BELOW = 2.0, 1.5, 2.0
# A camera that fills this share of the picture fills it all: at its border, there are edges of the room.
FULL_SHARE = 0.9
# The most pictures that are searched for edges, and the most layouts.
MAX_PICTURES, MAX_LAYOUTS = 40, 8


@dataclass(frozen=True)
class Layout:
    """An arrangement of the picture that shows the face camera.

    Attributes
    ----------
    camera : Rectangle
        Where it is.
    size : float
        The size of the face, pixels.
    edge : float or None
        The average share of edge in the camera's sides, 0 to 1: 0 if none is found, None if it fills the picture.
    """

    camera: Rectangle
    size: float
    edge: float | None

    def shows(self, sample: Sample) -> bool:
        """Return whether one of the faces of a sample is that of this layout."""
        return any(self.fits(*face) for face in sample.faces)

    def fits(self, x: float, y: float, size: float) -> bool:
        """Return whether a face may be that of this layout; see `Sample`."""
        return self.camera.holds(x, y) and 1 / MAX_SCALING < size / self.size < MAX_SCALING


def find(samples: Sequence[Sample]) -> list[Layout]:
    """Find the layouts of a video, the one with most samples of its face first."""
    faces = np.array([(number, *face) for number, sample in enumerate(samples) for face in sample.faces])
    layouts: list[Layout] = []
    while len(faces) and len(layouts) < MAX_LAYOUTS:
        staying = _staying(faces)
        group = faces[staying]
        chosen = [samples[number] for number in np.unique(group[:, 0]).astype(int)]
        if len(chosen) < max(MIN_SAMPLES, MIN_SHARE * len(samples)):
            break
        left = ~staying
        x, y, size = np.median(group[:, 1:], axis=0).tolist()
        layout = _layout(chosen, x, y, size, len(chosen) / len(samples))
        if layout is not None:
            layouts.append(layout)
            left &= [not layout.fits(*face[1:]) for face in faces]
        faces = faces[left]
    return layouts


def recognise(sample: Sample, layouts: Sequence[Layout]) -> Layout | None:
    """Recognise the layout at a moment: by its edges and its face, or else by its edges, or else by its face."""
    edges = rectangle.edges([sample.picture])
    framed = [
        layout for layout in layouts if layout.edge and (layout.camera.edge(edges) or 0) > RECOGNISED * layout.edge
    ]
    with_face = [layout for layout in layouts if layout.shows(sample)]
    both = [layout for layout in framed if layout in with_face]
    return next(iter(both or framed or with_face), None)


def _staying(faces: np.ndarray) -> np.ndarray:
    """Return which faces, rows of sample, x, y and size, are the largest group that stays where one of them is."""
    x, y, size = faces[:, 1:].T
    stays = np.hypot(x - x[:, None], y - y[:, None]) < MAX_MOVE * np.maximum(size, size[:, None])
    stays &= np.abs(np.log(size / size[:, None])) < np.log(MAX_SCALING)
    largest: np.ndarray = stays[stays.sum(axis=1).argmax()]
    return largest


def _layout(samples: Sequence[Sample], x: float, y: float, size: float, share: float) -> Layout | None:
    """Find the layout of a face that stays; None if it is a drawing, or seldom there and without edges around it.

    Parameters
    ----------
    samples : sequence of Sample
        Those that show the face.
    x, y, size : float
        Its centre and its size, pixels.
    share : float
        The share of all samples that show it.
    """
    height, width = samples[0].picture.shape
    around = Rectangle(
        max(0, round(x - BESIDE * size)),
        max(0, round(y - ABOVE * size)),
        min(width, round(x + BESIDE * size)),
        min(height, round(y + BELOW * size)),
    )
    rows, columns = (slice(max(0, round(centre - size / 2)), round(centre + size / 2)) for centre in (y, x))
    face = np.array([sample.picture[rows, columns] for sample in samples], np.int16)
    if np.abs(np.diff(face, axis=0)).mean() < MIN_CHANGE:
        return None
    spread = np.unique(np.linspace(0, len(samples) - 1, MAX_PICTURES).round().astype(int))
    pictures = [samples[number].picture for number in spread]
    camera = rectangle.search(pictures, x, y, size)
    if camera is None:
        return Layout(around, size, 0.0) if share > MIN_SHARE_WITHOUT_EDGES else None
    if camera.area > FULL_SHARE * width * height:
        camera = Rectangle(0, 0, width, height)
    return Layout(camera, size, camera.edge(rectangle.edges(pictures)))
