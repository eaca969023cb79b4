"""labels.csv and holdout.csv: what is a highlight and what is not; groups.csv: which clips belong together."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from autotosis.project import tables

# A label of a whole clip is often its duration, rounded up to a tenth of a second.
ROUNDING = 0.05
# Moments of one VOD that are at least about so far apart are as different as hours of a streamer are (seconds): as long
# as normal is measured over.
STRETCH = 60.0


@dataclass(frozen=True)
class Label:
    """A stretch of a video that a person marked.

    Attributes
    ----------
    start, end : float
        Seconds from the video's beginning; an end of None is the video's end.
    highlight : bool
        True for label 1, False for label 0.
    row : tables.Row
        Where it stands, for messages.
    """

    start: float
    end: float | None
    highlight: bool
    row: tables.Row

    def ending(self, duration: float) -> float:
        """The end in seconds, in a video of this duration; UserError if the label passes it."""
        if self.start >= duration:
            raise self.row.error(f"begins at {self.start:g} s, but {self.row['video']} ends at {duration:.2f} s")
        if self.end is None:
            return duration
        if self.end > duration + ROUNDING:
            raise self.row.error(f"ends at {self.end:g} s, but {self.row['video']} at {duration:.2f} s")
        return min(self.end, duration)


def read_labels(path: Path) -> dict[str, list[Label]]:
    """Read labels.csv or holdout.csv.

    Parameters
    ----------
    path : Path
        `video,start,end,label`: a video's name inside the streamer's folder, seconds, 1 or 0. A label with
        neither start nor end is of the whole video. No file: no labels.

    Returns
    -------
    dict
        The labels of each video that has any, in the order of time.

    Raises
    ------
    UserError
        A malformed row, a video that does not exist, labels of one video that overlap.
    """
    labels: defaultdict[str, list[Label]] = defaultdict(list)
    for row in tables.read_rows(path, ("video", "start", "end", "label")):
        if row["label"] not in ("0", "1"):
            raise row.error(f"label is {row['label']!r}, not 1 (a highlight) or 0 (none)")
        video = row["video"]
        # A table may have many thousands of rows, of few videos.
        if video not in labels and not (path.parent / row.video()).exists():
            raise row.error(f"there is no video {path.parent / video}")
        start = row.seconds("start") if row["start"] else 0.0
        end = row.seconds("end") if row["end"] else None
        if end is not None and end <= start:
            raise row.error(f"ends at {end:g} s, not after its start at {start:g} s")
        labels[video].append(Label(start, end, row["label"] == "1", row))
    for of_video in labels.values():
        of_video.sort(key=lambda label: label.start)
        for earlier, later in zip(of_video, of_video[1:], strict=False):
            if earlier.end is None or later.start < earlier.end:
                raise later.row.error(f"overlaps the label of {later.row['video']} in row {earlier.row.number}")
    return dict(labels)


class Groups:
    """Which clips are learned from together or measured on together, being of one recording or person.

    Parameters
    ----------
    folder : Path
        Holds groups.csv (`video,group`: a glob on the clip's name and any name for the group), or none.

    Raises
    ------
    UserError
        A malformed row, or one without a group.
    """

    def __init__(self, folder: Path):
        self.patterns = tables.Patterns(folder / "groups.csv", ("group",), _group)

    def group(self, video: str) -> str:
        """The group of a clip by its name inside the folder: the last match, else the clip by itself."""
        return self.patterns.of(video) or video

    def stretch(self, video: str, start: float) -> str:
        """The group of a row on a VOD that begins at a time (seconds): the last match, else its stretch of the VOD.

        What is learned from other stretches tells how good the model will be at another hour of the same streamer.
        """
        return self.patterns.of(video) or f"{video}@{start // STRETCH * STRETCH:.0f}"


def _group(row: tables.Row) -> str:
    if not row["group"]:
        raise row.error("the group is empty; give it any name")
    return row["group"]
