"""Cut the reel of a VOD: reels/<vod>/reel.mp4, reels/<vod>/segments.csv and what goes with them.

Each segment is cut out of the VOD with the probability of every moment written over it, and all are joined in the
order of time. Run from the project's folder: python -m stages.render demo
"""

from collections.abc import Sequence
from functools import partial

from stages.lib import beside, cutting, edges, editors, edits, errors, files, model, params, reel
from stages.lib.reel import Part
from stages.lib.segments import Choice

# A reel of more than this share of its VOD is hardly what was meant.
LONG = 0.5


def main(vod: str) -> None:
    settings = params.load()
    plan, card = cutting.plan(vod, settings, title=settings.render.title), model.read_card()
    choice, marked = cutting.choose(plan, card)
    for table in edits.idle(settings.folder, settings.vods):
        print(f"{table}: is not used: tables are named like VODs of params.yaml, such as {vod}.csv")
    shown = edges.move(plan.vod, choice.reel, settings.render) if marked is None else marked
    with files.replacing(reel.FOLDER / vod) as folder:
        folder.mkdir()
        placed = cutting.cut(plan, shown, folder / "reel.mp4", partial(beside.draw, folder))
        reel.write_table(folder / "segments.csv", placed)
        if placed:
            beside.write(folder, [plan], placed)
            editors.write(folder, placed)
    report(vod, placed, choice, plan.vod.probe.duration, marked is not None)


def report(vod: str, placed: Sequence[Part], choice: Choice, duration: float, by_hand: bool) -> None:
    """Say what the reel is, and what may be wrong with it, whoever chose it."""
    seconds = placed[-1].reel_end if placed else 0.0
    if not placed and by_hand:
        print(f"{vod}: no row of its table of edits is kept, so there is no reel")
    elif not placed and choice.level.max() >= choice.threshold:
        print(
            f"{vod}: nothing to show, so there is no reel: what reaches the threshold is shorter than "
            "render.min_length or longer than render.max_duration"
        )
    elif not placed:
        print(
            f"{vod}: nothing to show, so there is no reel: the probability rises to {choice.level.max():.2f} when "
            f"smoothed, and the threshold is {choice.threshold:.2f} (render.threshold)"
        )
    elif seconds > LONG * duration and not by_hand:
        print(
            f"{vod}: the reel is {seconds / duration:.0%} of the VOD; raise render.threshold or render.release, "
            "or lower train.highlights"
        )
    print(f"{reel.FOLDER / vod}: segments: {len(placed)}, seconds: {seconds:.1f}")


if __name__ == "__main__":
    errors.run(main, __doc__, vod="name of the VOD, a key of `vods` in params.yaml")
