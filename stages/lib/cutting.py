"""From segments of a VOD to one film: cut, with what is written over them, and joined."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from stages.lib import copying, edits, film, layouts, media, overlay, reel, segments, timeline, workers
from stages.lib.facecam import Facecams
from stages.lib.film import Cut
from stages.lib.model import Card
from stages.lib.overlay import Look
from stages.lib.params import Params
from stages.lib.reel import Part, Vod
from stages.lib.segments import Choice, Segment
from stages.lib.soundtrack import Music

# Of a frame, by which numbers that are meant to be whole may be off: tables have milliseconds.
FRAME_ROUNDING = 0.15


@dataclass(frozen=True)
class Plan:
    """What a reel is made from: the VOD, its timeline, the encoder (`film.choose_encoder`), music, the parameters; and
    what is written over it and, as a title, over its beginning."""

    vod: Vod
    encoder: str
    music: Music | None
    settings: Params
    times: np.ndarray
    probabilities: np.ndarray
    look: Look
    title: str | None


def plan(name: str, settings: Params, title: str | None = None, like: Plan | None = None) -> Plan:
    """What the reel of the VOD of this name is made from; UserError if something of that is missing.

    Frames and encoder are those of the VOD's own reel or, where it is part of another one, `like` that one's.
    """
    path, render = settings.vod(name), settings.render
    probe = media.probe(path)
    frame = like.vod.frame if like else layouts.frame(render, probe)
    encoder = like.encoder if like else film.choose_encoder(render, frame)
    music = film.listen(settings.music) if settings.music else None
    face = Facecams(settings.folder).box(settings.vods[name])
    panes = layouts.panes(render.layout, probe, face, frame)
    vod = Vod(name, path, probe, settings.urls.get(name), face, frame, tuple(panes))
    look = overlay.look(settings, frame, panes)
    return Plan(vod, encoder, music, settings, *timeline.read(name), look, title)


def choose(plan: Plan, card: Card) -> tuple[Choice, list[Segment] | None]:
    """What the model of this card chooses of a VOD, and what a person has marked instead, if anything."""
    duration, render = plan.vod.probe.duration, plan.settings.render
    choice = segments.choose(plan.times, plan.probabilities, duration, card.threshold, card.highlights, render)
    return choice, edits.read(plan.settings.folder, plan.vod.name, duration)


def cut(plan: Plan, shown: Sequence[Segment], target: Path, meanwhile: Callable[[list[Part]], None]) -> list[Part]:
    """Make an MP4 of a VOD's segments, in a folder that is there; where they are in it. Without any, there is none.

    `meanwhile` is called once with these parts, if there are any, while FFmpeg joins them, which keeps one core busy.
    """
    if plan.encoder == "copy":
        return _copy(plan, shown, target, meanwhile)
    return encode([(plan, shown)], plan.vod.name, target, meanwhile)


def encode(
    takes: Sequence[tuple[Plan, Sequence[Segment]]],
    name: str,
    target: Path,
    meanwhile: Callable[[list[Part]], None],
) -> list[Part]:
    """Encode segments of VODs, whose frames are alike, into one film, the reel of this name; see `cut`."""
    if not any(shown for _, shown in takes):
        return []
    rate, render = takes[0][0].vod.frame.rate, takes[0][0].settings.render
    chosen = [(plan, segment) for plan, shown in takes for segment in shown]
    # Whole frames, and no more of them than there is time for.
    frames = [max(1, int(segment.duration * rate + FRAME_ROUNDING)) for _, segment in chosen]
    wanted = round(render.transition_length * rate) if render.transition == "crossfade" else 0
    lengths, shared = ([float(n / rate) for n in counts] for counts in (frames, reel.crossfades(frames, wanted)))
    best = [reel.best_moment(segment, plan.times, plan.probabilities) for plan, segment in chosen]
    placed = reel.parts([(plan.vod, segment) for plan, segment in chosen], lengths, best, shared)
    begins = [time for plan, shown in takes for time in media.read_from(plan.vod.path, [part.start for part in shown])]
    cuts = _plan_cuts([plan for plan, _ in chosen], placed, begins, target.parent)
    _join(cuts, takes[0][0], name, target, partial(meanwhile, placed))
    return placed


def _copy(plan: Plan, shown: Sequence[Segment], target: Path, meanwhile: Callable[[list[Part]], None]) -> list[Part]:
    """Copy the picture of segments into a film, with sound that is encoded anew; see `cut`."""
    takes = copying.plan(plan.vod.path, shown)
    shown = [take.shown for take in takes]
    best = [reel.best_moment(segment, plan.times, plan.probabilities) for segment in shown]
    placed = reel.parts([(plan.vod, segment) for segment in shown], [segment.duration for segment in shown], best)
    if not placed:
        return []
    sound = None
    if plan.vod.probe.sound or plan.music:
        sound = target.with_name("sound.mp4")
        cuts = _plan_cuts([plan] * len(placed), placed, [part.start for part in placed], target.parent)
        _join(cuts, plan, plan.vod.name, sound, partial(meanwhile, placed))
    else:
        meanwhile(placed)
    copying.copy(plan.vod.path, takes, sound, target)
    if sound:
        sound.unlink()
    return placed


def _plan_cuts(plans: Sequence[Plan], placed: Sequence[Part], begins: Sequence[float], folder: Path) -> list[Cut]:
    """What to encode for each part, of the VOD of its plan; `begins` is where to read its picture from, seconds."""
    shared = [0.0, *(one.reel_end - other.reel_start for one, other in itertools.pairwise(placed)), 0.0]
    before = [None, *plans]
    sound = any(plan.vod.probe.sound for plan in plans)
    return [
        Cut(
            vod=plan.vod,
            begin=begin,
            start=part.start,
            duration=part.reel_end - part.reel_start,
            look=plan.look,
            title=plan.title if plan is not before[number] else None,
            sound=sound,
            moments=reel.moments(part, plan.times, plan.probabilities),
            render=plan.settings.render,
            encoder=plan.encoder,
            target=folder / f"{number + 1:04}.mov",
            before=shared[number],
            after=shared[number + 1],
        )
        for number, (plan, part, begin) in enumerate(zip(plans, placed, begins, strict=True))
    ]


def _join(cuts: Sequence[Cut], plan: Plan, name: str, target: Path, meanwhile: Callable[[], None]) -> None:
    """Encode cuts and join them."""
    # The longest first, so that none is left at the end for one process alone.
    by_length = sorted(cuts, key=lambda cut: -cut.duration)
    at_most = film.AT_ONCE if plan.encoder in film.HARDWARE else None
    for _ in workers.map(film.encode, by_length, f"render {name}", "segments", at_most):
        pass
    pairs = [(cut, other) for cut, other in itertools.pairwise(cuts) if cut.after]
    for _ in workers.map(film.crossfade, pairs, f"render {name}", "crossfades", at_most):
        pass
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(meanwhile)
        film.join(cuts, plan.music, target)
        done.result()
