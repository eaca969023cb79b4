"""Cut the reel of a VOD: reels/<vod>/reel.mp4, reels/<vod>/segments.csv and what goes with them.

Each segment is cut out of the VOD with the probability of every moment written over it, and all are joined in the
order of time. Run from the project's folder: python -m stages.render demo
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stages.lib import (
    copying,
    edges,
    editors,
    edits,
    errors,
    files,
    film,
    layouts,
    media,
    model,
    overlay,
    params,
    publishing,
    reel,
    segments,
    stills,
    timeline,
    workers,
)
from stages.lib.facecam import Facecams
from stages.lib.film import Cut
from stages.lib.layouts import Frame, Pane
from stages.lib.media import Probe
from stages.lib.overlay import Look
from stages.lib.params import Params
from stages.lib.reel import Part
from stages.lib.segments import Choice, Segment
from stages.lib.soundtrack import Music

# A reel of more than this share of its VOD is hardly what was meant.
LONG = 0.5
# Of a frame, by which numbers that are meant to be whole may be off.
FRAME_ROUNDING = 1e-3


@dataclass(frozen=True)
class Plan:
    """What a reel is made from: the VOD's name, file and timeline, the encoder (`film.choose_encoder`), the music, the
    parameters; and what it looks like: its frames, what is in them (`layouts.panes`), what is written over it."""

    vod: str
    path: Path
    probe: Probe
    encoder: str
    music: Music | None
    settings: Params
    times: np.ndarray
    probabilities: np.ndarray
    frame: Frame
    panes: list[Pane]
    look: Look


def main(vod: str) -> None:
    settings = params.load()
    path, card = settings.vod(vod), model.read_card()
    probe = media.probe(path)
    frame = layouts.frame(settings.render, probe)
    encoder = film.choose_encoder(settings.render, frame)
    music = film.listen(settings.music) if settings.music else None
    times, probabilities = timeline.read(vod)
    choice = segments.choose(times, probabilities, probe.duration, card.threshold, card.highlights, settings.render)
    marked = edits.read(settings.folder, vod, probe.duration)
    for table in edits.idle(settings.folder, settings.vods):
        print(f"{table}: params.yaml names no such VOD")
    if marked is None:
        choice = replace(choice, reel=edges.move(path, probe, choice.reel, settings.render, vod))
    else:
        choice = replace(choice, reel=marked)
    face = Facecams(settings.folder).box(settings.vods[vod])
    panes = layouts.panes(settings.render.layout, probe, face, frame)
    look = overlay.look(settings, frame, panes)
    plan = Plan(vod, path, probe, encoder, music, settings, times, probabilities, frame, panes, look)
    with files.replacing(reel.FOLDER / vod) as folder:
        folder.mkdir()
        placed = (copy if encoder == "copy" else encode)(plan, choice.reel, folder)
        reel.write_table(folder / "segments.csv", placed)
        if placed:
            write_beside(plan, placed, folder)
    report(vod, placed, choice, probe.duration, marked is not None)


def encode(plan: Plan, shown: Sequence[Segment], folder: Path) -> list[Part]:
    """Encode segments into reel.mp4; where they are in it."""
    rate, render = plan.frame.rate, plan.settings.render
    # Whole frames, and no more of them than there is time for.
    frames = [max(1, int(segment.duration * rate + FRAME_ROUNDING)) for segment in shown]
    wanted = round(render.transition_length * rate) if render.transition == "crossfade" else 0
    lengths, shared = ([float(n / rate) for n in counts] for counts in (frames, reel.crossfades(frames, wanted)))
    placed = reel.parts(shown, lengths, plan.times, plan.probabilities, shared)
    cuts = plan_cuts(plan, placed, media.read_from(plan.path, [part.start for part in placed]), folder)
    if cuts:
        join(plan, cuts, folder / "reel.mp4")
    return placed


def copy(plan: Plan, shown: Sequence[Segment], folder: Path) -> list[Part]:
    """Copy the picture of segments into reel.mp4, with sound that is encoded anew; where they are in it."""
    takes = copying.plan(plan.path, shown)
    shown = [take.shown for take in takes]
    placed = reel.parts(shown, [segment.duration for segment in shown], plan.times, plan.probabilities)
    sound = None
    if placed and (plan.probe.sound or plan.music):
        sound = folder / "sound.mp4"
        join(plan, plan_cuts(plan, placed, [part.start for part in placed], folder), sound)
    if placed:
        copying.copy(plan.path, takes, sound, folder / "reel.mp4")
    if sound:
        sound.unlink()
    return placed


def plan_cuts(plan: Plan, placed: Sequence[Part], frames: Sequence[float], folder: Path) -> list[Cut]:
    """What to encode for each part; `frames` is from where its picture must be read, seconds."""
    shared = [0.0, *(one.reel_end - other.reel_start for one, other in itertools.pairwise(placed)), 0.0]
    return [
        Cut(
            source=plan.path,
            probe=plan.probe,
            begin=min(frame, max(0.0, part.start - media.WARM_UP)),
            start=part.start,
            duration=part.reel_end - part.reel_start,
            frame=plan.frame,
            panes=plan.panes,
            look=plan.look,
            title=plan.settings.render.title if number == 1 else None,
            moments=moments(part, plan.times, plan.probabilities),
            render=plan.settings.render,
            encoder=plan.encoder,
            target=folder / f"{number:04}.mov",
            before=shared[number - 1],
            after=shared[number],
        )
        for number, (part, frame) in enumerate(zip(placed, frames, strict=True), 1)
    ]


def join(plan: Plan, cuts: Sequence[Cut], target: Path) -> None:
    """Encode cuts and join them."""
    # The longest first, so that none is left at the end for one process alone.
    by_length = sorted(cuts, key=lambda cut: -cut.duration)
    at_most = film.AT_ONCE if plan.encoder in film.HARDWARE else None
    for _ in workers.map(film.encode, by_length, f"render {plan.vod}", "segments", at_most):
        pass
    pairs = [(cut, other) for cut, other in itertools.pairwise(cuts) if cut.after]
    for _ in workers.map(film.crossfade, pairs, f"render {plan.vod}", "crossfades", at_most):
        pass
    film.join(cuts, plan.music, target)


def write_beside(plan: Plan, placed: Sequence[Part], folder: Path) -> None:
    """Write what goes with a reel: chapters and subtitles in it, files to publish it with and for an editor."""
    settings, duration, subtitles = plan.settings, plan.probe.duration, None
    if settings.render.overlay == "soft":
        subtitles = overlay.track(settings.label, placed, plan.times, plan.probabilities)
    chapters = [(part.reel_start, part.reel_end, reel.title(part)) for part in placed]
    film.finish(folder / "reel.mp4", chapters, subtitles)
    url = settings.urls.get(plan.vod)
    publishing.write_description(folder / "description.txt", plan.vod, settings.label, url, duration, placed)
    stills.write_poster(folder / "poster.jpg", plan.path, plan.probe, placed)
    stills.write_contact_sheet(folder / "contact_sheet.jpg", plan.path, plan.probe, placed)
    stills.write_animation(folder / "preview.webp", plan.path, plan.probe, placed)
    # A VOD in parts is no file that an editor could be pointed at.
    if plan.path.is_file():
        editors.write(folder, plan.vod, plan.path, plan.probe, placed)


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


def moments(part: Part, times: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The moments of a part: for each its time, seconds from the start, and its probability."""
    first = max(0, np.searchsorted(times, part.start, side="right") - 1)
    last = np.searchsorted(times, part.end)
    return np.stack([times[first:last] - part.start, probabilities[first:last]], axis=1)


if __name__ == "__main__":
    errors.run(main, __doc__, vod="name of the VOD, a key of `vods` in params.yaml")
