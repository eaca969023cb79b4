"""OpenTimelineIO, for DaVinci Resolve, Kdenlive and others."""

import opentimelineio
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference, Gap, Timeline, Track

from autotosis.reel import reel
from autotosis.reel.exports.frames import Edit

NAME = reel.CUT


def export(edit: Edit) -> str:
    """Write the cut as OpenTimelineIO's JSON."""
    return str(opentimelineio.adapters.write_to_string(timeline(edit), "otio_json"))


def timeline(edit: Edit) -> Timeline:
    """Build the cut as a timeline of OpenTimelineIO, with a sound track if the VOD has sound."""
    rate = float(edit.rate)

    def stretch(first: int, length: int) -> TimeRange:
        return TimeRange(RationalTime(first, rate), RationalTime(length, rate))

    cut = Timeline(edit.name, global_start_time=RationalTime(0, rate))
    for kind in ("Video", "Audio") if edit.recording.sound else ("Video",):
        track = Track(kind, kind=kind)
        for part in edit.ranges:
            if kind == "Audio" and not part.file.sound:
                track.append(Gap(source_range=stretch(0, part.length)))
                continue
            file = ExternalReference(part.file.url, stretch(part.file.clock, part.file.length))
            file.name = part.file.name
            track.append(Clip(part.name, file, stretch(part.file.clock + part.source, part.length)))
        cut.tracks.append(track)
    return cut
