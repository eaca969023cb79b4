"""Motion: how much the picture of the face changes."""

import math
from collections import deque
from collections.abc import Iterator

import numpy as np
from PIL import Image

from autotosis.annotations.facecams import Box
from autotosis.project.params import Extract
from autotosis.signals.signal import Glances, Signal, in_moments, normal
from autotosis.video.faces import glances_at
from autotosis.video.recording import Recording

# Motion is the change of the grey picture, this small, to that of 0.2 s before and after, in proportion to its
# contrast: of 0.1, 0.2, 0.3 and 0.5 s, with and without contrast, what separates outbursts best on 36 clips of
# different people, by cross-validation.
GREY = 32
LAG = 0.2
# The contrast of a picture that is nearly of one grey, and the change of one that stands still.
FLAT = 0.05
STILL = 0.005
# How much of the normal level is taken away: all of it (1) loses that a streamer may be wild in the whole of a short
# clip, none of it that some pictures always move; measured as above.
SHARE = 0.5


def read(frames: Iterator[np.ndarray], first: int, fps: float, aspect: float) -> Iterator[np.ndarray]:
    """The logarithm of how much the picture changes from LAG before to LAG after each moment, over its contrast.

    The mean of both changes; of one at the video's ends, where there is no other.
    """
    reach = in_moments(LAG, fps)
    kept: deque[np.ndarray] = deque()
    before: deque[float] = deque()
    for frame in frames:
        kept.append(_grey(frame))
        if len(kept) > reach:
            after = _change(kept[0], kept[-1])
            before.append(after)
            earlier = before.popleft() if len(before) > reach else after
            yield _motion((earlier + after) / 2, kept.popleft())
    # The last of `before` belongs to the last frame. In a video shorter than twice the reach there are fewer of them
    # than frames left: the first of these take the nearest change.
    missing = len(kept) - len(before)
    before.extendleft([before[0] if before else 0.0] * missing)
    for grey, earlier in zip(kept, before, strict=True):
        yield _motion(earlier, grey)


def glances(recording: Recording, times: np.ndarray, box: Box, extract: Extract) -> Iterator[tuple[float, np.ndarray]]:
    """The motion at a few moments that cost little to decode, near each of the times; seconds, and as `read` gives it.

    The change is that from the moment until LAG after it, which has the same median as that of both sides.
    """
    reach = in_moments(LAG, extract.fps) / extract.fps
    inside = times[times < recording.duration - reach].tolist()
    for start, frames in glances_at(recording, inside, (0.0, reach), box, extract):
        grey, after = map(_grey, frames)
        yield start, _motion(_change(grey, after), grey)


def relative(values: np.ndarray, fps: float, glances: Glances | None = None) -> np.ndarray:
    """Motion, partly relative to the median around each moment."""
    return values - np.float32(SHARE) * normal(values[:, 0], fps, np.median, glances)[:, None]


def _change(grey: np.ndarray, after: np.ndarray) -> float:
    return float(np.abs(after - grey).mean())


def _motion(change: float, grey: np.ndarray) -> np.ndarray:
    return np.array([math.log(change / max(float(grey.std()), FLAT) + STILL)], np.float32)


def _grey(frame: np.ndarray) -> np.ndarray:
    small = Image.fromarray(frame).convert("L").resize((GREY, GREY), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


MOTION = Signal("motion", 1, read, relative, LAG)
