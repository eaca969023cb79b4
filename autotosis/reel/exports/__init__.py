"""Exporting the cut of a reel to video editors. It refers to the VOD itself, so segments can be made longer there.

The VOD's files are named by relative paths from the reel's folder, so that the cut works on any machine. The EDL and
LosslessCut's table have no paths; editors then ask for the file.
"""

from collections.abc import Sequence
from pathlib import Path

from autotosis.project import files
from autotosis.reel.exports import edl, fcpxml, final_cut_7, frames, losslesscut, otio
from autotosis.reel.reel import ReelSegment

# One module per format. Each has the NAME of its file, and a function `export` that turns an `Edit` into its content.
FORMATS = (otio, edl, fcpxml, final_cut_7, losslesscut)


def write(folder: Path, placed: Sequence[ReelSegment]) -> None:
    """Write the cut in all formats.

    Parameters
    ----------
    folder : Path
        The folder to write to. It becomes the reel's folder later.
    placed : sequence of ReelSegment
        The segments of the reel, at least one, all of the same VOD.
    """
    edit = frames.in_frames(placed)
    for form in FORMATS:
        files.write_bytes(folder / form.NAME, form.export(edit).encode())
