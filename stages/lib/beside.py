"""What goes with a reel: chapters and subtitles in it, and files to publish it with."""

from collections.abc import Sequence
from pathlib import Path

from stages.lib import film, overlay, publishing, reel, stills
from stages.lib.cutting import Plan
from stages.lib.reel import Part


def draw(folder: Path, placed: Sequence[Part]) -> None:
    """Write the pictures that go with a reel, at least one part, into its folder."""
    stills.write_poster(folder / "poster.jpg", placed)
    stills.write_contact_sheet(folder / "contact_sheet.jpg", placed)
    stills.write_animation(folder / "preview.webp", placed)


def write(folder: Path, plans: Sequence[Plan], placed: Sequence[Part]) -> None:
    """Put chapters and subtitles into a reel, and write a description beside it.

    Parameters
    ----------
    folder : Path
        Where the reel is, reel.mp4, which is replaced.
    plans : sequence of Plan
        What it is made from, of each VOD.
    placed : sequence of Part
        The reel, at least one part.
    """
    settings, subtitles = plans[0].settings, None
    if settings.render.overlay == "soft":
        timelines = {plan.vod: (plan.times, plan.probabilities) for plan in plans}
        moments = [reel.moments(part, *timelines[part.vod]) for part in placed]
        subtitles = overlay.track(settings.label, placed, moments)
    names = reel.titles(placed)
    chapters = [(part.reel_start, part.reel_end, name) for part, name in zip(placed, names, strict=True)]
    film.finish(folder / "reel.mp4", chapters, subtitles)
    publishing.write_description(folder / "description.txt", settings.label, placed)
