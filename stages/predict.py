"""Score every moment of a VOD: data/timelines/<vod>.csv, its probability of being a highlight over time.

The VOD is streamed; what is kept of an hour is three megabytes. Run from the project's folder:
python -m stages.predict demo
"""

import numpy as np

from stages.lib import context, errors, features, files, linear, media, model, params, timeline, workers
from stages.lib.calibration import Calibration
from stages.lib.facecam import Facecams
from stages.lib.params import Params
from stages.lib.progress_bar import ProgressBar


def main(vod: str) -> None:
    settings = params.load()
    path = settings.vod(vod)
    probe = media.probe(path)
    box = Facecams(settings.folder).box(settings.vods[vod])
    card, tensors = model.load(model.PATH, settings.extract, context.VERSION)
    score_faces = face_scorer(card, tensors, settings) if card.architecture else None
    times, motion, sound, face_logits = [], [], [], []
    fps, size = settings.extract.fps, settings.extract.size
    with ProgressBar(f"scan {vod}", probe.duration, "s of video") as bar:
        for moments in features.moments(path, probe, box, fps, size, workers.cores()):
            times.append(moments.times)
            motion.append(moments.motion)
            sound.append(moments.sound)
            if score_faces:
                face_logits.append(score_faces(moments.frames))
            bar.advance(len(moments.times) / fps)
    values = context.relative(np.concatenate(motion), np.concatenate(sound), fps)
    logits = linear.from_tensors(model.under("linear.", tensors)).logits(values, fps)
    if face_logits:
        logits += np.concatenate(face_logits)
    probabilities = Calibration(card.slope, card.offset).probabilities(logits)
    files.write_csv(timeline.path(vod), timeline.COLUMNS, timeline.rows(np.concatenate(times), probabilities))


def face_scorer(card: model.Card, tensors: dict[str, np.ndarray], settings: Params):
    """A function from frames, uint8 of shape (frames, size, size, 3), to what their faces add to the logits."""
    # Only here, since it takes seconds and the default needs none of it.
    import torch

    from stages.lib import network

    torch.set_num_threads(settings.predict.threads)
    face = network.from_tensors(card.architecture, model.under("face.", tensors))
    dtype = network.arithmetic(settings.predict.precision)
    return lambda frames: network.score(face, frames, dtype)


if __name__ == "__main__":
    errors.run(main, __doc__, vod="name of the VOD, a key of `vods` in params.yaml")
