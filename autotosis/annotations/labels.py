"""labels.csv and holdout.csv: when there are highlights; groups.csv: which clips belong together."""

import itertools
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from autotosis.project import tables

COLUMNS = ("video", "start", "end", "label")
# A label may end this much after the video (seconds): durations are often rounded up to a tenth of a second.
ROUNDING = 0.05
# A reviewer who judges ten segments of each of a thousand VODs writes a tenth as many rows.
MAX_ROWS = 100_000


@dataclass(frozen=True)
class Label:
    """A stretch of a video that the user labelled.

    Attributes
    ----------
    start : float
        The start of the stretch, seconds in the video.
    end : float or None
        The end of the stretch, seconds in the video; None for the end of the video.
    highlight : bool
        True for label 1, False for label 0.
    row : tables.Row
        The row of the table, for error messages.
    """

    start: float
    end: float | None
    highlight: bool
    row: tables.Row

    def end_in(self, duration: float) -> float:
        """Return the end, seconds, in a video of this duration; UserError if the label is not inside the video."""
        if self.start >= duration:
            raise self.row.error(f"begins at {self.start:g} s, but {self.row['video']} ends at {duration:.2f} s")
        if self.end is None:
            return duration
        if self.end > duration + ROUNDING:
            raise self.row.error(f"ends at {self.end:g} s, but {self.row['video']} ends at {duration:.2f} s")
        return min(self.end, duration)


def read_labels(path: Path, videos_must_exist: bool = True) -> dict[str, list[Label]]:
    """Read labels.csv or holdout.csv.

    Parameters
    ----------
    path : Path
        A table with the columns `video,start,end,label`: a video's name inside the streamer's folder, two times in
        seconds, and 1 or 0. A row without times is about the whole video. If the file is missing, there are no labels.
    videos_must_exist : bool
        Whether the videos must exist, as they do not in a clone that has pulled only what it needs.

    Returns
    -------
    dict of str to list of Label
        The labels of each video that has any, in the order of time.

    Raises
    ------
    UserError
        If a row is malformed, a video does not exist, labels of one video overlap, or there are over MAX_ROWS rows.
    """
    labels: defaultdict[str, list[Label]] = defaultdict(list)
    for count, row in enumerate(tables.read_rows(path, COLUMNS)):
        if count == MAX_ROWS:
            raise row.error(
                f"the table has over {MAX_ROWS} rows, which a program must have added by mistake; remove them"
            )
        if row["label"] not in ("0", "1"):
            raise row.error(f"label is {row['label']!r}, not 1 (a highlight) or 0 (none)")
        video = row["video"]
        # Check each video only once: a table may have thousands of rows about a few videos.
        if video not in labels and not (path.parent / row.video()).exists() and videos_must_exist:
            advice = _other_spelling(path.parent / video) or "; correct the name or remove the row"
            raise row.error(f"there is no video {path.parent / video}{advice}")
        start = row.seconds("start") if row["start"] else 0.0
        end = row.seconds("end") if row["end"] else None
        if end is not None and end <= start:
            raise row.error(f"ends at {end:g} s, not after its start at {start:g} s; correct the times")
        labels[video].append(Label(start, end, row["label"] == "1", row))
    for of_video in labels.values():
        of_video.sort(key=lambda label: label.start)
        for earlier, later in itertools.pairwise(of_video):
            if earlier.end is None or later.start < earlier.end:
                raise later.row.error(
                    f"overlaps the label of {later.row['video']} in row {earlier.row.number}; correct the times, "
                    "or remove one of the rows"
                )
    return dict(labels)


def count_clips(folder: Path) -> int:
    """Count the clips that labels.csv of a streamer's folder names; UserError as in `read_labels`."""
    return sum(video.startswith("clips/") for video in read_labels(folder / "labels.csv", videos_must_exist=False))


def read_groups(folder: Path) -> tables.Patterns[str]:
    """Read groups.csv of a streamer's folder, if there is one (`video,group`: a pattern, and any name).

    Videos of one group stay in one fold. UserError if a row is malformed or has no group.
    """
    return tables.Patterns(folder / "groups.csv", ("group",), _group)


def _group(row: tables.Row) -> str:
    if not row["group"]:
        raise row.error("the group is empty; give it any name")
    return row["group"]


def _other_spelling(video: Path) -> str:
    """Return what to say of a file whose name looks the same; systems encode accents in one character or in two."""
    plain = unicodedata.normalize("NFC", video.name)
    others = (path.name for path in video.parent.glob("*") if path.name != video.name)
    if any(unicodedata.normalize("NFC", name) == plain for name in others):
        return "; its accents are encoded in another way than those of the file, so copy the name from the folder"
    return ""
