"""Cut the reel of a VOD: reels/<vod>/reel.mp4 and reels/<vod>/segments.csv.

Each segment is cut out of the VOD with the probability of every moment written over it, and all are joined in the
order of time. Run from the project's folder: python -m stages.render demo
"""

from pathlib import Path

import numpy as np

from stages.lib import errors, files, film, media, model, overlay, params, segments, timeline, workers
from stages.lib.film import Cut
from stages.lib.media import Probe
from stages.lib.segments import Segment

REELS = Path("reels")
# A reel of more than this share of its VOD is hardly what was meant.
LONG = 0.5
COLUMNS = ("segment", "start", "end", "reel_start", "reel_end", "score")


def main(vod: str) -> None:
    settings = params.load()
    render = settings.render
    path = settings.vod(vod)
    probe = media.probe(path)
    times, probabilities = timeline.read(vod)
    card = model.read_card()
    choice = segments.choose(times, probabilities, probe.duration, card.threshold, card.highlights, render)
    chosen = choice.reel
    lengths = [max(1, round(segment.duration * probe.rate)) for segment in chosen]
    with files.replacing(REELS / vod) as folder:
        folder.mkdir()
        write_table(folder / "segments.csv", chosen, np.cumsum([0, *lengths]) / float(probe.rate))
        if chosen:
            cuts = []
            for number, (segment, length) in enumerate(zip(chosen, lengths, strict=True), 1):
                script = write_over(settings.label, segment, times, probabilities, probe)
                target = folder / f"{number:04}.mov"
                cuts.append(Cut(path, probe, segment.start, length, script, render, target))
            for _ in workers.map(film.encode, cuts, f"render {vod}", "segments"):
                pass
            film.join([cut.target for cut in cuts], folder / "reel.mp4")
            for cut in cuts:
                cut.target.unlink()
    share = sum(segment.duration for segment in chosen) / probe.duration
    if not chosen:
        print(
            f"{vod}: nothing to show, so there is no reel: the probability rises to {choice.level.max():.2f} when "
            f"smoothed, and the threshold is {choice.threshold:.2f} (render.threshold)"
        )
    elif share > LONG:
        print(
            f"{vod}: the reel is {share:.0%} of the VOD; raise render.threshold or render.release, "
            "or lower train.highlights"
        )
    print(f"{REELS / vod}: segments: {len(chosen)}, seconds: {float(sum(lengths) / probe.rate):.1f}")


def write_over(label: str, segment: Segment, times: np.ndarray, probabilities: np.ndarray, probe: Probe) -> str:
    """The subtitle script of a segment: the probability of each of its moments."""
    first = max(0, np.searchsorted(times, segment.start, side="right") - 1)
    last = np.searchsorted(times, segment.end)
    moments = list(zip(times[first:last] - segment.start, probabilities[first:last], strict=True))
    return overlay.script(label, moments, segment.duration, probe.width / probe.height)


def write_table(path: Path, chosen: list[Segment], seams: np.ndarray) -> None:
    """Write where each segment is in the VOD and in the reel (seconds), and its score."""
    rows = []
    for number, segment in enumerate(chosen):
        numbers = (segment.start, segment.end, seams[number], seams[number + 1], segment.score)
        rows.append((number + 1, *(f"{value:.3f}" for value in numbers)))
    files.write_csv(path, COLUMNS, rows)


if __name__ == "__main__":
    errors.run(main, __doc__, vod="name of the VOD, a key of `vods` in params.yaml")
