"""The cut of a reel for editors, to go on from it with the VOD itself: each segment can be dragged longer.

Files are named by their path from the reel's folder, so that the cut is the same everywhere: OpenTimelineIO and FCPXML
allow it; the others know absolute paths or none, so that editors find files by name in a folder that they ask for.
"""

from collections.abc import Sequence
from pathlib import Path

from autotosis.project import files
from autotosis.reel.exports import edl, fcpxml, final_cut_7, frames, losslesscut, otio
from autotosis.reel.reel import ReelSegment

# Each has the NAME of its file, and a function `export` that gives its content for an `Edit`.
FORMATS = (otio, edl, fcpxml, final_cut_7, losslesscut)


def write(folder: Path, placed: Sequence[ReelSegment]) -> None:
    """Write the cut in each of the formats.

    Parameters
    ----------
    folder : Path
        Where to write, until it becomes the reel's folder.
    placed : sequence of ReelSegment
        The reel: at least one segment, all of one VOD.
    """
    edit = frames.in_frames(placed)
    for form in FORMATS:
        files.write_bytes(folder / form.NAME, form.export(edit).encode())
