"""Making a reel and the files to publish with it: chapters, subtitles, segments.csv, a description and pictures."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autotosis.reel import assembly, description, joining, overlay, reel, thumbnails
from autotosis.reel.assembly import ReelSource
from autotosis.reel.reel import ReelSegment


def make(sources: Sequence[ReelSource], folder: Path) -> list[ReelSegment]:
    """Make the reel of one VOD or of several.

    Parameters
    ----------
    sources : sequence of ReelSource
        The VODs, in the order of the reel.
    folder : Path
        The folder to write to, which exists already.

    Returns
    -------
    list of ReelSegment
        The segments of the reel. If there are none, only an empty segments.csv is written.
    """
    cut = assembly.place(sources)
    reel.write_table(folder / reel.TABLE, cut.placed)
    if not cut.placed:
        return []
    video, jobs = folder / "reel.mp4", assembly.encode(cut, folder)
    # Joining uses a single core, so draw the pictures meanwhile.
    with ThreadPoolExecutor(1) as beside:
        pictures = beside.submit(thumbnails.write_all, folder, cut.placed)
        assembly.join(cut, jobs, video)
        pictures.result()
    config = sources[0].config
    chapters = [(part.reel_start, part.reel_end, name) for part, name in reel.titles(cut.placed).items()]
    joining.finish(video, chapters, subtitles(cut) if config.render.overlay == "soft" else None)
    description.write(folder / "description.txt", config.label, cut.placed)
    return cut.placed


def subtitles(cut: assembly.Reel) -> str:
    """Write the subtitles of a reel as a script in the ASS format."""
    timelines = {source.vod: source.timeline for source in cut.sources}
    moments = [reel.moments(segment, timelines[segment.vod]) for segment in cut.placed]
    return overlay.track(cut.sources[0].config.label, cut.placed, moments)
