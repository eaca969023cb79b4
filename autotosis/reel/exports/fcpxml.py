"""FCPXML, for Final Cut Pro."""

from xml.etree import ElementTree

from autotosis.reel.exports.frames import Edit
from autotosis.reel.exports.xml_document import document

NAME = "cut.fcpxml"


def export(edit: Edit) -> str:
    """Write the cut for Final Cut Pro. It is written here because OpenTimelineIO's writer fails at 29.97 frames/s.

    https://developer.apple.com/library/archive/documentation/FinalCutProX/Reference/FinalCutProXXMLFormat
    """

    def time(frames: int) -> str:
        return f"{frames * edit.rate.denominator}/{edit.rate.numerator}s"

    recording, length = edit.recording, edit.ranges[-1].reel_start + edit.ranges[-1].length
    root = ElementTree.Element("fcpxml", version="1.8")
    resources = ElementTree.SubElement(root, "resources")
    shape = {"width": str(recording.width), "height": str(recording.height)}
    ElementTree.SubElement(resources, "format", {"id": "r1", "frameDuration": time(1), **shape})
    assets = {file: f"r{number}" for number, file in enumerate(edit.files, 2)}
    for file, name in assets.items():
        whole = {
            "name": file.name,
            "src": file.url,
            "start": time(file.clock),
            "duration": time(file.length),
            "format": "r1",
        }
        sound = {"hasAudio": "1", "audioSources": "1", "audioChannels": "2"} if file.sound else {}
        ElementTree.SubElement(resources, "asset", {"id": name, **whole, "hasVideo": "1", **sound})
    event = ElementTree.SubElement(root, "event", name=edit.name)
    project = ElementTree.SubElement(event, "project", name=edit.name)
    timing = {"duration": time(length), "tcStart": "0s", "tcFormat": "NDF"}
    sequence = ElementTree.SubElement(project, "sequence", {"format": "r1", **timing})
    spine = ElementTree.SubElement(sequence, "spine")
    for part in edit.ranges:
        times = {
            "offset": time(part.reel_start),
            "start": time(part.file.clock + part.source),
            "duration": time(part.length),
        }
        ElementTree.SubElement(spine, "asset-clip", {"ref": assets[part.file], "name": part.name, **times})
    return document(root)
