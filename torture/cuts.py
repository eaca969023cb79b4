"""Cut generated recordings at random: a reel, and what the model sees, must show what decoding from the beginning does.

Each recording is of another container and codec; some miss frames, begin late or count from another time. A cut is
encoded, copied where that can be, or read as a scan reads it. Run from the project's folder:
python -m torture.cuts
"""

import csv
import io
import math
import random
import shutil
import sys
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

from autotosis.annotations.facecams import Box, always
from autotosis.project import command_line, params
from autotosis.project.errors import UserError
from autotosis.signals import features
from autotosis.video import recording
from stages import render
from tests import videos
from tests.helpers import ROOT, Project, write_timeline
from torture import recordings, tiny
from torture.recordings import RATE, Variant

SEED = 1
CUTS = 330
# How long a recording is, and a cut (seconds).
LENGTH = 24.0
MIN_SEGMENT, MAX_SEGMENT = 0.2, 1.6
# A cut may begin up to a frame early or late, and sound be off by less than anyone notices (seconds).
TOLERANCE = 1.01 / RATE
SOUND_TOLERANCE = 0.06
HOW = ("encoded", "copied", "read")
COPIED = ("libx264", "libx265")


def main(cuts: int = CUTS, only: str = "") -> int:
    """Cut, and print a table of all variants and every wrong cut; how many were wrong."""
    variants = [variant for variant in recordings.VARIANTS if only in variant.name]
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        renderer = project(Path(name) / "project")
        for number, variant in enumerate(variants):
            share = cuts * (number + 1) // len(variants) - cuts * number // len(variants)
            if share:
                counts[variant.name] = torture(renderer, variant, share)
    counts["all"] = sum(counts.values(), Counter())
    rows = [(name, *(count[outcome] for outcome in (*HOW, "refused", "wrong"))) for name, count in counts.items()]
    print(tiny.table(("recording", *HOW, "refused to be copied", "wrong"), rows))
    return counts["all"]["wrong"]


def project(folder: Path) -> Project:
    """A project that renders the VOD `own` from a cut list, which needs no model."""
    renderer = Project(folder)
    renderer.write("params.yaml", (ROOT / "params.yaml").read_text())
    renderer.write("vods.yaml", "vods: {}\n")
    renderer.set_params(data="data/own", vods={"own": "vods/own"}, urls={}, tracks={}, audio={"loudness": None})
    renderer.set_params(render={"overlay": "none", "preset": "ultrafast", "quality": 10})
    return renderer


def torture(project: Project, variant: Variant, cuts: int) -> Counter[str]:
    """Make a recording, cut it, and count what came of it."""
    rng = random.Random(f"{SEED} {variant.name}")
    data, counts = project.folder / "data/own", Counter[str]()
    shutil.rmtree(data, ignore_errors=True)
    (data / "vods").mkdir(parents=True)
    (data / "facecams.csv").write_text("video,x0,y0,x1,y1\n*,0,0,1,1\n")
    path = data / f"vods/own.{variant.container}"
    recordings.make(variant, path, LENGTH, rng)
    truth = recordings.frames(path)
    ways = HOW if variant.video in COPIED else HOW[::2]
    stretches = draw(rng, cuts, truth[0][0], truth[-1][0])
    for place, how in enumerate(ways):
        chosen = sorted(stretches[place :: len(ways)])
        if not chosen:
            continue
        try:
            reads = how == "read"
            problems = wrong_reads(path, chosen, truth) if reads else wrong_cuts(project, path, chosen, truth, how)
        except (UserError, OSError) as error:
            if how == "copied":
                # Expected, for example with open groups of pictures; the error says so.
                counts["refused"] += len(chosen)
                continue
            problems = [f"refused: {error}"]
        counts[how] += len(chosen)
        counts["wrong"] += len(problems)
        for problem in problems:
            print(f"{variant.name}, {how}: {problem}", file=sys.stderr)
    return counts


def draw(rng: random.Random, cuts: int, first: float, last: float) -> list[tuple[float, float]]:
    """Draw stretches (seconds) that do not overlap, spread over the whole picture, in random order."""
    slot = (last - first) / cuts
    drawn = []
    for number in range(cuts):
        length = min(rng.uniform(MIN_SEGMENT, MAX_SEGMENT), slot * 0.9)
        start = first + number * slot + rng.uniform(0, slot * 0.99 - length)
        drawn.append((round(start, 3), round(start + length, 3)))
    rng.shuffle(drawn)
    return drawn


def wrong_cuts(
    project: Project, path: Path, chosen: Sequence[tuple[float, float]], truth: Sequence[tuple[float, int]], how: str
) -> list[str]:
    """Render stretches as a reel of their own; what is wrong with it."""
    encoder = "copy" if how == "copied" else "libx264"
    project.set_params(vods={"own": f"vods/{path.name}"}, render={"encoder": encoder})
    project.write("data/cuts/own.csv", "start,end\n" + "".join(f"{start},{end}\n" for start, end in chosen))
    write_timeline(project, [], recording.probe(path).duration, fps=10)
    with chdir(project.folder), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        render.main("own")
    return problems_of_reel(project.folder / "reels/own", truth)


def problems_of_reel(reel: Path, truth: Sequence[tuple[float, int]]) -> list[str]:
    """List the segments of a reel whose picture or sound differs from the recording, a line for each."""
    shown, heard = recordings.frames(reel / "reel.mp4"), videos.beep_times(reel / "reel.mp4").tolist()
    times = [time for time, _ in shown]
    problems = []
    for row in csv.DictReader((reel / "segments.csv").read_text().splitlines()):
        start, first, last = (float(row[key]) for key in ("start", "reel_start", "reel_end"))
        # At every moment rather than for every frame, or a frame that is missing would not be noticed.
        moments = np.arange(first + 1e-3, last - 1e-3, 1 / RATE).tolist()
        seen = [(start + moment - first, shown[bisect_right(times, moment) - 1][1]) for moment in moments]
        bad = [f"{number} at {time:.3f} s" for time, number in seen if number not in on_display(truth, time)]
        # Beeps begin every whole second; one that the cut's beginning has cut begins with it.
        end, beeps = start + last - first, [start + time - first for time in heard]
        off = [
            f"a beep at {beep:.3f} s"
            for beep in beeps
            if start + SOUND_TOLERANCE < beep < end - SOUND_TOLERANCE and abs(beep - round(beep)) > SOUND_TOLERANCE
        ]
        due = range(math.ceil(start + SOUND_TOLERANCE), math.floor(end - 0.1) + 1)
        off += [f"no beep at {time} s" for time in due if all(abs(beep - time) > SOUND_TOLERANCE for beep in beeps)]
        if bad or off:
            what = f"{start:.3f} s to {row['end']} s"
            problems.append(f"{what}: {len(bad)} frames ({', '.join(bad[:3])}), {', '.join(off[:3])}")
    return problems


def wrong_reads(path: Path, chosen: Sequence[tuple[float, float]], truth: Sequence[tuple[float, int]]) -> list[str]:
    """Read stretches as a scan does; those of which something else is seen, or that cannot be read."""
    extract = params.Extract(fps=10, size=recordings.WIDTH, decoder="software")
    problems = []
    for start, end in chosen:
        try:
            moments = features.read_moments(recording.probe(path), always(Box()), extract, start, max(end, start + 0.2))
        except UserError as error:
            problems.append(f"{start} s to {end} s: {error}")
            continue
        seen = zip(moments.times.tolist(), moments.frames[..., 0], strict=True)
        numbers = [(time, videos.number_of(frame)) for time, frame in seen]
        bad = [f"{number} at {time:.3f} s" for time, number in numbers if number not in on_display(truth, time)]
        if bad:
            problems.append(f"{start} s to {end} s: {len(bad)} moments ({', '.join(bad[:3])})")
    return problems


def on_display(truth: Sequence[tuple[float, int]], time: float) -> set[int]:
    """The numbers of the frames that a player may show at a time, give or take a frame's."""
    times = [time for time, _ in truth]
    first, last = (max(0, bisect_right(times, time + off) - 1) for off in (-TOLERANCE, TOLERANCE))
    return {number for _, number in truth[first : last + 1]}


if __name__ == "__main__":
    options = command_line.parser(__doc__)
    options.add_argument("words", nargs="*", help=f"how many cuts ({CUTS}), and a part of the name of a variant")
    words = options.parse_args().words
    cuts = int(words.pop(0)) if words and words[0].isdigit() else CUTS
    sys.exit(main(cuts, " ".join(words)) != 0)
