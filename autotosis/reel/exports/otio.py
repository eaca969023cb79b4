"""OpenTimelineIO, for DaVinci Resolve, Kdenlive and others."""

import opentimelineio
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference, Timeline, Track

from autotosis.reel.exports.frames import Edit

NAME = "cut.otio"


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
        for each in edit.ranges:
            file = ExternalReference(each.file.url, stretch(each.file.clock, each.file.length))
            file.name = each.file.name
            track.append(Clip(each.name, file, stretch(each.file.clock + each.source, each.length)))
        cut.tracks.append(track)
    return cut
