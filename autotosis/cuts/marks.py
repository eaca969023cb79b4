"""Marks that somebody set in a VOD while it was recorded: chapters, stream markers, and saved replays."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autotosis.annotations import sidecars
from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import segments
from autotosis.cuts.segments import Segment
from autotosis.scan.timeline import Timeline
from autotosis.video import parts, recording
from autotosis.video.opening import opened
from autotosis.video.recording import Recording

# A mark is set when the moment is over, or nearly so: it stands for this much time before it, and this much after
# (seconds).
BEFORE, AFTER = 15.0, 3.0
# A replay is saved after its end, so it may seem to end this much after the VOD (seconds).
LATE = 3.0
# Chapters this early are the recorder's own (seconds).
FIRST_CHAPTER = 1.0


def read(config: SelectConfig, vod: Recording, smoothed: Timeline) -> list[Segment]:
    """Read all marks of a VOD.

    Parameters
    ----------
    config : SelectConfig
        Which files hold its markers and replays.
    vod : Recording
        The VOD, whose own chapters are read.
    smoothed : Timeline
        Its timeline, smoothed.

    Returns
    -------
    list of Segment
        The time around each mark, in the order of time, with the highest probability in it as its score; marks whose
        times overlap are one.
    """
    markers = sidecars.read_markers(config.markers) if config.markers else []
    if late := [marker for marker in markers if marker >= vod.duration]:
        print(
            f"{config.markers}: ignored, because the VOD ends before them, at {vod.duration:.1f} s: "
            f"{len(late)} of {len(markers)} markers"
        )
    points = [*_chapters(vod), *markers]
    spans = [(point - BEFORE, point + AFTER) for point in points if point < vod.duration]
    for path, end in config.replays:
        if parts.is_video(path) and end < vod.duration + LATE:
            spans.append((end - recording.probe(path).duration, end))
    inside = [(max(0.0, start), min(end, vod.duration)) for start, end in sorted(spans)]
    # A short replay may be of the time after the VOD.
    stretches = [Segment(start, end) for start, end in inside if start < end]
    return segments.join(_scored(stretch, smoothed) for stretch in stretches)


def without(marked: Sequence[Segment], calm: Sequence[Segment], smoothed: Timeline) -> list[Segment]:
    """Cut calm stretches out of marks. Each part has its own score, as from `read`. All are in the order of time."""
    return [_scored(part, smoothed) for part in segments.subtract(marked, calm)]


def _scored(stretch: Segment, smoothed: Timeline) -> Segment:
    """Return a stretch with the highest probability in it as its score."""
    inside = smoothed.probabilities[(smoothed.times >= stretch.start) & (smoothed.times <= stretch.end)]
    return replace(stretch, score=float(inside.max(initial=0.0)))


def _chapters(vod: Recording) -> Iterator[float]:
    """Yield when the chapters in a VOD's files begin (seconds in the VOD)."""
    for piece in vod.files:
        with opened(piece.span) as container:
            for chapter in container.chapters():
                begin = float(chapter["start"] * (chapter["time_base"] or 0)) - piece.timestamp_at_zero
                if begin - piece.begin > FIRST_CHAPTER:
                    yield begin
