"""EDL (CMX 3600), which nearly every editor reads."""

from autotosis.reel.exports.frames import Edit
from autotosis.video import timecode

NAME = "cut.edl"
# The length of a day (seconds).
DAY = 86_400


def export(edit: Edit) -> str:
    """Write the cut as an EDL (CMX 3600). It is written here because OpenTimelineIO's writer leaves out the sound.

    At 29.97 and 59.94 frames per second, timecode is drop-frame, so it agrees with the clock. The format has no paths:
    editors find the VOD by its name in a comment. https://xmil.biz/EDL-X/CMX3600.pdf
    """

    lines = [f"TITLE: {edit.name}", f"FCM: {'DROP FRAME' if edit.drops else 'NON-DROP FRAME'}", ""]
    for number, part in enumerate(edit.ranges, 1):
        tracks = "AA/V" if part.file.sound else "V"
        source = part.file.clock + part.source
        ends = (source, source + part.length, part.reel_start, part.reel_start + part.length)
        codes = " ".join(timecode.text(frame, edit.rate, edit.drops) for frame in ends)
        lines += [
            f"{number:03}  AX       {tracks:5} C        {codes}",
            f"* FROM CLIP NAME:  {part.file.name}",
            f"* COMMENT: {part.name}",
        ]
    if any(part.file.clock + part.source + part.length > DAY * edit.rate for part in edit.ranges):
        print(f"{edit.name}: {NAME} counts past 24 hours, where timecode ends, so some programs cannot read it")
    return "".join(f"{line}\n" for line in lines)
