"""The boxes at the top level of MP4 and MOV (ISO/IEC 14496-12, 4.2)."""

from pathlib import Path
from typing import NamedTuple

from autotosis.project import files

# The first box of a file, or of a segment of a stream, is one of these. Old QuickTime files begin with others. They
# have no fragments, and most of those that were cut off have no index, so FFmpeg refuses them.
FIRST = (b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"emsg", b"prft")
# Any other box is one of these.
OTHERS = (b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"meco", b"mfra", b"pdin", b"pnot", b"ssix", b"udta")


class Box(NamedTuple):
    """A box: its name, its start (bytes), whether it claims no end but that of the file (`is_open`), and whether the
    file ends before it does (`is_cut`).
    """

    name: bytes
    start: int
    is_open: bool
    is_cut: bool


def read(path: Path) -> list[Box]:
    """List the boxes of a file; none if it is in another format."""
    boxes, offset = [], 0
    with files.named_in_errors(path), path.open("rb") as file:
        size = file.seek(0, 2)
        while offset + 8 <= size:
            file.seek(offset)
            head = file.read(16)
            if offset == 0 and head[4:8] not in FIRST:
                break
            length = int.from_bytes(head[:4])
            if length == 1:
                length = int.from_bytes(head[8:16])
            # The last box may extend to the end of the file, wherever that is.
            end = offset + length if length >= 8 else size
            if end > size and head[4:8] not in FIRST + OTHERS:
                # Something else was appended, which players ignore.
                break
            boxes.append(Box(head[4:8], offset, length < 8, end > size))
            offset = end
    return boxes


def are_fragments(boxes: list[Box]) -> bool:
    """Return whether an MP4 is fragmented, from its boxes."""
    return any(box.name == b"moof" for box in boxes)


def is_initialization(boxes: list[Box]) -> bool:
    """Return whether a file is an initialization segment, which describes the tracks of other segments (8.16)."""
    names = {box.name for box in boxes}
    return b"moov" in names and not names & {b"moof", b"mdat"}


def is_segment(boxes: list[Box]) -> bool:
    """Return whether a file is a segment that needs an initialization segment."""
    return are_fragments(boxes) and not any(box.name == b"moov" for box in boxes)
