"""The two-pass scan: the first pass listens to the whole VOD, the second looks where it sounds like a highlight.

The first pass also reads the picture at a few moments, to measure the baseline of motion. The second pass looks at the
moments that are not clearly calm. If there are more of them than there can be highlights, it looks only at those that
sound most like highlights. Then every moment is scored by the signals that it has.
"""

from functools import partial

import numpy as np

from autotosis.model import acoustics, vod_model
from autotosis.model.labelled_moments import Labelled
from autotosis.model.model_file import Card
from autotosis.project import workers
from autotosis.scan import passes
from autotosis.scan.passes import Scan
from autotosis.signals import context, features
from autotosis.signals.face import FACE
from autotosis.signals.motion import MOTION
from autotosis.signals.signal import Glances, nearest
from autotosis.video.reading import keyframe_distance

# How much time before and after a doubtful moment is looked at (seconds). With less, the picture that is assumed around
# it blurs the edges of events: in recordings of other people, each with four kinds of sound, F1 at an IoU of 0.5 is
# 0.74 with 0.5, and 0.76 with 0.8. It is no higher with 1, and the scan takes longer.
MARGIN = 0.8
# Logits that differ by less than this are the same.
SAME = 1e-6
# Streams differ in their share of highlights. Up to this many times the prevalence is assumed to be possible.
MAX_TIMES_PREVALENCE = 3.0
# This much time is doubtful in any case (seconds): a short VOD may be full of highlights, and takes little time
# to look at.
MIN_DOUBTFUL = 60.0
# A moment whose sound has a lower logit is clearly calm. In eight recordings of other people, each with eight kinds of
# sound (as it is, quieter, compressed, gated, with music or gunfire), -1 finds as many highlights as -1.5, and the scan
# of an hour of the sample looks at a fifth less. With -0.75, some are lost.
CLEARLY_CALM = -1.0
# Keyframes that are farther apart than this make looking slow (seconds). Streaming services require one every two
# seconds, but some recorders write one every ten.
FAR_APART = 5.0


def score(
    scan: Scan, name: str, card: Card, labelled: Labelled, chat_logits: np.ndarray, two_passes: bool
) -> tuple[np.ndarray, float]:
    """Score every moment of a VOD.

    Parameters
    ----------
    scan : Scan
        The VOD, and how to read it.
    name : str
        The VOD's name in messages.
    card : Card
        The model's parameters, from `model_file.load`.
    labelled : Labelled
        The labelled moments to learn from, from `Labelled.for_vod`.
    chat_logits : ndarray of float64, shape (moments,)
        What the chat adds to the logit of each moment, from `ChatWeight.logits`.
    two_passes : bool
        Whether to look only where the first pass is in doubt; False looks everywhere.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The probability of a highlight at each moment, 0 to 1.
    float
        The share of the VOD that was looked at, 0 to 1.
    """
    fps = scan.extract.fps
    sound, glances = first_pass(scan, name)
    labelled = acoustics.with_copies(labelled, sound)
    values = np.full((len(sound), features.COLUMNS), np.nan, np.float32)
    values[:, features.AUDIO_COLUMNS] = sound
    values = context.relative(values, fps)
    wanted = np.full(len(values), True)
    if two_passes:
        keyframes = keyframe_distance(scan.recording)
        if keyframes > FAR_APART:
            print(
                f"{name}: its keyframes are {keyframes:.0f} s apart, so the scan must decode much more than it looks at"
            )
        wanted = around(in_doubt(labelled, values, chat_logits, fps, card), fps, keyframes)
    stretches = passes.stretches(wanted, fps)
    looked = workers.run_parallel(partial(passes.look, scan), stretches, f"look at {name}", "stretches")
    seen, network_logits = (np.concatenate(parts) for parts in zip(*looked, strict=True))
    values[wanted, features.VISUAL_COLUMNS] = seen
    for signal in features.VISUAL:
        columns = features.columns(signal)
        values[:, columns] = signal.relative(values[:, columns], fps, glances.get(signal.name))
    values[:, features.VISUAL_COLUMNS] = visible(values[:, features.VISUAL_COLUMNS], labelled, fps, name)
    # Where the streamer is not shown, there is no face to score.
    network_logits[~features.has_picture(values[wanted])] = 0
    # The picture is assumed to stay the same around what was looked at. Otherwise it would be missing in every window
    # that reaches beyond, and recordings of other people would be cut worse.
    closest = nearest(np.flatnonzero(wanted), len(values))
    near = abs(np.arange(len(values)) - closest) <= context.reach(fps)
    values[near, features.VISUAL_COLUMNS] = values[closest[near], features.VISUAL_COLUMNS]
    probabilities = vod_model.score(labelled, values, wanted, network_logits, chat_logits, fps, card)
    return probabilities, float(wanted.mean())


def first_pass(scan: Scan, name: str) -> tuple[np.ndarray, dict[str, Glances]]:
    """Listen to the whole VOD, and glance at a few of its moments.

    Parameters
    ----------
    scan : Scan
        The VOD, and how to read it.
    name : str
        The VOD's name in messages.

    Returns
    -------
    ndarray of float32, shape (moments, columns of the sound)
        The signals of the sound, as in `features.Moments`.
    dict of str to Glances
        The glances at each signal that has any, by the signal's name; empty if the VOD is too short for glances.
    """
    places: dict[float, np.ndarray] = {}
    parts = passes.stretches(np.full(scan.moments, True), scan.extract.fps)
    listened = workers.run_parallel(partial(passes.listen, scan), parts, f"listen to {name}", "stretches")
    heard = []
    for sound, glances in listened:
        heard.append(sound)
        # Neighbouring stretches may glance at the same keyframe, so keep each only once.
        places |= dict(glances)
    ascending = sorted(places)
    moved = np.array([places[place] for place in ascending], np.float32).ravel()
    sound = features.without_muted(np.concatenate(heard), scan.extract.fps)
    return sound, {MOTION.name: (np.array(ascending), moved)} if places else {}


def in_doubt(labelled: Labelled, values: np.ndarray, chat_logits: np.ndarray, fps: float, card: Card) -> np.ndarray:
    """Choose the moments that can be highlights, as far as their sound tells.

    Parameters
    ----------
    labelled : Labelled
        The labelled moments, from which a model is fitted to the sound of the VOD.
    values : ndarray of float32, shape (moments, features.COLUMNS)
        The signals of the sound, from `context.relative`; those of the picture are NaN.
    chat_logits : ndarray of float64, shape (moments,)
        As in `score`. Where much is written, it need not be as loud.
    fps : float
        Moments per second, Hz.
    card : Card
        The model's parameters.

    Returns
    -------
    ndarray of bool, shape (moments,)
        Whether each moment is not clearly calm, and among the largest share that can be highlights; or has no sound.
        All of them, if they all sound the same, or if most clips are silent.
    """
    logits = vod_model.score_sound(labelled, values, fps, card.prevalence)
    if np.ptp(logits) < SAME or labelled.unknown_signals[features.AUDIO_COLUMNS].all():
        # The VOD or most clips are silent, so sound cannot tell where to look.
        return np.full(len(values), True)
    ranking = logits + np.maximum(chat_logits, 0)
    sounds = ~np.isnan(values[:, features.AUDIO_COLUMNS]).any(axis=1)
    share = max(MAX_TIMES_PREVALENCE * card.prevalence, MIN_DOUBTFUL * fps / np.count_nonzero(sounds))
    possible = np.quantile(ranking[sounds], max(0.0, 1 - share))
    return np.asarray(~sounds | (ranking >= max(CLEARLY_CALM, possible)))


def visible(picture: np.ndarray, labelled: Labelled, fps: float, name: str) -> np.ndarray:
    """Remove the signals of the picture where it does not show the streamer, and say so if it never does.

    Parameters
    ----------
    picture : ndarray of float32, shape (moments, columns of the picture)
        The signals of the picture of the whole VOD, from `Signal.relative`.
    labelled : Labelled
        The labelled moments. If faces are seldom found in their highlights either, nothing is removed.
    fps : float
        Moments per second, Hz.
    name : str
        The VOD's name in messages.

    Returns
    -------
    ndarray of float32, shape (moments, columns of the picture)
        The signals that are left, from `features.without_faceless`.
    """
    if labelled.unknown_signals[features.columns(FACE)].any():
        return picture
    left = features.without_faceless(picture, fps)
    if features.has_picture(picture).any() and not features.has_picture(left).any():
        print(
            f"{name}: hardly any face is found in the picture, so only the sound is judged; if there is a face camera, "
            "give its position in facecams.csv"
        )
    return left


def around(doubtful: np.ndarray, fps: float, keyframes: float) -> np.ndarray:
    """Choose the moments to look at: those in doubt, the last one, and the time around them.

    Parameters
    ----------
    doubtful : ndarray of bool, shape (moments,)
        Whether each moment is in doubt.
    fps : float
        Moments per second, Hz.
    keyframes : float
        The distance between keyframes, seconds. Decoding a moment begins at the keyframe before it.

    Returns
    -------
    ndarray of bool, shape (moments,)
        Whether to look at each moment.
    """
    reach = round(MARGIN * fps) + features.reach(fps)
    # Reading the last moment shows whether the file is complete.
    doubtful = np.append(doubtful[:-1], True)
    wanted = np.convolve(doubtful, np.ones(2 * reach + 1))[reach : reach + len(doubtful)] > 0
    # A short gap would be decoded anyway, so look at it too.
    edges = np.flatnonzero(np.diff(wanted))
    for end, start in zip(edges, edges[1:], strict=False):
        if wanted[end] and start - end < keyframes / 2 * fps:
            wanted[end : start + 1] = True
    return wanted
