"""EDL (CMX 3600), which nearly every editor reads."""

import opentimelineio
from opentimelineio.opentime import RationalTime

from autotosis.reel.exports.frames import Edit

NAME = "cut.edl"


def export(edit: Edit) -> str:
    """The cut as a list of CMX 3600, written here since OpenTimelineIO's writer leaves the sound out.

    Timecode drops frames at 29.97 and 59.94 a second, so that it is the time on a clock. The format knows no files: the
    name is a comment that editors find the VOD by. https://xmil.biz/EDL-X/CMX3600.pdf
    """

    def code(frame: int) -> str:
        return str(opentimelineio.opentime.to_timecode(RationalTime(frame, float(edit.rate)), float(edit.rate)))

    dropping = ";" in code(0)
    lines = [f"TITLE: {edit.name}", f"FCM: {'DROP FRAME' if dropping else 'NON-DROP FRAME'}", ""]
    tracks = "AA/V" if edit.recording.sound else "V"
    for number, each in enumerate(edit.ranges, 1):
        ends = (each.source, each.source + each.length, each.place, each.place + each.length)
        lines += [
            f"{number:03}  AX       {tracks:5} C        {' '.join(map(code, ends))}",
            f"* FROM CLIP NAME:  {each.file.name}",
            f"* COMMENT: {each.name}",
        ]
    return "".join(f"{line}\n" for line in lines)
