"""Finding scene changes in a short stretch of video, in the whole picture or in the face camera."""

from collections.abc import Iterator

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.video.picture import is_mirrored
from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# Frames are compared at this size (pixels), at which noise and small objects vanish and scenes still differ. The part
# with the face camera is compared separately as well, because its scene may change alone.
SIZE = (128, 72)
# A scene change is where two consecutive frames differ by at least DIFFERENCE on average (grey levels, of 256), and at
# least TIMES_OTHERS times as much as any others within NEAR (seconds), which rules out flashes and fast motion. This
# finds 32 of 35 joints between clips of real face cameras, where frames differ by 18 to 53; elsewhere they differ by
# less than 16, except for one fast motion. In the demo it finds both changes (93 and 95); nothing else there exceeds 6.
DIFFERENCE = 16.0
TIMES_OTHERS = 2.0
NEAR = 0.2


def scene_changes_between(recording: Recording, low: float, high: float, face: Box) -> np.ndarray:
    """Find the scene changes in a stretch of a video, in the whole picture and in the face camera.

    Parameters
    ----------
    recording : Recording
        The video.
    low, high : float
        Start and end of the stretch, seconds. It is extended by NEAR on both sides.
    face : Box
        The position of the face camera.

    Returns
    -------
    ndarray of float64, shape (changes,)
        The times of the scene changes, seconds, ascending.
    """
    seen = list(grey_pictures(recording, low - NEAR, high + NEAR, SIZE))
    if not seen:
        return np.zeros(0)
    times, pictures = (np.array(values) for values in zip(*seen, strict=True))
    return np.unique(np.concatenate([scene_changes(times, _part(pictures, box)) for box in {Box(), face}]))


def scene_changes(times: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Find the scene changes among consecutive frames.

    Parameters
    ----------
    times : ndarray of float64, shape (frames,)
        When each frame is first shown, seconds.
    pictures : ndarray of uint8, shape (frames, height, width)
        The frames, in grey.

    Returns
    -------
    ndarray of float64, shape (changes,)
        When the first frame of each new scene is shown, seconds.
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
    """Decode all frames of a stretch of a video, scaled down, in grey and upright.

    Parameters
    ----------
    recording : Recording
        The video.
    start, end : float
        The stretch, seconds: a frame belongs to it if it is first shown within.
    size : tuple of int
        Width and height to scale frames to, pixels, before they are rotated.

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
                picture = picture[::-1] if is_mirrored(frame) else picture
                yield frame.time, np.rot90(picture, round(frame.rotation / 90))


def _part(pictures: np.ndarray, box: Box) -> np.ndarray:
    _, height, width = pictures.shape
    top, left = int(box.y0 * height), int(box.x0 * width)
    return pictures[:, top : max(top + 1, round(box.y1 * height)), left : max(left + 1, round(box.x1 * width))]
