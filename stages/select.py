"""Decide what the reel of a VOD shows: the cut list, data/cuts/<vod>.csv.

Where the probability rises above the decision threshold, there is an event. Events are padded and limited as `select`
in params.yaml says, and their edges move to scene changes or pauses. If the streamer's folder has edits/<vod>.csv, that
table is the cut list instead. Run from the project's folder: python -m stages.select demo
"""

from autotosis.annotations import configuration
from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import cut_list, segments, snapping
from autotosis.cuts.segments import Choice, Segment
from autotosis.model import model_file
from autotosis.project import command_line, params
from autotosis.scan import timeline
from autotosis.video import recording
from autotosis.video.recording import Recording

# Warn if the reel is more than this share of its VOD.
LONG = 0.5


def main(name: str) -> None:
    config = configuration.for_select(params.load(), name)
    vod = recording.probe(config.video)
    if config.edits:
        chosen = cut_list.read_table(config.edits, name, vod.duration)
        print(f"{name}: the cut list is {config.edits}, segments: {len(chosen)}")
    else:
        chosen = choose(config, vod)
    cut_list.write(name, chosen)


def choose(config: SelectConfig, vod: Recording) -> list[Segment]:
    """Choose segments by the model's probabilities, and move their edges to where a cut is not noticed."""
    card, (times, probabilities) = model_file.read_card(), timeline.read_timeline(config.name, vod.duration)
    choice = segments.choose(times, probabilities, vod.duration, card.threshold, card.prevalence, config.select)
    report(config.name, choice, vod.duration)
    if choice.threshold > card.threshold and not config.select.threshold and not config.select.invert:
        print(
            f"{config.name}: the decision threshold was raised from {card.threshold:.2f} to {choice.threshold:.2f}, "
            "because events exceeded select.max_times_prevalence; label its segments in labels.csv, above all false "
            "positives"
        )
    return snapping.snap(vod, config.facecam, choice.reel, config.select)


def report(name: str, choice: Choice, duration: float) -> None:
    """Print what was chosen, and what to change if it is nothing or too much."""
    seconds = segments.seconds(choice.reel)
    print(f"{name}: segments: {len(choice.reel)}, seconds: {seconds:.1f}")
    if not choice.reel and choice.level.max() >= choice.threshold:
        print(
            f"{name}: nothing to show: every event above the decision threshold is shorter than select.min_length, or "
            "its segment is longer than select.max_duration"
        )
    elif not choice.reel:
        print(
            f"{name}: nothing to show: the smoothed probability never exceeds {choice.level.max():.2f}, and the "
            f"decision threshold is {choice.threshold:.2f}; set select.threshold to a lower one"
        )
    elif seconds > LONG * duration:
        print(
            f"{name}: the reel is {seconds / duration:.0%} of the VOD; raise select.threshold or select.release, or "
            "lower train.prevalence"
        )


if __name__ == "__main__":
    command_line.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
