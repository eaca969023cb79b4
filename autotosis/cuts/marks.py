"""Marks that somebody set in a VOD while it was recorded: chapters, stream markers, and saved replays."""

from collections.abc import Iterator

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
    points = [*_chapters(vod), *(sidecars.read_markers(config.markers) if config.markers else [])]
    spans = [(point - BEFORE, point + AFTER) for point in points if point < vod.duration]
    for path, end in config.replays:
        if parts.is_video(path) and end < vod.duration + LATE:
            spans.append((end - recording.probe(path).duration, end))
    inside = [(max(0.0, start), min(end, vod.duration)) for start, end in sorted(spans)]
    times, probabilities = smoothed.times, smoothed.probabilities
    return segments.join(
        Segment(start, end, float(probabilities[(times >= start) & (times <= end)].max(initial=0.0)))
        for start, end in inside
        # A short replay may be of the time after the VOD.
        if start < end
    )


def _chapters(vod: Recording) -> Iterator[float]:
    """Yield when the chapters in a VOD's files begin (seconds in the VOD)."""
    for piece in vod.files:
        with opened(piece.span) as container:
            for chapter in container.chapters():
                begin = float(chapter["start"] * (chapter["time_base"] or 0)) - piece.timestamp_at_zero
                if begin - piece.begin > FIRST_CHAPTER:
                    yield begin
