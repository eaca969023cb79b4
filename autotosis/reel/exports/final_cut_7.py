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
    if not edit.recording.sound:
        for media in root.findall(".//file/media"):
            for audio in media.findall("audio"):
                media.remove(audio)
    kinds = ("video", "audio") if edit.recording.sound else ("video",)
    tracks = [root.findall(f".//sequence/media/{kind}/track/clipitem") for kind in kinds]
    for number, together in enumerate(zip(*tracks, strict=True), 1):
        for item in together:
            # The writer writes the rate twice.
            item.remove(item.findall("rate")[0])
            for kind, other in zip(kinds, together, strict=True):
                link = ElementTree.SubElement(item, "link")
                ElementTree.SubElement(link, "linkclipref").text = other.get("id")
                ElementTree.SubElement(link, "mediatype").text = kind
                ElementTree.SubElement(link, "trackindex").text = "1"
                ElementTree.SubElement(link, "clipindex").text = str(number)
    return document(root)
