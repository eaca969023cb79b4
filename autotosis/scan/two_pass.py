"""The two-pass scan: all of a VOD is listened to, and only what that leaves in doubt is looked at.

The first pass reads the sound, and the picture at a few moments, to know how much motion is normal. What its model does
not find clearly calm is looked at in the second pass, in which all signals are read.
"""

from functools import partial

import numpy as np

from autotosis.model import background, linear, model_file
from autotosis.model.background import Labelled
from autotosis.model.model_file import Card
from autotosis.project import workers
from autotosis.scan import passes
from autotosis.scan.passes import Scan
from autotosis.signals import features
from autotosis.signals.motion import MOTION
from autotosis.signals.signal import Glances
from autotosis.video.reading import keyframe_distance

# Of the time around a doubtful moment so much is looked at (seconds). What is farther away counts for little: on the
# demo, half a second loses 0.4 % of the time of events, a second, as far as the model sees, none.
MARGIN = 0.5
# Streaming services want keyframes every two seconds, and some recorders write one in ten (seconds).
FAR_APART = 5.0


def score(
    scan: Scan, name: str, card: Card, weights: dict[str, np.ndarray], two_passes: bool
) -> tuple[np.ndarray, float]:
    """Score every moment of a VOD.

    Parameters
    ----------
    scan : Scan
        The VOD, and how it is read.
    name : str
        What to call it in messages.
    card, weights : Card, dict of ndarray
        The model, as `model_file.load` gives it.
    two_passes : bool
        False looks at everything.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The probability of a highlight.
    float
        Which share of the VOD was looked at, 0 to 1.
    """
    fps = scan.extract.fps
    # Before hours are spent on it.
    first_model = linear.from_tensors(model_file.under("first_pass.", weights))
    known = Labelled.from_tensors(model_file.under("labelled.", weights))
    values, glances = first_pass(scan, name)
    wanted = np.full(len(values), True)
    if two_passes and scan.recording.sound:
        # The sound alone decides where to look.
        wanted = in_doubt(first_model.logits(values, fps), card, fps, keyframe_distance(scan.recording), name)
    stretches = passes.stretches(wanted, fps)
    looked = workers.run_parallel(partial(passes.look, scan), stretches, f"look at {name}", "stretches")
    seen, faces = (np.concatenate(parts) for parts in zip(*looked, strict=True))
    values[wanted, features.SEEN_COLUMNS] = seen
    for signal in features.SEEN:
        columns = features.columns(signal)
        values[:, columns] = signal.relative(values[:, columns], fps, glances.get(signal.name))
    probabilities = background.score(known, values, wanted, faces, fps, card)
    return probabilities, float(wanted.mean())


def first_pass(scan: Scan, name: str) -> tuple[np.ndarray, dict[str, Glances]]:
    """Listen to a whole VOD, and glance at it.

    Returns
    -------
    ndarray of float32, shape (moments, features.COLUMNS)
        What is heard, as `context.relative` gives it; NaN for what is seen.
    dict of str to Glances
        Of each signal that was glanced at, by its name. None is in a VOD that is too short for glances.
    """
    values = np.full((scan.moments, features.COLUMNS), np.nan, np.float32)
    places: dict[float, np.ndarray] = {}
    parts = passes.stretches(np.full(scan.moments, True), scan.extract.fps)
    listened = workers.run_parallel(partial(passes.listen, scan), parts, f"listen to {name}", "stretches")
    for (run,), (heard, glances) in zip(parts, listened, strict=True):
        values[run.start : run.stop, features.HEARD_COLUMNS] = heard
        # Two stretches may glance at the same keyframe.
        places |= dict(glances)
    for signal in features.HEARD:
        columns = features.columns(signal)
        values[:, columns] = signal.relative(values[:, columns], scan.extract.fps)
    ascending = sorted(places)
    moved = np.array([places[place] for place in ascending], np.float32).ravel()
    return values, {MOTION.name: (np.array(ascending), moved)} if places else {}


def in_doubt(logits: np.ndarray, card: Card, fps: float, keyframes: float, name: str) -> np.ndarray:
    """Which moments to look at: what is not clearly calm by its sound, and what counts most for it.

    Parameters
    ----------
    logits : ndarray of float64, shape (moments,)
        By the sound alone.
    card : Card
        The model's.
    fps : float
        Moments per second (Hz).
    keyframes : float
        How far they are apart, seconds: what is between is decoded from the last one on.
    name : str
        The VOD's.

    Returns
    -------
    ndarray of bool, shape (moments,)
    """
    reach = round(MARGIN * fps) + features.reach(fps)
    doubtful = logits >= card.clearly_calm
    # The last moment tells whether the file is whole.
    doubtful[-1] = True
    if keyframes > FAR_APART:
        print(f"{name}: its keyframes are {keyframes:.0f} s apart, so that more is decoded than is looked at")
    wanted = np.convolve(doubtful, np.ones(2 * reach + 1))[reach : reach + len(doubtful)] > 0
    # A short gap is decoded on the way.
    edges = np.flatnonzero(np.diff(wanted))
    for end, start in zip(edges, edges[1:], strict=False):
        if wanted[end] and start - end < keyframes / 2 * fps:
            wanted[end : start + 1] = True
    return wanted
