"""Changing the user's tables from the page: labels.csv, holdout.csv, facecams.csv and edits/<vod>.csv.

Each change names the version of the table that the page has seen. If the file has changed since, nothing is written.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from autotosis.annotations import facecams, labels
from autotosis.annotations.facecams import SIDES
from autotosis.annotations.labels import Label
from autotosis.cuts import cut_list
from autotosis.project import csv_text, files, tables
from autotosis.project.csv_text import Line, Table

# One at a time, so that of two requests with the same version only the first one is carried out.
LOCK = Lock()

# A stretch of a video with its label: start and end in seconds, None for those of the video, and 1 or 0.
LabelValues = tuple[float | None, float | None, int]


class Conflict(Exception):
    """A table is not as the page has seen it; the text is one sentence for the user."""


def version(*paths: Path) -> str:
    """Identify the content of the first of these files that exists."""
    path = next((path for path in paths if path.exists()), None)
    return f"{path}:{files.digest(path)}" if path else "none"


def read_labels(table: Path) -> dict[str, list[LabelValues]]:
    """Read labels.csv or holdout.csv: the labels of each video; UserError if it is malformed."""
    return {
        video: [_label_values(label) for label in of_video] for video, of_video in labels.read_labels(table).items()
    }


def write_labels(table: Path, seen: str, video: str, new: Sequence[LabelValues]) -> None:
    """Replace the rows about a video in labels.csv or holdout.csv by these labels.

    Rows that are among the labels stay as they are. New ones go beside the others of the video, in the order of time,
    or after the rows about videos whose names sort before it.
    """

    def change(text: Table) -> None:
        wanted = [{"video": video, "start": _text(a), "end": _text(b), "label": str(label)} for a, b, label in new]
        wanted.sort(key=lambda values: _number(values["start"]))
        for row in [row for row in text.rows if row.fields["video"] == video]:
            values = next((values for values in wanted if _mean_the_same(row, values)), None)
            if values is None:
                text.remove(row)
            else:
                wanted.remove(values)
        for values in wanted:
            text.insert(values, _line_before(text, values))

    _replace(table, seen, labels.COLUMNS, change, labels.read_labels)


def write_box(folder: Path, seen: str, pattern: str, sides: Sequence[float] | None) -> None:
    """Set the face camera of the videos that a pattern names, in facecams.csv of the streamer's folder.

    Its row is changed where it is, unless a later row overrules it. A new row about one video goes to the end. A new
    row about many goes in front of the first one about one of them, which it must not overrule, or else after the
    other rows about many. None removes the rows of the pattern.
    """

    def change(text: Table) -> None:
        named = [row for row in text.rows if row.fields["video"] == pattern]
        later = text.rows[text.rows.index(named[-1]) + 1 :] if named else []
        overruled = any(tables.matches(row.fields["video"], pattern) for row in later)
        values = {"video": pattern} | {side: f"{value:.4g}" for side, value in zip(SIDES, sides or (), strict=False)}
        if sides and named and not overruled:
            text.change(named[-1], values)
            return
        for row in named:
            text.remove(row)
        if sides:
            text.insert(values, _line_before_pattern(folder, text, pattern) if _is_pattern(folder, pattern) else None)

    _replace(folder / "facecams.csv", seen, ("video", *SIDES), change, facecams.read_boxes)


def cut_version(edits: Path, vod: str) -> str:
    """Identify the content of the cut list that `read_cut` reads."""
    return version(edits, cut_list.path(vod))


def read_cut(edits: Path, vod: str, duration: float) -> list[dict[str, Any]]:
    """Read the user's cut list of a VOD or else the pipeline's, dropped rows included; UserError if it is malformed.

    Returns
    -------
    list of dict
        For each row: `start`, `end`, `event_start` and `event_end`, seconds in the
        VOD; `score`, 0 to 1; and `keep`, whether the reel shows it.
    """
    table = edits if edits.exists() else cut_list.path(vod)
    if not table.exists():
        return []
    return [
        {
            "start": segment.start,
            "end": segment.end,
            "score": segment.score,
            "keep": keep,
            "event_start": segment.event.start,
            "event_end": segment.event.end,
        }
        for segment, keep in cut_list.read_segments(table, vod, duration)
    ]


def write_cut(edits: Path, vod: str, duration: float, seen: str, segments: Sequence[dict[str, Any]]) -> None:
    """Write the user's cut list, edits/<vod>.csv.

    Parameters
    ----------
    edits : Path
        The table.
    vod, duration : str, float
        The VOD's name, and its length in seconds.
    seen : str
        The `cut_version` that the page has seen.
    segments : sequence of dict
        All that the table is to hold, with `start`, `end` and `keep` as in `read_cut`. A row becomes the segment with
        the same times, or else, of those that are left, the one with which its IoU is highest, and keeps its other
        columns. Rows that overlap no such segment are removed.
    """
    base = edits if edits.exists() else cut_list.path(vod)

    def change(text: Table) -> None:
        if "keep" not in text.columns:
            text.add_column("keep")
        by_times = defaultdict(list)
        for segment in segments:
            by_times[segment["start"], segment["end"]].append(segment)
        unchanged = {row: equal.pop(0) for row in text.rows if (equal := by_times[_times(row)])}
        left = [segment for equal in by_times.values() for segment in equal]
        for row in text.rows:
            same = unchanged.get(row) or max(left, key=lambda segment: _iou(row, segment), default=None)
            if same is None or _iou(row, same) <= 0:
                text.remove(row)
            else:
                values = _cut_values(text, same)
                if _keeps(row) == same["keep"]:
                    # Keep an empty cell, which means yes.
                    values.pop("keep", None)
                text.change(row, values)
                if row not in unchanged:
                    left.remove(same)
        for segment in left:
            before = [row for row in text.rows if float(row.fields["start"]) <= segment["start"]]
            values = {"vod": vod, "score": "1"} | _cut_values(text, segment)
            text.insert(values, before[-1] if before else text.header)

    _replace(
        edits, seen, cut_list.COLUMNS, change, lambda partial: cut_list.read_kept(partial, vod, duration), base=base
    )


def remove_cut(edits: Path, vod: str, seen: str) -> None:
    """Remove the user's cut list, so that the pipeline chooses again."""
    with LOCK:
        _check_version(seen, edits, cut_list.path(vod))
        edits.unlink(missing_ok=True)


def _replace(
    target: Path,
    seen: str,
    columns: Sequence[str],
    change: Callable[[Table], None],
    check: Callable[[Path], object],
    base: Path | None = None,
) -> None:
    """Change a table, or write it from the table `base`, unless it is not as seen or would then be malformed."""
    with LOCK:
        sources = (target,) if base is None else (target, base)
        _check_version(seen, *sources)
        source = next((path for path in sources if path.exists()), None)
        text = Table(source.read_bytes() if source else b"", columns)
        change(text)
        with files.replacing_table(target, text.content()) as partial:
            check(partial)
            # Somebody may have saved it in an editor just now.
            _check_version(seen, *sources)


def _check_version(seen: str, *sources: Path) -> None:
    if version(*sources) != seen:
        # Of two, the first one may be there no more, or not yet.
        changed = next((path for path in sources if path.exists() or seen.startswith(f"{path}:")), sources[0])
        raise Conflict(f"{changed} was changed by another program or in another tab; nothing was overwritten")


def _label_values(label: Label) -> LabelValues:
    start = label.start if label.row["start"] else None
    return start, label.end, int(label.highlight)


def _mean_the_same(row: Line, values: dict[str, str]) -> bool:
    return row.fields["label"] == values["label"] and all(
        csv_text.same(row.fields[key], values[key]) for key in ("start", "end")
    )


def _line_before(text: Table, values: dict[str, str]) -> Line | None:
    """Find the line after which a row about a video belongs."""
    same = [row for row in text.rows if row.fields["video"] == values["video"]]
    earlier = [row for row in same if _number(row.fields["start"]) <= _number(values["start"])]
    if earlier:
        return earlier[-1]
    if same:
        return text.lines[text.lines.index(same[0]) - 1]
    smaller = [row for row in text.rows if row.fields["video"] < values["video"]]
    if smaller:
        return smaller[-1]
    return text.header if text.rows else None


def _line_before_pattern(folder: Path, text: Table, pattern: str) -> Line | None:
    """Find the line after which a new row about many videos belongs."""
    rows = text.rows
    overruling = [row for row in rows if tables.matches(row.fields["video"], pattern)]
    later = rows[rows.index(overruling[-1]) + 1 :] if overruling else rows
    for row in later:
        if not _is_pattern(folder, row.fields["video"]) and tables.matches(pattern, row.fields["video"]):
            return text.lines[text.lines.index(row) - 1]
    patterns = [row for row in rows if _is_pattern(folder, row.fields["video"])]
    return patterns[-1] if patterns else text.header


def _iou(row: Line, segment: dict[str, Any]) -> float:
    """Compute the IoU of a row and a segment: 1 if they are the same, and 0 or negative if they do not overlap."""
    start, end = _times(row)
    shared = min(end, segment["end"]) - max(start, segment["start"])
    return float(shared / (max(end, segment["end"]) - min(start, segment["start"])))


def _times(row: Line) -> tuple[float, float]:
    return float(row.fields["start"]), float(row.fields["end"])


def _keeps(row: Line) -> bool:
    return cut_list.KEEP[row.fields.get("keep", "").lower()]


def _cut_values(text: Table, segment: dict[str, Any]) -> dict[str, str]:
    values = {
        "start": _text(segment["start"]),
        "end": _text(segment["end"]),
        "keep": "yes" if segment["keep"] else "no",
    }
    return {column: value for column, value in values.items() if column in text.columns}


def _text(seconds: float | None) -> str:
    """Format seconds with one to six decimals, as a person would."""
    if seconds is None:
        return ""
    text = f"{seconds:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _is_pattern(folder: Path, name: str) -> bool:
    # yt-dlp writes brackets into names of files.
    return any(letter in name for letter in "*?[") and not os.path.exists(folder / name)


def _number(text: str) -> float:
    return float(text) if text else 0.0
