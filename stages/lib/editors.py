"""The cut of a reel for editors, to go on from it with the VOD itself: each segment can be dragged longer.

All of them count frames at a steady rate. Where a VOD's varies, its nominal rate is counted, so that times stay right
and frames do not; where its container rounds times (Matroska), a frame may be one early. The VOD is named by its path
from the reel's folder, so that the files are the same everywhere: OpenTimelineIO and FCPXML allow it; the other two
know absolute paths or none, so that editors find the VOD by its name in a folder that they ask for.
"""

import csv
import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import opentimelineio
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference, Timeline, Track

from stages.lib import files, reel
from stages.lib.media import Probe
from stages.lib.reel import Part

# The rates that timecode has a name for (SMPTE ST 12-1), up to what `media.probe` gives.
RATES = [Fraction(24_000, 1001), *map(Fraction, (24, 25)), Fraction(30_000, 1001), *map(Fraction, (30, 48, 50))]
RATES += [Fraction(60_000, 1001), Fraction(60)]


@dataclass(frozen=True)
class Shot:
    """A segment in frames.

    Attributes
    ----------
    name : str
        Its title.
    source, place, length : int
        Its first frame in the VOD, its first frame in the reel, and how many it has.
    """

    name: str
    source: int
    place: int
    length: int


@dataclass(frozen=True)
class Edit:
    """A reel in frames.

    Attributes
    ----------
    name : str
        The VOD's name.
    file, url : str
        The name of its file, and the way to it from the reel's folder, as a relative URL (RFC 3986, section 4.2).
    probe : Probe
        What `media.probe` says of it.
    rate : Fraction
        Frames per second.
    total : int
        Frames of the VOD.
    shots : list of Shot
        One after the other.
    """

    name: str
    file: str
    url: str
    probe: Probe
    rate: Fraction
    total: int
    shots: list[Shot]


def write(folder: Path, vod: str, path: Path, probe: Probe, placed: Sequence[Part]) -> None:
    """Write the cut in each of the formats.

    Parameters
    ----------
    folder : Path
        Where to write, until it becomes the reel's folder.
    vod : str
        The VOD's name.
    path, probe : Path, Probe
        Its file, and what `media.probe` says of it.
    placed : sequence of Part
        The reel, at least one part.
    """
    edit = plan(vod, path, probe, placed)
    formats = {
        "cut.otio": opentimelineio.adapters.write_to_string(timeline(edit), "otio_json"),
        "cut.edl": edl(edit),
        "cut.fcpxml": fcpxml(edit),
        "cut.xml": final_cut_7(edit),
        "losslesscut.csv": losslesscut(placed),
    }
    for name, content in formats.items():
        files.write_bytes(folder / name, content.encode())


def plan(vod: str, path: Path, probe: Probe, placed: Sequence[Part]) -> Edit:
    """A reel in frames, at the rate of the VOD or, where timecode has no name for that, at the nearest; see `write`."""
    rate = min(RATES, key=lambda known: abs(known - probe.rate))
    shots, place = [], 0
    for part in placed:
        # As many frames as the reel shows of it, from the one that is on display at its start.
        length = max(1, round((part.reel_end - part.reel_start) * rate))
        shots.append(Shot(reel.title(part), math.floor((part.start + 1e-6) * rate), place, length))
        place += length
    total = max(round(probe.duration * rate), *(shot.source + shot.length for shot in shots))
    url = quote(Path(os.path.relpath(path, reel.FOLDER / vod)).as_posix())
    return Edit(vod, path.name, url, probe, rate, total, shots)


def timeline(edit: Edit) -> Timeline:
    """The cut as OpenTimelineIO has it, with a track of sound where the VOD has sound."""
    rate = float(edit.rate)

    def stretch(first: int, length: int) -> TimeRange:
        return TimeRange(RationalTime(first, rate), RationalTime(length, rate))

    cut = Timeline(edit.name, global_start_time=RationalTime(0, rate))
    for kind in ("Video", "Audio") if edit.probe.sound else ("Video",):
        track = Track(kind, kind=kind)
        for shot in edit.shots:
            vod = ExternalReference(edit.url, stretch(0, edit.total))
            vod.name = edit.file
            track.append(Clip(shot.name, vod, stretch(shot.source, shot.length)))
        cut.tracks.append(track)
    return cut


def edl(edit: Edit) -> str:
    """The cut as a list of CMX 3600, written here since OpenTimelineIO's writer leaves the sound out.

    Timecode drops frames at 29.97 and 59.94 a second, so that it is the time on a clock. The format knows no files: the
    name is a comment that editors find the VOD by. https://xmil.biz/EDL-X/CMX3600.pdf
    """

    def code(frame: int) -> str:
        return opentimelineio.opentime.to_timecode(RationalTime(frame, float(edit.rate)), float(edit.rate))

    dropping = ";" in code(0)
    lines = [f"TITLE: {edit.name}", f"FCM: {'DROP FRAME' if dropping else 'NON-DROP FRAME'}", ""]
    tracks = "AA/V" if edit.probe.sound else "V"
    for number, shot in enumerate(edit.shots, 1):
        ends = (shot.source, shot.source + shot.length, shot.place, shot.place + shot.length)
        lines += [
            f"{number:03}  AX       {tracks:5} C        {' '.join(map(code, ends))}",
            f"* FROM CLIP NAME:  {edit.file}",
            f"* COMMENT: {shot.name}",
        ]
    return "".join(f"{line}\n" for line in lines)


def fcpxml(edit: Edit) -> str:
    """The cut for Final Cut Pro, written here since OpenTimelineIO's writer fails at 29.97 frames a second.

    https://developer.apple.com/library/archive/documentation/FinalCutProX/Reference/FinalCutProXXMLFormat
    """

    def time(frames: int) -> str:
        return f"{frames * edit.rate.denominator}/{edit.rate.numerator}s"

    probe, length = edit.probe, edit.shots[-1].place + edit.shots[-1].length
    root = ElementTree.Element("fcpxml", version="1.8")
    resources = ElementTree.SubElement(root, "resources")
    shape = {"width": str(probe.width), "height": str(probe.height)}
    ElementTree.SubElement(resources, "format", id="r1", frameDuration=time(1), **shape)
    sound = {"hasAudio": "1", "audioSources": "1", "audioChannels": "2"} if probe.sound else {}
    vod = {"name": edit.file, "src": edit.url, "start": "0s", "duration": time(edit.total), "format": "r1"}
    ElementTree.SubElement(resources, "asset", id="r2", **vod, hasVideo="1", **sound)
    event = ElementTree.SubElement(root, "event", name=edit.name)
    project = ElementTree.SubElement(event, "project", name=edit.name)
    timing = {"duration": time(length), "tcStart": "0s", "tcFormat": "NDF"}
    sequence = ElementTree.SubElement(project, "sequence", format="r1", **timing)
    spine = ElementTree.SubElement(sequence, "spine")
    for shot in edit.shots:
        times = {"offset": time(shot.place), "start": time(shot.source), "duration": time(shot.length)}
        ElementTree.SubElement(spine, "asset-clip", ref="r2", name=shot.name, **times)
    return _document(root)


def final_cut_7(edit: Edit) -> str:
    """The cut as XML of Final Cut Pro 7, with what OpenTimelineIO's writer leaves out.

    That is: the size of the picture, that a VOD has no sound, and that picture and sound of a segment belong together.
    https://developer.apple.com/library/archive/documentation/AppleApplications/Reference/FinalCutPro_XML
    """
    cut = timeline(edit)
    for track in cut.audio_tracks():
        for clip in track:
            # Otherwise the writer takes it for the same as the picture's.
            clip.metadata["fcp_xml"] = {"enabled": "TRUE"}
    root = ElementTree.fromstring(opentimelineio.adapters.write_to_string(cut, "fcp_xml"))
    for pictures in (root.find(".//sequence/media/video/format"), root.find(".//file/media/video")):
        sample = ElementTree.SubElement(pictures, "samplecharacteristics")
        ElementTree.SubElement(sample, "width").text = str(edit.probe.width)
        ElementTree.SubElement(sample, "height").text = str(edit.probe.height)
    if not edit.probe.sound:
        of_file = root.find(".//file/media")
        of_file.remove(of_file.find("audio"))
    kinds = ("video", "audio") if edit.probe.sound else ("video",)
    tracks = [root.findall(f".//sequence/media/{kind}/track/clipitem") for kind in kinds]
    for number, together in enumerate(zip(*tracks, strict=True), 1):
        for item in together:
            # The writer says it twice.
            item.remove(item.find("rate"))
            for kind, other in zip(kinds, together, strict=True):
                link = ElementTree.SubElement(item, "link")
                ElementTree.SubElement(link, "linkclipref").text = other.get("id")
                ElementTree.SubElement(link, "mediatype").text = kind
                ElementTree.SubElement(link, "trackindex").text = "1"
                ElementTree.SubElement(link, "clipindex").text = str(number)
    return _document(root)


def _document(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {root.tag}>\n{body}\n'


def losslesscut(placed: Sequence[Part]) -> str:
    """Start, end (seconds in the VOD) and name of each part, as LosslessCut imports them, without a header.

    https://github.com/mifi/lossless-cut/blob/master/import-export.md
    """
    text = io.StringIO()
    rows = [(f"{part.start:.3f}", f"{part.end:.3f}", reel.title(part)) for part in placed]
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
