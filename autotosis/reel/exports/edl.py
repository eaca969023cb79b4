"""EDL (CMX 3600), which nearly every editor reads."""

from autotosis.reel.exports.frames import Edit
from autotosis.video import timecode

NAME = "cut.edl"
# Seconds.
DAY = 86_400


def export(edit: Edit) -> str:
    """The cut as a list of CMX 3600, written here since OpenTimelineIO's writer leaves the sound out.

    Timecode drops frames at 29.97 and 59.94 a second, so that it is the time on a clock. The format knows no files: the
    name is a comment that editors find the VOD by. https://xmil.biz/EDL-X/CMX3600.pdf
    """

    lines = [f"TITLE: {edit.name}", f"FCM: {'DROP FRAME' if edit.drops else 'NON-DROP FRAME'}", ""]
    tracks = "AA/V" if edit.recording.sound else "V"
    for number, each in enumerate(edit.ranges, 1):
        source = each.file.clock + each.source
        ends = (source, source + each.length, each.place, each.place + each.length)
        codes = " ".join(timecode.text(frame, edit.rate, edit.drops) for frame in ends)
        lines += [
            f"{number:03}  AX       {tracks:5} C        {codes}",
            f"* FROM CLIP NAME:  {each.file.name}",
            f"* COMMENT: {each.name}",
        ]
    if any(each.file.clock + each.source + each.length > DAY * edit.rate for each in edit.ranges):
        print(f"{edit.name}: {NAME} counts on after 24 hours, where timecode ends, so not all programs can read it")
    return "".join(f"{line}\n" for line in lines)
