"""From segments of a VOD to one film: cut, with what is written over them, and joined."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.lib import copying, film, layouts, media, overlay, reel, timeline, workers
from stages.lib.facecam import Facecams
from stages.lib.film import Cut
from stages.lib.layouts import Frame, Pane
from stages.lib.media import Probe
from stages.lib.overlay import Look
from stages.lib.params import Params
from stages.lib.reel import Part
from stages.lib.segments import Segment
from stages.lib.soundtrack import Music

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


def plan(vod: str, settings: Params) -> Plan:
    """What the reel of a VOD is made from; UserError if something of that is missing."""
    path, render = settings.vod(vod), settings.render
    probe = media.probe(path)
    frame = layouts.frame(render, probe)
    encoder = film.choose_encoder(render, frame)
    music = film.listen(settings.music) if settings.music else None
    face = Facecams(settings.folder).box(settings.vods[vod])
    panes = layouts.panes(render.layout, probe, face, frame)
    look = overlay.look(settings, frame, panes)
    return Plan(vod, path, probe, encoder, music, settings, *timeline.read(vod), frame, panes, look)


def cut(plan: Plan, shown: Sequence[Segment], target: Path) -> list[Part]:
    """Make an MP4 of segments, in a folder that is there; where they are in it. Without any, there is none."""
    return (_copy if plan.encoder == "copy" else _encode)(plan, shown, target)


def _encode(plan: Plan, shown: Sequence[Segment], target: Path) -> list[Part]:
    """Encode segments into a film; where they are in it."""
    rate, render = plan.frame.rate, plan.settings.render
    # Whole frames, and no more of them than there is time for.
    frames = [max(1, int(segment.duration * rate + FRAME_ROUNDING)) for segment in shown]
    wanted = round(render.transition_length * rate) if render.transition == "crossfade" else 0
    lengths, shared = ([float(n / rate) for n in counts] for counts in (frames, reel.crossfades(frames, wanted)))
    placed = reel.parts(shown, lengths, plan.times, plan.probabilities, shared)
    cuts = _plan_cuts(plan, placed, media.read_from(plan.path, [part.start for part in placed]), target.parent)
    if cuts:
        _join(plan, cuts, target)
    return placed


def _copy(plan: Plan, shown: Sequence[Segment], target: Path) -> list[Part]:
    """Copy the picture of segments into a film, with sound that is encoded anew; where they are in it."""
    takes = copying.plan(plan.path, shown)
    shown = [take.shown for take in takes]
    placed = reel.parts(shown, [segment.duration for segment in shown], plan.times, plan.probabilities)
    sound = None
    if placed and (plan.probe.sound or plan.music):
        sound = target.with_name("sound.mp4")
        _join(plan, _plan_cuts(plan, placed, [part.start for part in placed], target.parent), sound)
    if placed:
        copying.copy(plan.path, takes, sound, target)
    if sound:
        sound.unlink()
    return placed


def _plan_cuts(plan: Plan, placed: Sequence[Part], frames: Sequence[float], folder: Path) -> list[Cut]:
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
            moments=_moments(part, plan.times, plan.probabilities),
            render=plan.settings.render,
            encoder=plan.encoder,
            target=folder / f"{number:04}.mov",
            before=shared[number - 1],
            after=shared[number],
        )
        for number, (part, frame) in enumerate(zip(placed, frames, strict=True), 1)
    ]


def _join(plan: Plan, cuts: Sequence[Cut], target: Path) -> None:
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


def _moments(part: Part, times: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The moments of a part: for each its time, seconds from the start, and its probability."""
    first = max(0, np.searchsorted(times, part.start, side="right") - 1)
    last = np.searchsorted(times, part.end)
    return np.stack([times[first:last] - part.start, probabilities[first:last]], axis=1)
