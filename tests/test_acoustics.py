"""Copies of labelled moments sound as if they were recorded in the VOD."""

from pathlib import Path

import numpy as np
import pytest

from autotosis.model import acoustics
from autotosis.model.labelled_moments import EVERY, Labelled
from autotosis.signals import context, features
from autotosis.signals.cepstrum import BASELINE_SHARE
from autotosis.video import recording
from tests import videos

FPS, SECONDS = 10.0, 20


def voice(times: np.ndarray) -> np.ndarray:
    """A buzz of 200 Hz that gets louder and quieter four times a second, and all the louder in every other second."""
    return videos.buzz(200 * times) * (1 + np.sin(8 * np.pi * times)) * np.where(times % 2 < 1, 0.002, 0.2)


def noise(times: np.ndarray) -> np.ndarray:
    return 0.02 * np.random.default_rng(3).normal(size=len(times))


def muffled(sound: np.ndarray) -> np.ndarray:
    """Attenuate frequencies above 1 kHz by 30 dB."""
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / videos.RATE) > 1000] *= 0.03
    return np.fft.irfft(spectrum, len(sound))


def heard(path: Path, *sounds: np.ndarray) -> np.ndarray:
    """Make a video with the sum of some sounds; return its signals of the sound."""
    videos.write(path, [0.0], lambda _: videos.grey(0), lambda _: sum(sounds), SECONDS)
    return features.read_audio(recording.probe(path), np.arange(SECONDS * FPS) / FPS)


def surroundings(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the surroundings of all moments, and the baselines of their sound."""
    signals = np.full((len(sound), features.COLUMNS), np.nan, np.float32)
    signals[:, features.AUDIO_COLUMNS] = sound
    values = context.relative(signals, FPS)
    return context.windows(values, FPS), (signals - values)[:, features.AUDIO_COLUMNS]


def labelled(sound: np.ndarray) -> Labelled:
    """Label each moment with this sound; the last ones are of an excerpt, on which nothing is measured."""
    (contexts, baselines), count = surroundings(sound), len(sound)
    ones, of_clips = np.ones(count), np.arange(count) < 150
    return Labelled(contexts, baselines, np.arange(count) % 2, ones, np.zeros(count), of_clips, ones, ones * EVERY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("sounds")


@pytest.fixture(scope="module")
def times() -> np.ndarray:
    return np.arange(SECONDS * videos.RATE) / videos.RATE


@pytest.fixture(scope="module")
def known(folder, times) -> Labelled:
    return labelled(heard(folder / "clip.mp4", voice(times)))


def error(contexts: np.ndarray, expected: np.ndarray, column: int) -> float:
    """Return the mean difference in one column of the sound."""
    return float(np.abs(contexts[:150] - expected[:150])[:, :, features.AUDIO_COLUMNS.start + column].mean())


@pytest.mark.parametrize(
    "microphone, noisy, columns",
    [(lambda sound: sound, True, (0, 1)), (lambda sound: sound / 10, False, (0,)), (muffled, False, (1,))],
    ids=["noisy", "quiet", "muffled"],
)
def test_a_copy_sounds_as_if_the_clip_had_been_recorded_in_the_vod(folder, times, known, microphone, noisy, columns):
    """The same voice is 4 dB louder in the VOD. A copy of a moment must be as the microphone would record the clip."""
    background = noisy * noise(times)
    in_vod = heard(folder / "vod.mp4", microphone(1.65 * voice(times)), background)
    copies = acoustics.with_copies(known, in_vod).contexts[len(known.labels) :]
    expected, _ = surroundings(heard(folder / "recorded.mp4", microphone(voice(times)), background))
    # The first column tells how loud the sound is, the second how dull.
    for column in columns:
        assert error(copies, expected, column) < 0.2 * error(known.contexts, expected, column)


@pytest.mark.parametrize("gain, louder", [(3, 0), (100, 21)])
def test_copies_are_louder_only_where_the_vod_is_louder_than_by_its_noise(folder, times, known, gain, louder):
    """A VOD that is 3 times as loud may have a game, and one that is 100 times as loud is recorded so."""
    in_vod = heard(folder / "loud.mp4", gain * 0.01 * voice(times) * (times % 4 > 2))
    quiet = labelled(heard(folder / "quiet.mp4", 0.01 * voice(times)))
    copies = acoustics.with_copies(quiet, in_vod).contexts[len(quiet.labels) :]
    column = features.AUDIO_COLUMNS.start
    raised = (copies - quiet.contexts[:150])[:, context.PRESENT, column].mean() / (1 - BASELINE_SHARE)
    # In the first coefficient, to which 100 times as loud adds 37.
    assert raised == pytest.approx(louder, abs=2)


def test_only_moments_of_clips_are_copied_and_with_its_copy_each_weighs_as_much_as_before(known):
    beside = acoustics.with_copies(known, np.tile(np.float32(-30), (100, 8)))
    assert len(beside.labels) == 200 + 150
    assert beside.weights.tolist() == pytest.approx([1 / 3] * 150 + [1] * 50 + [2 / 3] * 150)
    assert (beside.labels[200:] == known.labels[:150]).all()


@pytest.mark.parametrize("silent", ["the VOD", "the clips"])
def test_without_sound_nothing_is_copied(known, silent):
    sound = np.full((100, 8), np.nan, np.float32)
    if silent == "the clips":
        known, sound = labelled(np.tile(sound, (2, 1))), np.zeros_like(sound)
    assert len(acoustics.with_copies(known, sound).labels) == 200
