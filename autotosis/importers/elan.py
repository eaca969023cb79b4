"""Annotations from ELAN: its .eaf files, which are XML."""

from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from autotosis.importers.reading import address, number, read_text
from autotosis.importers.stretches import Stretch
from autotosis.project.errors import UserError

NAME = "elan"


def read(path: Path) -> list[Stretch]:
    """Read the annotations of all tiers that have times of their own.

    A stretch is named by its annotation's text, or by its tier if that is empty. Times are in milliseconds and count
    from the TIME_ORIGIN of the first video.
    https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf
    """
    try:
        document = fromstring(read_text(path))
    except (ParseError, DefusedXmlException) as error:
        raise UserError(f"{path}: not a file of ELAN: {error}") from None
    if document.tag != "ANNOTATION_DOCUMENT":
        raise UserError(f"{path}: not a file of ELAN: its root is {document.tag}, not ANNOTATION_DOCUMENT")
    header = document.find("HEADER")
    if header is not None and header.get("TIME_UNITS", "milliseconds") != "milliseconds":
        raise UserError(
            f"{path}: its times are in {header.get('TIME_UNITS')}, not in milliseconds; save it with ELAN 4 or newer"
        )
    media = _video(document)
    origin = number(media.get("TIME_ORIGIN", "0"), path.as_posix()) / 1000 if media is not None else 0.0
    video = _file_name(media, path) if media is not None else None
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in document.iter("TIME_SLOT")}
    stretches = []
    for tier in document.iter("TIER"):
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            place = f"{path} annotation {annotation.get('ANNOTATION_ID')}"
            times = [slots.get(annotation.get(f"TIME_SLOT_REF{edge}")) for edge in (1, 2)]
            if None in times:
                # Its edge lies somewhere between others, as ELAN allows in subdivisions.
                raise UserError(f"{place}: has no time of its own; align it in ELAN, or remove it")
            start, end = (number(time, place) / 1000 + origin for time in times)
            name = (annotation.findtext("ANNOTATION_VALUE") or "").strip() or tier.get("TIER_ID", "")
            stretches.append(Stretch(video, start, end, name, place))
    return stretches


def _video(document: Element) -> Element | None:
    """Return the descriptor of the first medium that is a video, or else of the first one."""
    media = document.iter("MEDIA_DESCRIPTOR")
    return min(media, key=lambda medium: not medium.get("MIME_TYPE", "").startswith("video"), default=None)


def _file_name(media: Element, path: Path) -> str:
    """Return the file name in a descriptor's address, which may be a path of Windows."""
    url = media.get("RELATIVE_MEDIA_URL") or media.get("MEDIA_URL") or ""
    return PureWindowsPath(PurePosixPath(unquote(address(url, path.as_posix()).path)).name).name
