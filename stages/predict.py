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
    sound, glances = first_look(vod, name, two_looks and vod.probe.sound)
    motion = np.full(len(sound), np.nan, np.float32)
    # The sound alone decides where to look, and stands where nobody looks.
    heard = linear.from_tensors(model.under("first_look.", weights))
    logits = heard.logits(context.relative(motion, sound, fps), fps)
    probabilities = Calibration(card.first_slope, card.first_offset).probabilities(logits)
    wanted = worth_looking(logits, card, fps) if glances else np.full(len(sound), True)
    face_logits = np.zeros(len(sound))
    parts = scan.stretches(wanted, fps)
    looked = workers.map(partial(scan.look, vod), parts, f"look at {name}", "stretches")
    for part, (moved, faces) in zip(parts, looked, strict=True):
        motion[part.start : part.stop], face_logits[part.start : part.stop] = moved, faces
    values = context.relative(motion, sound, fps, glances)
    seen = linear.from_tensors(model.under("linear.", weights)).logits(values, fps) + face_logits
    probabilities[wanted] = Calibration(card.slope, card.offset).probabilities(seen)[wanted]
    return probabilities, float(wanted.mean())


def first_look(vod: Vod, name: str, glancing: bool) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """The sound of the whole VOD, as in `features.Moments`, and glances at it as `context.relative` takes them.

    None where it is not glanced at, or too short for it.
    """
    parts = scan.stretches(np.full(vod.moments, True), vod.extract.fps)
    listened = workers.map(partial(scan.first_look, vod, glancing), parts, f"listen to {name}", "stretches")
    sounds, glances = zip(*listened, strict=True)
    # Two stretches may glance at the same keyframe.
    places = dict(pair for of_stretch in glances for pair in of_stretch)
    taken = (np.array(sorted(places)), np.array([places[place] for place in sorted(places)], np.float32))
    return np.concatenate(sounds), taken if places else None


def worth_looking(logits: np.ndarray, card: Card, fps: float) -> np.ndarray:
    """Which moments to look at: what is not clearly calm by its sound, and what counts for it; bool (moments,)."""
    reach = round(max(context.WINDOWS[-1]) * fps) + features.lag(fps)
    doubtful = logits >= card.clearly_calm
    # The last moment tells whether the file is whole.
    doubtful[-1] = True
    return np.convolve(doubtful, np.ones(2 * reach + 1), "same") > 0


if __name__ == "__main__":
    errors.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
