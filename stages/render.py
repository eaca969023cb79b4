"""Cut the reel of a VOD: reels/<vod>/reel.mp4 and reels/<vod>/segments.csv.

Each segment is cut out of the VOD with the probability of every moment written over it, and all are joined in the
order of time. Run from the project's folder: python -m stages.render demo
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.lib import copying, errors, files, film, media, model, params, segments, timeline, workers
from stages.lib.film import Cut
from stages.lib.segments import Segment

REELS = Path("reels")
# A reel of more than this share of its VOD is hardly what was meant.
LONG = 0.5
COLUMNS = ("segment", "start", "end", "reel_start", "reel_end", "score")


def main(vod: str) -> None:
    settings = params.load()
    render, path = settings.render, settings.vod(vod)
    probe = media.probe(path)
    encoder = film.choose_encoder(render, probe)
    times, probabilities = timeline.read(vod)
    card = model.read_card()
    choice = segments.choose(times, probabilities, probe.duration, card.threshold, card.highlights, render)
    if encoder == "copy":
        takes = copying.plan(path, choice.reel, render.pre_roll)
        shown = [take.shown for take in takes]
        lengths = [segment.duration for segment in shown]
        frames = [segment.start for segment in shown]
    else:
        shown = choice.reel
        # Whole frames.
        lengths = [float(max(1, round(segment.duration * probe.rate)) / probe.rate) for segment in shown]
        frames = media.read_from(path, [segment.start for segment in shown])
    with files.replacing(REELS / vod) as folder:
        folder.mkdir()
        write_table(folder / "segments.csv", shown, np.cumsum([0, *lengths]))
        cuts = [
            Cut(
                source=path,
                probe=probe,
                begin=min(frame, max(0.0, segment.start - media.WARM_UP)),
                start=segment.start,
                duration=length,
                label=settings.label,
                moments=moments(segment, times, probabilities),
                render=render,
                encoder=encoder,
                target=folder / f"{number:04}.mov",
            )
            for number, (segment, length, frame) in enumerate(zip(shown, lengths, frames, strict=True), 1)
        ]
        # The longest first, so that none is left at the end for one process alone.
        by_length = sorted(cuts, key=lambda cut: -cut.duration)
        joined = folder / ("sound.mp4" if encoder == "copy" else "reel.mp4")
        if cuts and (encoder != "copy" or probe.sound):
            at_most = film.AT_ONCE if encoder in film.HARDWARE else None
            for _ in workers.map(film.encode, by_length, f"render {vod}", "segments", at_most):
                pass
            film.join([cut.target for cut in cuts], joined)
            for cut in cuts:
                cut.target.unlink()
        if cuts and encoder == "copy":
            copying.copy(path, takes, joined if probe.sound else None, folder / "reel.mp4")
            files.remove(joined)
    share = sum(segment.duration for segment in shown) / probe.duration
    if not shown:
        print(
            f"{vod}: nothing to show, so there is no reel: the probability rises to {choice.level.max():.2f} when "
            f"smoothed, and the threshold is {choice.threshold:.2f} (render.threshold)"
        )
    elif share > LONG:
        print(
            f"{vod}: the reel is {share:.0%} of the VOD; raise render.threshold or render.release, "
            "or lower train.highlights"
        )
    print(f"{REELS / vod}: segments: {len(shown)}, seconds: {sum(lengths):.1f}")


def moments(segment: Segment, times: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The moments of a segment: for each its time, seconds from the start, and its probability."""
    first = max(0, np.searchsorted(times, segment.start, side="right") - 1)
    last = np.searchsorted(times, segment.end)
    return np.stack([times[first:last] - segment.start, probabilities[first:last]], axis=1)


def write_table(path: Path, shown: Sequence[Segment], seams: np.ndarray) -> None:
    """Write where each segment is in the VOD and in the reel (seconds), and its score."""
    rows = []
    for number, segment in enumerate(shown):
        numbers = (segment.start, segment.end, seams[number], seams[number + 1], segment.score)
        rows.append((number + 1, *(f"{value:.3f}" for value in numbers)))
    files.write_csv(path, COLUMNS, rows)


if __name__ == "__main__":
    errors.run(main, __doc__, vod="name of the VOD, a key of `vods` in params.yaml")
