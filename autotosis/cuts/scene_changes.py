"""Where the scene changes near an edge: in the whole picture, or in the face camera's part of it."""

from collections.abc import Iterator

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# Pictures are compared this small (pixels): without noise and small things, a new scene is still another one. The face
# camera's is compared by itself, too: it may have a new scene of its own.
SIZE = (128, 72)
# A scene changes where pictures differ so much on average (grey levels, of 256), and so many times as much as others
# near by (seconds): not in flashes or fast motion. Of 35 joints of clips of real face cameras, at which pictures differ
# by 18 to 53, this finds 32; between them they differ by less than 16, but for one fast motion. Of the demo it finds
# both changes, by 92 and 93; nothing else in it differs by more than 6.
DIFFERENCE = 16.0
TIMES_OTHERS = 2.0
NEAR = 0.2


def scene_changes_between(recording: Recording, low: float, high: float, face: Box) -> np.ndarray:
    """When the scene of a video changes near a stretch of it, of the whole picture or of the face camera.

    Parameters
    ----------
    recording : Recording
    low, high : float
        The stretch, seconds; what is NEAR it is decoded too.
    face : Box
        Where the face camera is.

    Returns
    -------
    ndarray of float64, shape (changes,)
        Seconds, ascending.
    """
    seen = list(grey_pictures(recording, low - NEAR, high + NEAR, SIZE))
    if not seen:
        return np.zeros(0)
    times, pictures = (np.array(values) for values in zip(*seen, strict=True))
    return np.unique(np.concatenate([scene_changes(times, _part(pictures, box)) for box in {Box(), face}]))


def scene_changes(times: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """When the scene changes.

    Parameters
    ----------
    times : ndarray of float64, shape (frames,)
        Seconds.
    pictures : ndarray of uint8, shape (frames, height, width)
        The frames that are first shown then.

    Returns
    -------
    ndarray of float64, shape (changes,)
        When the first frame of a new scene is shown, seconds.
    """
    differences = np.abs(np.diff(pictures.astype(np.int16), axis=0)).mean(axis=(1, 2))
    times = times[1:]
    near = np.abs(times - times[:, None]) <= NEAR
    np.fill_diagonal(near, False)
    others = np.max(np.where(near, differences, 0.0), axis=1, initial=0.0)
    changes: np.ndarray = times[(differences >= DIFFERENCE) & (differences >= TIMES_OTHERS * others)]
    return changes


def grey_pictures(
    recording: Recording, start: float, end: float, size: tuple[int, int]
) -> Iterator[tuple[float, np.ndarray]]:
    """The frames of a stretch of a video, all of them, small, grey and upright.

    Parameters
    ----------
    recording : Recording
    start, end : float
        Seconds: frames that are first shown in this time.
    size : tuple of int
        Width and height to scale to, pixels, before they are turned.

    Yields
    ------
    float
        When the frame is first shown, seconds.
    ndarray of uint8, shape (height, width)
        The frame.
    """
    with Track(recording, "picture") as track:
        for frame in track.frames(start):
            if frame.time >= end:
                return
            if frame.time >= start:
                picture = frame.reformat(*size, "gray", interpolation="AREA").to_ndarray()
                yield frame.time, np.rot90(picture, round(frame.rotation / 90))


def _part(pictures: np.ndarray, box: Box) -> np.ndarray:
    _, height, width = pictures.shape
    top, left = int(box.y0 * height), int(box.x0 * width)
    return pictures[:, top : max(top + 1, round(box.y1 * height)), left : max(left + 1, round(box.x1 * width))]
