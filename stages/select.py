"""Decide what the reel of a VOD shows, data/cuts/<vod>.csv, and what a reviewer should judge, data/review/<vod>.csv.

Where the probability rises above the decision threshold, there is an event. Events are padded and limited as `select`
in params.yaml says, and their edges move to scene changes or pauses. Rows of labels.csv about the VOD have the last
word, and are not asked about again. If the streamer's folder has edits/<vod>.csv, that table is the cut list instead.
Run from the project's folder: python -m stages.select demo
"""

from autotosis.annotations import config_files, configuration, facecams
from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import cut_list, marks, review_list, segments, selection, snapping
from autotosis.cuts.segments import Segment
from autotosis.cuts.selection import Choice
from autotosis.project import command_line, files, inputs, params
from autotosis.scan.timeline import read_timeline
from autotosis.video import recording

# Warn if the reel is more than this share of its VOD.
LONG = 0.5


def main(name: str) -> None:
    config = config_files.recorded("select", configuration.for_select(params.load(), name))
    before, vod = inputs.snapshot(config.video), recording.probe(config.video, config.sounds)
    choice = selection.choose(config, read_timeline(name, vod.duration), vod.duration)
    labelled = selection.labels_of(config, vod.duration)
    # The calmest moments are what `invert` is asked for.
    calm = [] if config.select.invert else [label for label in labelled if not label.score]
    marked = [] if config.select.marks == "ignore" else marks.read(config, vod, choice.smoothed)
    if config.edits:
        reel = cut_list.read_kept(config.edits, name, vod.duration)
        without_marks = "; marks are not added to it" if config.select.marks == "keep" and marked else ""
        print(f"{name}: the cut list is {config.edits}, segments: {len(reel)}{without_marks}")
    else:
        chosen = choice.reel
        if config.select.marks == "keep":
            both = sorted([*chosen, *marks.without(marked, calm, choice.smoothed)], key=lambda segment: segment.start)
            chosen = segments.join(both, config.select.min_gap, calm)
        reel = snapping.snap(vod, facecams.for_vod(name, config.facecam), chosen, config.select, calm)
        report(config, choice, reel, vod.duration)
    to_judge = review_list.to_judge(choice, config.select.invert, labelled, marked, vod.duration)
    inputs.check_unchanged(before)
    with files.replacing_all(cut_list.path(name), review_list.path(name)) as (cuts, review):
        cut_list.write(cuts, name, reel)
        review_list.write(review, to_judge)


def report(config: SelectConfig, choice: Choice, reel: list[Segment], duration: float) -> None:
    """Print what the reel shows, and what to change if it is nothing or too much.

    Parameters
    ----------
    config : SelectConfig
        The VOD and the parameters of selection.
    choice : Choice
        What was chosen from the timeline.
    reel : list of Segment
        The segments of the reel: those that were chosen, and marks.
    duration : float
        The length of the VOD, seconds.
    """
    name, seconds, highest = config.name, segments.seconds(reel), choice.smoothed.probabilities.max()
    print(f"{name}: segments: {len(reel)}, seconds: {seconds:.1f}")
    if not reel and highest >= choice.threshold:
        print(
            f"{name}: nothing to show: every event above the decision threshold is shorter than select.min_length, or "
            "its segment is longer than select.max_duration"
        )
    elif not reel:
        print(
            f"{name}: nothing to show: the smoothed probability never exceeds {highest:.2f}, and the decision "
            f"threshold is {choice.threshold:.2f}; set select.threshold to a lower value"
        )
    elif seconds > LONG * duration:
        print(
            f"{name}: the reel is {seconds / duration:.0%} of the VOD; raise select.threshold or select.release, or "
            "lower train.prevalence"
        )
    if choice.threshold > selection.THRESHOLD and not config.select.threshold and not config.select.invert:
        print(
            f"{name}: the decision threshold was raised from {selection.THRESHOLD} to {choice.threshold:.2f}, because "
            "events exceeded select.max_times_prevalence; label its segments in labels.csv, above all false positives"
        )


if __name__ == "__main__":
    command_line.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
