"""Score every moment of a VOD: data/timelines/<vod>.csv, its probability of being a highlight over time.

The whole VOD is listened to; what that leaves in doubt is looked at (predict.scan: two-look), or everything is (dense).
The VOD is streamed; what is kept of an hour is three megabytes. Run from the project's folder:
python -m stages.predict demo
"""

from functools import partial

import numpy as np

from stages.lib import context, errors, features, files, linear, media, model, params, scan, timeline, workers
from stages.lib.calibration import Calibration
from stages.lib.facecam import Facecams
from stages.lib.model import Card
from stages.lib.scan import Vod

# Of the time around a doubtful moment so much is looked at (seconds). What is farther away counts for little: on the
# demo, half a second loses 0.4 % of the time of events, a second, as far as the model sees, none.
MARGIN = 0.5
# Streaming services want keyframes every two seconds, and some recorders write one in ten (seconds).
FAR_APART = 5.0


def main(name: str) -> None:
    settings = params.load()
    path = settings.vod(name)
    card, weights = model.load(model.PATH, settings.extract, context.VERSION)
    box = Facecams(settings.folder).box(settings.vods[name])
    device, precision, digest = settings.predict.device, settings.predict.precision, files.digest(model.PATH)
    vod = Vod(path, media.probe(path), box, settings.extract, device, precision, card.architecture, digest)
    probabilities, looked_at = score(vod, name, card, weights, settings.predict.scan == "two-look")
    times = np.arange(vod.moments) / settings.extract.fps
    files.write_csv(timeline.path(name), timeline.COLUMNS, timeline.rows(times, probabilities))
    print(f"{name}: looked at {looked_at:.0%} of {vod.probe.duration / 60:.1f} minutes")


def score(vod: Vod, name: str, card: Card, weights: dict[str, np.ndarray], two_looks: bool) -> tuple[np.ndarray, float]:
    """The probability of each moment of a VOD, float64 of shape (moments,), and which share of it was looked at."""
    fps = vod.extract.fps
    values, glances = first_look(vod, name)
    # The sound alone decides where to look, and stands where nobody looks.
    heard = linear.from_tensors(model.under("first_look.", weights))
    logits = heard.logits(values, fps)
    probabilities = Calibration(card.first_slope, card.first_offset).probabilities(logits)
    wanted = np.full(len(values), True)
    if two_looks and vod.probe.sound:
        wanted = worth_looking(logits, card, fps, media.keyframe_distance(vod.path), name)
    looked = workers.map(partial(scan.look, vod), scan.stretches(wanted, fps), f"look at {name}", "stretches")
    moved, faces = map(np.concatenate, zip(*looked, strict=True))
    motion = np.full(len(values), np.nan, np.float32)
    motion[wanted] = moved
    values[:, context.MOTION] = context.relative_motion(motion, fps, glances)
    seen = linear.from_tensors(model.under("linear.", weights)).logits(values, fps)[wanted] + faces
    probabilities[wanted] = Calibration(card.slope, card.offset).probabilities(seen)
    return probabilities, float(wanted.mean())


def first_look(vod: Vod, name: str) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """What the whole VOD sounds like, as `context.relative` gives it without motion, and glances at it.

    None where it is too short to be glanced at.
    """
    sound = np.empty((vod.moments, features.BANDS), np.float32)
    places: dict[float, float] = {}
    parts = scan.stretches(np.full(vod.moments, True), vod.extract.fps)
    listened = workers.map(partial(scan.first_look, vod), parts, f"listen to {name}", "stretches")
    for (run,), (heard, glances) in zip(parts, listened, strict=True):
        sound[run.start : run.stop] = heard
        # Two stretches may glance at the same keyframe.
        places |= dict(glances)
    taken = (np.array(sorted(places)), np.array([places[place] for place in sorted(places)], np.float32))
    unseen = np.full(vod.moments, np.nan, np.float32)
    return context.relative(unseen, sound, vod.extract.fps), taken if places else None


def worth_looking(logits: np.ndarray, card: Card, fps: float, keyframes: float, name: str) -> np.ndarray:
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
    reach = round(MARGIN * fps) + features.lag(fps)
    doubtful = logits >= card.clearly_calm
    # The last moment tells whether the file is whole.
    doubtful[-1] = True
    if keyframes > FAR_APART:
        print(f"{name}: its keyframes are {keyframes:.0f} s apart, so that more is decoded than is looked at")
    wanted = np.convolve(doubtful, np.ones(2 * reach + 1), "same") > 0
    # A short gap is decoded on the way.
    edges = np.flatnonzero(np.diff(wanted))
    for end, start in zip(edges, edges[1:], strict=False):
        if wanted[end] and start - end < keyframes / 2 * fps:
            wanted[end : start + 1] = True
    return wanted


if __name__ == "__main__":
    errors.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
