"""The rectangle of a face camera: edges around the face that stay while the game behind them moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# There is an edge where grey levels (of 256) of pixels on both sides differ by more than this.
EDGE = 12.0
# How many of the clearest lines on each side of the face are tried.
LINES = 16
# A camera reaches at most this far to the sides, up and down from the centre of the face, and is at least MIN_SIDE wide
# and high (sizes of the face). MIN_ASPECT and MAX_ASPECT limit its aspect ratio.
REACH, ABOVE, BELOW, MIN_SIDE = 6.0, 4.0, 6.0, 1.2
MIN_ASPECT, MAX_ASPECT = 0.5, 3.2
# The share of edge assumed in a line on the border of the picture, where none can be seen.
AT_BORDER = 0.6
# The least average share of edge in a rectangle's sides.
CLEAR = 0.6


@dataclass(frozen=True)
class Rectangle:
    """A rectangle in a picture.

    Attributes
    ----------
    left, top, right, bottom : int
        Pixels; right and bottom are exclusive.
    """

    left: int
    top: int
    right: int
    bottom: int

    def edge(self, edges: "Edges") -> float | None:
        """Compute which share of its sides is edge, 0 to 1; None if all of them are at the border of the picture."""
        vertical, horizontal = edges
        sides = [
            vertical[self.top : self.bottom, column]
            for column in (self.left, self.right)
            if 0 < column < vertical.shape[1] - 1
        ]
        sides += [
            horizontal[row, self.left : self.right]
            for row in (self.top, self.bottom)
            if 0 < row < horizontal.shape[0] - 1
        ]
        return float(np.mean([side.mean() for side in sides])) if sides else None

    def holds(self, x: float, y: float) -> bool:
        """Return whether a place is inside."""
        return self.left <= x < self.right and self.top <= y < self.bottom

    @property
    def area(self) -> int:
        """The number of its pixels."""
        return (self.right - self.left) * (self.bottom - self.top)


# The share of pictures in which there is a vertical edge at each pixel, float32 of shape (height, width + 1), where
# column x is between the pixels x - 1 and x; and a horizontal one, of shape (height + 1, width). 0 at the borders.
Edges = tuple[np.ndarray, np.ndarray]


def edges(pictures: Sequence[np.ndarray]) -> Edges:
    """Find the edges of grey pictures, uint8 of shape (height, width)."""
    height, width = pictures[0].shape
    vertical, horizontal = np.zeros((height, width + 1), np.float32), np.zeros((height + 1, width), np.float32)
    for picture in (picture.astype(np.int16) for picture in pictures):
        # Over two pixels, since scaling blurs edges.
        vertical[:, 2:-2] += _steps(picture)
        horizontal[2:-2] += _steps(picture.T).T
    return vertical / len(pictures), horizontal / len(pictures)


def _steps(picture: np.ndarray) -> np.ndarray:
    # From the mean of two pixels to that of the next two.
    pairs = picture[:, 1:] + picture[:, :-1]
    steps: np.ndarray = np.abs(pairs[:, 2:] - pairs[:, :-2]) > 2 * EDGE
    return steps


def search(pictures: Sequence[np.ndarray], x: float, y: float, size: float) -> Rectangle | None:
    """Find the rectangle around a face whose sides are the clearest edges; None if there is none.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (height, width)
        Grey pictures of different times.
    x, y, size : float
        The centre of the face and its size, pixels.
    """
    vertical, horizontal = edges(pictures)
    height, width = pictures[0].shape
    lefts, rights = _lines(vertical, x, y, size, (REACH, REACH))
    tops, bottoms = _lines(horizontal.T, y, x, size, (ABOVE, BELOW))
    # All rectangles of these lines, an axis for each side.
    left, top, right, bottom = np.ix_(lefts, tops, rights, bottoms)
    wide, high = right - left, bottom - top
    down = np.cumsum(np.pad(vertical, ((1, 0), (0, 0))), axis=0)
    across = np.cumsum(np.pad(horizontal, ((0, 0), (1, 0))), axis=1)
    total = (
        np.where(left == 0, AT_BORDER, (down[bottom, left] - down[top, left]) / high)
        + np.where(right == width, AT_BORDER, (down[bottom, right] - down[top, right]) / high)
        + np.where(top == 0, AT_BORDER, (across[top, right] - across[top, left]) / wide)
        + np.where(bottom == height, AT_BORDER, (across[bottom, right] - across[bottom, left]) / wide)
    )
    least = min(MIN_SIDE * size, width, height)
    shaped = (np.minimum(wide, high) >= least) & (wide >= MIN_ASPECT * high) & (wide <= MAX_ASPECT * high)
    total = np.where(shaped, total, 0.0)
    if not total.size or total.max() < 4 * CLEAR - 1e-6:
        return None
    best = np.unravel_index(int(total.argmax()), total.shape)
    places = zip((lefts, tops, rights, bottoms), best, strict=True)
    return Rectangle(*(int(lines[number]) for lines, number in places))


def _lines(
    edges: np.ndarray, place: float, centre: float, size: float, reach: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the clearest vertical edges before and after a face, and the borders of the picture.

    Parameters
    ----------
    edges : ndarray of float32, shape (rows, columns)
        The share of pictures in which there is an edge.
    place, centre, size : float
        The column and the row of the centre of the face, and its size, pixels.
    reach : tuple of float
        How far before and after the centre of the face edges may be, sizes of the face.

    Returns
    -------
    tuple of ndarray of int, shape (lines,)
        Columns, the clearest first.
    """
    clear = edges[max(0, round(centre - size)) : round(centre + size)].mean(axis=0)
    # Of neighbouring columns the clearest one; the borders as they are.
    peaks = clear >= np.lib.stride_tricks.sliding_window_view(np.pad(clear, 2), 5).max(axis=1)
    peaks[[0, -1]], clear[[0, -1]] = True, np.inf
    columns = np.flatnonzero(peaks & (clear > 0))
    columns = columns[np.argsort(-clear[columns], kind="stable")]
    # A face may be larger than the picture.
    nearest = max(0.0, place - size / 2), min(edges.shape[1] - 1.0, place + size / 2)
    before = columns[(columns <= nearest[0]) & (columns >= place - reach[0] * size)]
    after = columns[(columns >= nearest[1]) & (columns <= place + reach[1] * size)]
    return before[:LINES], after[:LINES]
