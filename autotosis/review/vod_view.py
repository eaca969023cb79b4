"""What the page shows of the project and of a VOD: names, the cut list, what to ask about, probabilities."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autotosis.annotations import configuration, labels
from autotosis.cuts import review_list, selection
from autotosis.project import tables
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.review import user_tables, videos
from autotosis.scan import timeline


def project(settings: Params) -> dict[str, Any]:
    """Describe the project: the names of its VODs and clips, and the word for a highlight."""
    held = labels.read_labels(settings.folder / "holdout.csv")
    return {
        "label": settings.label,
        "folder": settings.folder.as_posix(),
        "vods": [{"name": name, "video": video, "holdout": video in held} for name, video in settings.vods.items()],
        "clips": videos.clips(settings),
    }


def vod(settings: Params, name: str) -> dict[str, Any]:
    """Describe a VOD: how long it is, its decision threshold, its cut list, and what to ask about.

    `inverted` tells whether scores say how calm a segment is.
    """
    seconds = duration(settings, name)
    return {
        "video": settings.vods[name],
        "duration": seconds,
        "threshold": _threshold(settings, name, seconds),
        "inverted": settings.select.invert,
        "questions": _questions(name, seconds),
        **cut(settings, name),
    }


def cut(settings: Params, name: str) -> dict[str, Any]:
    """Describe the cut list of a VOD, and whether it is the user's own."""
    mine = edits(settings, name)
    return {
        "segments": user_tables.read_cut(mine, name, duration(settings, name)),
        "edited": mine.exists(),
        "version": user_tables.cut_version(mine, name),
    }


def edits(settings: Params, name: str) -> Path:
    """Return the path of the user's own cut list of a VOD; UserError if params.yaml names no such VOD."""
    settings.vod(name)
    return settings.folder / "edits" / f"{name}.csv"


def duration(settings: Params, name: str) -> float:
    """Return the length of a VOD, seconds."""
    settings.vod(name)
    return videos.probe(videos.find(settings, settings.vods[name])).duration


def probabilities(settings: Params, name: str) -> bytes:
    """Return the timeline of a VOD, a byte per moment, 255 for a probability of 1; empty if there is none yet."""
    settings.vod(name)
    path = timeline.path(name)
    return _probabilities(name, path.stat().st_mtime_ns) if path.exists() else b""


@lru_cache(16)
def _probabilities(name: str, changed: int) -> bytes:
    return (timeline.read_timeline(name).probabilities * 255).round().astype(np.uint8).tobytes()


def _threshold(settings: Params, name: str, seconds: float) -> float | None:
    """Return the probability above which moments are highlights, or below which they are calm with `select.invert`.

    It is None while there is no timeline.
    """
    try:
        scanned = timeline.read_timeline(name)
    except UserError:
        return None
    threshold = selection.choose(configuration.for_select(settings, name), scanned, seconds).threshold
    return 1 - threshold if settings.select.invert else threshold


def _questions(name: str, seconds: float) -> list[dict[str, Any]]:
    """Read data/review/<vod>.csv; there are no questions if it is missing."""
    return [
        {
            "start": row.seconds("start"),
            "end": min(row.seconds("end"), seconds),
            "probability": row.number_in("probability") if row["probability"] else None,
            "reason": row["reason"],
        }
        for row in tables.read_rows(review_list.path(name), review_list.COLUMNS)
        if row.seconds("start") < seconds
    ]
