"""Moments of a video that are spread over it, each with a small picture and the faces in it."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.camera import faces
from autotosis.video.display import on_display
from autotosis.video.picture import GREY, FrameConverter, deinterlaced
from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# The width of the pictures (pixels): a camera of a sixth of the picture's width is found to within 1 % of its own.
WIDTH = 640


@dataclass(frozen=True)
class Sample:
    """A moment of a video.

    Attributes
    ----------
    time : float
        Seconds.
    picture : ndarray of uint8, shape (height, WIDTH)
        The whole picture, in grey.
    faces : ndarray of float64, shape (faces, 3)
        The faces in it, from `faces.find`.
    """

    time: float
    picture: np.ndarray
    faces: np.ndarray


def take(recording: Recording, times: Iterable[float]) -> list[Sample]:
    """Take samples at keyframes, which cost little to decode: at the last one before each of the times (seconds).

    If several of the times, which ascend, have the same keyframe, the others get the frame at the time itself.
    """
    view, last = FrameConverter(Box(), WIDTH, recording.height_at(WIDTH)), None
    taken: list[Sample] = []
    with Track(recording, "picture") as track:
        for time in times:
            frames = deinterlaced(track.frames(time))
            frame = next(frames, None)
            if frame is None:
                continue
            if frame.time == last:
                frame = next(on_display(recording, itertools.chain([frame], frames), [time]))
            else:
                last = frame.time
            picture = view(frame)
            grey = np.round(picture @ GREY).astype(np.uint8)
            taken.append(Sample(max(0.0, frame.time), grey, faces.find(picture)))
    return taken
