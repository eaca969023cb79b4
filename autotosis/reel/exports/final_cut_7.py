"""XML of Final Cut Pro 7, for Premiere and others."""

from xml.etree import ElementTree

import opentimelineio

from autotosis.reel.exports.frames import Edit
from autotosis.reel.exports.otio import timeline
from autotosis.reel.exports.xml_document import document

NAME = "cut.xml"


def export(edit: Edit) -> str:
    """Write the cut as XML of Final Cut Pro 7.

    Adds what OpenTimelineIO's writer leaves out: the size of the picture, whether a file has sound, and the links
    between the picture and the sound of a segment.
    https://developer.apple.com/library/archive/documentation/AppleApplications/Reference/FinalCutPro_XML
    """
    cut = timeline(edit)
    # The writer writes equal clips only once, so make them differ: those of picture and sound, and segments that show
    # the same frames. It does not write this number.
    for number, clip in enumerate(clip for track in cut.tracks for clip in track):
        clip.metadata["number"] = number
    root = ElementTree.fromstring(opentimelineio.adapters.write_to_string(cut, "fcp_xml"))
    for pictures in (*root.findall(".//sequence/media/video/format"), *root.findall(".//file/media/video")):
        sample = ElementTree.SubElement(pictures, "samplecharacteristics")
        ElementTree.SubElement(sample, "width").text = str(edit.recording.width)
        ElementTree.SubElement(sample, "height").text = str(edit.recording.height)
    silent = {file.name for file in edit.files if not file.sound}
    for file in root.findall(".//file"):
        if file.findtext("name") in silent:
            for media in file.findall("media"):
                for audio in media.findall("audio"):
                    media.remove(audio)
    # A segment without sound leaves a gap in the sound track.
    segments: dict[str | None, list[tuple[str, int, ElementTree.Element]]] = {}
    for kind in ("video", "audio"):
        for number, item in enumerate(root.findall(f".//sequence/media/{kind}/track/clipitem"), 1):
            segments.setdefault(item.findtext("start"), []).append((kind, number, item))
    for together in segments.values():
        for _, _, item in together:
            # The writer writes the rate twice.
            item.remove(item.findall("rate")[0])
            for kind, number, other in together:
                link = ElementTree.SubElement(item, "link")
                ElementTree.SubElement(link, "linkclipref").text = other.get("id")
                ElementTree.SubElement(link, "mediatype").text = kind
                ElementTree.SubElement(link, "trackindex").text = "1"
                ElementTree.SubElement(link, "clipindex").text = str(number)
    return document(root)
