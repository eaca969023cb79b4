"""The cut of a reel for editors, to go on from it with the VOD itself: each segment can be dragged longer.

All of them count frames at a steady rate. Where a VOD's varies, its nominal rate is counted, so that times stay right
and frames do not. Files are named by their path from the reel's folder, so that the cut is the same everywhere:
OpenTimelineIO and FCPXML allow it; the other two know absolute paths or none, so that editors find files by their name
in a folder that they ask for. Of a VOD in parts, each part is a file of its own, and a segment across a seam two shots.
"""

import csv
import io
import itertools
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

from autotosis.project import files
from autotosis.reel import reel
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video import opening
from autotosis.video.recording import Recording

# The rates that timecode has a name for (SMPTE ST 12-1), up to what `recording.probe` gives.
RATES = [Fraction(24_000, 1001), *map(Fraction, (24, 25)), Fraction(30_000, 1001), *map(Fraction, (30, 48, 50))]
RATES += [Fraction(60_000, 1001), Fraction(60)]


@dataclass(frozen=True)
class File:
    """A file of a VOD, in frames.

    Attributes
    ----------
    name, url : str
        Its name, and the way to it from the reel's folder, as a relative URL (RFC 3986, section 4.2).
    first, length : int
        Its first frame in the VOD, and how many it has.
    """

    name: str
    url: str
    first: int
    length: int


@dataclass(frozen=True)
class FrameRange:
    """A segment, or what of it is in one file, in frames.

    Attributes
    ----------
    name : str
        Its title.
    file : File
        The file that it is in.
    source, place, length : int
        Its first frame in that file, its first frame in the reel, and how many it has.
    """

    name: str
    file: File
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
    recording : Recording
    rate : Fraction
        Frames per second.
    shots : list of FrameRange
        One after the other.
    """

    name: str
    recording: Recording
    rate: Fraction
    shots: list[FrameRange]

    @property
    def files(self) -> list[File]:
        """The files that the shots are in."""
        return list(dict.fromkeys(shot.file for shot in self.shots))


def write(folder: Path, placed: Sequence[ReelSegment]) -> None:
    """Write the cut in each of the formats.

    Parameters
    ----------
    folder : Path
        Where to write, until it becomes the reel's folder.
    placed : sequence of ReelSegment
        The reel, at least one part, all of one VOD.
    """
    edit = in_frames(placed)
    formats = {
        "cut.otio": opentimelineio.adapters.write_to_string(timeline(edit), "otio_json"),
        "cut.edl": edl(edit),
        "cut.fcpxml": fcpxml(edit),
        "cut.xml": final_cut_7(edit),
        "losslesscut.csv": losslesscut(placed),
    }
    for name, content in formats.items():
        files.write_bytes(folder / name, content.encode())


def in_frames(placed: Sequence[ReelSegment]) -> Edit:
    """A reel in frames, at the rate of the VOD or, where timecode has no name for that, at the nearest; see `write`."""
    vod, recording = placed[0].vod, placed[0].vod.recording
    rate = min(RATES, key=lambda known: abs(known - recording.rate))
    # Sound encoders begin a little early. To an editor a picture that is thereby less than a frame late is not late.
    late = recording.start % (1 / rate)
    # As many frames as the reel shows of each part, from the same one on: the nearest to its start.
    starts = [_nearest((part.start - late) * rate) for part in placed]
    lengths = [max(1, round((part.reel_end - part.reel_start) * rate)) for part in placed]
    end = max(round((recording.duration - late) * rate), *map(sum, zip(starts, lengths, strict=True)))
    shots, place, found = [], 0, _files(vod, rate, late, end)
    for part, start, length in zip(placed, starts, lengths, strict=True):
        for file in found:
            first, last = max(start, file.first), min(start + length, file.first + file.length)
            if first < last:
                shots.append(FrameRange(reel.title(part), file, first - file.first, place, last - first))
                place += last - first
    return Edit(vod.name, recording, rate, shots)


def _files(vod: Vod, rate: Fraction, late: float, end: int) -> list[File]:
    """The files of a VOD whose first frame is shown so late (seconds), and that ends with this frame."""
    folder = reel.FOLDER / vod.name
    begins = [(part, _nearest((begin - late) * rate)) for part, begin in opening.beginnings(vod.recording.path)]
    return [
        File(part.name, quote(Path(os.path.relpath(part, folder)).as_posix()), first, last - first)
        for (part, first), (_, last) in itertools.pairwise([*begins, (vod.recording.path, end)])
    ]


def _nearest(frames: float) -> int:
    """The nearest frame; the earlier one of two, as FFmpeg's filter does that gives the reel its frames."""
    return max(0, math.ceil(frames - 0.5 - 1e-6))


def timeline(edit: Edit) -> Timeline:
    """The cut as OpenTimelineIO has it, with a track of sound where the VOD has sound."""
    rate = float(edit.rate)

    def stretch(first: int, length: int) -> TimeRange:
        return TimeRange(RationalTime(first, rate), RationalTime(length, rate))

    cut = Timeline(edit.name, global_start_time=RationalTime(0, rate))
    for kind in ("Video", "Audio") if edit.recording.sound else ("Video",):
        track = Track(kind, kind=kind)
        for shot in edit.shots:
            file = ExternalReference(shot.file.url, stretch(0, shot.file.length))
            file.name = shot.file.name
            track.append(Clip(shot.name, file, stretch(shot.source, shot.length)))
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
    tracks = "AA/V" if edit.recording.sound else "V"
    for number, shot in enumerate(edit.shots, 1):
        ends = (shot.source, shot.source + shot.length, shot.place, shot.place + shot.length)
        lines += [
            f"{number:03}  AX       {tracks:5} C        {' '.join(map(code, ends))}",
            f"* FROM CLIP NAME:  {shot.file.name}",
            f"* COMMENT: {shot.name}",
        ]
    return "".join(f"{line}\n" for line in lines)


def fcpxml(edit: Edit) -> str:
    """The cut for Final Cut Pro, written here since OpenTimelineIO's writer fails at 29.97 frames a second.

    https://developer.apple.com/library/archive/documentation/FinalCutProX/Reference/FinalCutProXXMLFormat
    """

    def time(frames: int) -> str:
        return f"{frames * edit.rate.denominator}/{edit.rate.numerator}s"

    recording, length = edit.recording, edit.shots[-1].place + edit.shots[-1].length
    root = ElementTree.Element("fcpxml", version="1.8")
    resources = ElementTree.SubElement(root, "resources")
    shape = {"width": str(recording.width), "height": str(recording.height)}
    ElementTree.SubElement(resources, "format", id="r1", frameDuration=time(1), **shape)
    sound = {"hasAudio": "1", "audioSources": "1", "audioChannels": "2"} if recording.sound else {}
    assets = {file: f"r{number}" for number, file in enumerate(edit.files, 2)}
    for file, name in assets.items():
        whole = {"name": file.name, "src": file.url, "start": "0s", "duration": time(file.length), "format": "r1"}
        ElementTree.SubElement(resources, "asset", id=name, **whole, hasVideo="1", **sound)
    event = ElementTree.SubElement(root, "event", name=edit.name)
    project = ElementTree.SubElement(event, "project", name=edit.name)
    timing = {"duration": time(length), "tcStart": "0s", "tcFormat": "NDF"}
    sequence = ElementTree.SubElement(project, "sequence", format="r1", **timing)
    spine = ElementTree.SubElement(sequence, "spine")
    for shot in edit.shots:
        times = {"offset": time(shot.place), "start": time(shot.source), "duration": time(shot.length)}
        ElementTree.SubElement(spine, "asset-clip", ref=assets[shot.file], name=shot.name, **times)
    return _document(root)


def final_cut_7(edit: Edit) -> str:
    """The cut as XML of Final Cut Pro 7, with what OpenTimelineIO's writer leaves out.

    That is: the size of the picture, that a file has no sound, and that picture and sound of a segment belong together.
    https://developer.apple.com/library/archive/documentation/AppleApplications/Reference/FinalCutPro_XML
    """
    cut = timeline(edit)
    for track in cut.audio_tracks():
        for clip in track:
            # Otherwise the writer takes it for the same as the picture's.
            clip.metadata["fcp_xml"] = {"enabled": "TRUE"}
    root = ElementTree.fromstring(opentimelineio.adapters.write_to_string(cut, "fcp_xml"))
    for pictures in (root.find(".//sequence/media/video/format"), *root.findall(".//file/media/video")):
        sample = ElementTree.SubElement(pictures, "samplecharacteristics")
        ElementTree.SubElement(sample, "width").text = str(edit.recording.width)
        ElementTree.SubElement(sample, "height").text = str(edit.recording.height)
    if not edit.recording.sound:
        for media in root.findall(".//file/media"):
            media.remove(media.find("audio"))
    kinds = ("video", "audio") if edit.recording.sound else ("video",)
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


def losslesscut(placed: Sequence[ReelSegment]) -> str:
    """Start, end (seconds in the VOD) and name of each part, as LosslessCut imports them, without a header.

    https://github.com/mifi/lossless-cut/blob/master/import-export.md
    """
    text = io.StringIO()
    rows = [(f"{part.start:.3f}", f"{part.end:.3f}", reel.title(part)) for part in placed]
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
