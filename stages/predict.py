"""Score every moment of a VOD: data/timelines/<vod>.csv, its probability of being a highlight over time.

The VOD is streamed: memory does not grow with its length. Run from the project's folder:
python -m stages.predict demo
"""

import csv

import torch

from stages.lib import errors, features, files, media, model_card, network, params, timeline, workers
from stages.lib.facecam import Facecams
from stages.lib.progress_bar import ProgressBar


def main(vod: str) -> None:
    settings = params.load()
    path = settings.vod(vod)
    probe = media.probe(path)
    box = Facecams(settings.folder).box(settings.vods[vod])
    torch.set_num_threads(settings.predict.threads)
    model = network.load(model_card.PATH, settings.extract)
    dtype = network.arithmetic(settings.predict.precision)
    chunks = features.moments(path, probe, box, settings.predict.fps, settings.extract.size, workers.cores())
    with (
        ProgressBar(f"scan {vod}", probe.duration, "s of video") as bar,
        files.replacing(timeline.path(vod)) as partial,
        partial.open("w", newline="") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow(timeline.COLUMNS)
        for moments in chunks:
            probabilities = network.score(model, moments, dtype)
            table.writerows(timeline.rows(moments.times, probabilities))
            bar.advance(len(moments.times) / settings.predict.fps)


if __name__ == "__main__":
    errors.run(main, __doc__, vod="name of the VOD, a key of `vods` in params.yaml")
