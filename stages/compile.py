"""Cut the best moments of all VODs into one reel: reels/best/reel.mp4, reels/best/segments.csv and what goes with them.

Of the segments that the VODs' own reels are made of, those with the best scores are taken as far as they fit into
compilation.max_duration; they are shown VOD by VOD, in the order of params.yaml, each in the order of time. A VOD
begins with its name over the picture. Run from the project's folder: python -m stages.compile
"""

from functools import partial

from stages.lib import beside, cutting, edges, errors, files, model, params, reel, segments
from stages.lib.cutting import Plan
from stages.lib.params import Params
from stages.lib.segments import Segment

NAME = "best"


def main() -> None:
    settings = params.load()
    takes = choose(settings, model.read_card())
    with files.replacing(reel.FOLDER / NAME) as folder:
        folder.mkdir()
        placed = cutting.encode(takes, NAME, folder / "reel.mp4", partial(beside.draw, folder))
        reel.write_table(folder / "segments.csv", placed)
        if placed:
            beside.write(folder, [plan for plan, _ in takes], placed)
    seconds = placed[-1].reel_end if placed else 0.0
    print(f"{reel.FOLDER / NAME}: VODs: {len(takes)}, segments: {len(placed)}, seconds: {seconds:.1f}")


def choose(settings: Params, card: model.Card) -> list[tuple[Plan, list[Segment]]]:
    """The VODs that have some of the best segments, and which these are."""
    plans = plan(settings)
    chosen = [(each, *cutting.choose(each, card)) for each in plans]
    shown = [choice.reel if marked is None else marked for _, choice, marked in chosen]
    every = [segment for found in shown for segment in found]
    best = segments.best_that_fit(every, settings.compilation.max_duration)
    takes, left = [], settings.compilation.max_duration - segments.seconds(best)
    for (each, _, marked), found in zip(chosen, shown, strict=True):
        kept = [segment for segment in found if any(segment is one for one in best)]
        if kept and marked is None:
            # Edges move, but not beyond what is left of the whole.
            left += segments.seconds(kept)
            kept = edges.move(each.vod, kept, each.settings.render.model_copy(update={"max_duration": left}))
            left -= segments.seconds(kept)
        if kept:
            takes.append((each, kept))
    return takes


def plan(settings: Params) -> list[Plan]:
    """What the reel is made from, VOD by VOD; all of them in frames like the first one's."""
    # Copies of different recordings are not one film; of the parameters of a single reel, these do not hold.
    changes = {"max_duration": None, "title": None}
    if settings.render.encoder == "copy":
        changes["encoder"] = "libx264"
    settings = settings.model_copy(update={"render": settings.render.model_copy(update=changes)})
    plans: list[Plan] = []
    for vod in settings.vods:
        plans.append(cutting.plan(vod, settings, title=vod, like=plans[0] if plans else None))
    return plans


if __name__ == "__main__":
    errors.run(main, __doc__)
