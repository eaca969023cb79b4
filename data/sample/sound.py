"""The sound of a procedural video: a voice, voice chat, a game with music, engine, beeps and explosions."""

import functools

import numpy as np
from scipy.signal import lfilter

from data.sample.script import Script, Syllable

RATE = 48000
# Centre frequencies in hertz, rough averages for a, e, i, o, u.
FORMANTS = ((750, 1200, 2500), (500, 1800, 2500), (300, 2200, 2900), (500, 900, 2400), (330, 800, 2300))
# Loudness, roughness (0 to 1) and distortion; a teammate shouts just as the streamer does.
VOICES = {
    "talk": (0.16, 0.05, 1.0),
    "cheer": (0.6, 0.25, 2.5),
    "shout": (0.55, 0.8, 6.0),
    "teammate": (0.55, 0.8, 6.0),
    "song": (0.6, 0.65, 5.0),
    "guest": (0.6, 0.6, 4.0),
}


def soundtrack(script: Script) -> np.ndarray:
    """Synthesise a video's whole sound.

    Returns
    -------
    int16 array, shape (round(duration * RATE),)
        One channel at `RATE` samples a second.
    """
    rng = script.generator("sound")
    track = _game(script, rng)
    voice = rng.uniform(0.85, 1.15)
    for syllable in script.syllables:
        _add(track, syllable.start, voice * _syllable(syllable, rng))
    for event in script.of_kind("explosion"):
        for start in np.arange(event.start, event.end - 0.3, 0.45):
            _add(track, start, _explosion(rng, min(1.4, event.end + 0.6 - start)))
    for event in script.of_kind("rage"):
        for start in pounding(event.start, event.end, event.variant):
            _add(track, start, _thump(rng))
    # Microphones and streaming mixers clip.
    np.clip(track, -0.89, 0.89, out=track)
    track *= 32767
    return track.astype(np.int16)


def pounding(start: float, end: float, variant: int) -> np.ndarray:
    """When the fist hits the desk in an outburst, seconds: two in four variants pound.

    Returns
    -------
    float array, shape (hits,)
    """
    return np.arange(start + 0.2, end - 0.05, 0.36) if variant < 2 else np.zeros(0)


def _add(track: np.ndarray, start: float, sound: np.ndarray) -> None:
    first = int(start * RATE)
    part = track[first : first + len(sound)]
    part += sound[: len(part)]


def _envelope(count: int, attack: float, release: float) -> np.ndarray:
    """Return an envelope, float32 of shape (count,), that rises for `attack` and falls for `release` seconds."""
    time = np.arange(count, dtype=np.float32) / RATE
    return np.minimum(1, np.minimum(time / attack, (count / RATE - time) / release))


def _resonance(signal: np.ndarray, frequency: float, width: float) -> np.ndarray:
    radius = np.exp(-np.pi * width / RATE)
    angle = 2 * np.pi * frequency / RATE
    return lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], signal)


def _syllable(syllable: Syllable, rng: np.random.Generator) -> np.ndarray:
    loudness, roughness, distortion = VOICES[syllable.voice]
    count = int(syllable.length * RATE)
    time = np.arange(count, dtype=np.float32) / RATE
    loud = distortion > 1
    glide = 1 + (0.12 if loud else 0.06) * np.sin(np.pi * time / syllable.length)
    pitch = syllable.pitch * (glide + roughness * 0.03 * np.sin(2 * np.pi * 31 * time))
    phase = np.cumsum(pitch) / RATE
    breath = rng.standard_normal(count, np.float32)
    source = 1 - 2 * (phase % 1) + (0.03 + 0.35 * roughness) * breath
    # Screaming folds beat at half the pitch.
    source *= 1 - 0.5 * roughness * (0.5 + 0.5 * np.sin(np.pi * phase))
    source *= _envelope(count, 0.02, 0.06)
    source[: RATE // 40] += 0.5 * breath[: RATE // 40]
    stretch = 1.15 if loud else 1.0
    formants = FORMANTS[syllable.vowel]
    sound = sum(
        _resonance(source, formant * stretch, 90 + 0.05 * formant) * gain
        for formant, gain in zip(formants, (1.0, 0.7, 0.5 if loud else 0.25), strict=True)
    )
    sound /= np.abs(sound).max() + 1e-9
    sound = np.tanh(distortion * sound) / np.tanh(distortion)
    return (loudness * syllable.strength * sound).astype(np.float32)


def _explosion(rng: np.random.Generator, seconds: float) -> np.ndarray:
    count = int(seconds * RATE)
    noise = rng.standard_normal(count, np.float32)
    time = np.arange(count, dtype=np.float32) / RATE
    rumble = lfilter([0.12], [1, -0.88], noise) + 3 * lfilter([0.012], [1, -0.988], noise)
    bang = np.tanh(4 * rumble * np.exp(-time * 3.5)) + 0.4 * noise * np.exp(-time * 14)
    return 0.7 * bang * _envelope(count, 0.003, 0.1)


def _thump(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(RATE // 8, dtype=np.float32) / RATE
    knock = rng.standard_normal(len(time), np.float32) * np.exp(-time * 90)
    return 0.3 * (np.sin(2 * np.pi * 85 * time) * np.exp(-time * 28) + knock)


def _game(script: Script, rng: np.random.Generator) -> np.ndarray:
    count = round(script.duration * RATE)
    tune = _music(int(rng.integers(3)))
    music, engine, turn = rng.uniform((0.04, 0.03, 0.7), (0.11, 0.07, 1.3))
    track = np.zeros(count, np.float32)
    # Loop by loop, so that no second array is as long as the track.
    for first in range(0, count, len(tune)):
        part = track[first : first + len(tune)]
        time = np.arange(first, first + len(part)) / RATE
        # The integral of a pitch of 55 Hz that wavers by 14 Hz.
        phase = 55 * time - 14 / turn * np.cos(turn * time)
        part += engine * (2 * (phase % 1) - 1)
        for event in script.of_kind("away"):
            part[(event.start <= time) & (time < event.end)] = 0
        part += music * tune[: len(part)]
    for event in script.of_kind("song", "music"):
        first, end = int(event.start * RATE), int(event.end * RATE)
        _add(track, event.start, 0.4 * _envelope(end - first, 0.3, 0.5) * np.take(tune, range(first, end), mode="wrap"))
    for start in np.cumsum(rng.exponential(1.6, int(script.duration))):
        if rng.random() < 0.7:
            _add(track, start, _beep(rng))
        else:
            _add(track, start, 0.15 * _explosion(rng, 0.5))
    return track


def _beep(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(RATE // 5, dtype=np.float32) / RATE
    pitch = rng.choice([660, 880, 990]) * np.where(time < 0.07, 1.0, 1.5)
    return 0.08 * np.sign(np.sin(2 * np.pi * pitch * time)) * np.exp(-time * 14)


@functools.cache
def _music(tune: int) -> np.ndarray:
    """A loop of eight bars, float32, shape (samples,), peak near 1."""
    step = int((0.125, 0.14, 0.115)[tune] * RATE)
    time = np.arange(2 * step, dtype=np.float32) / RATE
    roots = ((57, 53, 48, 55), (50, 46, 53, 48), (52, 55, 50, 57))[tune]
    chords = ((0, 3, 7, 12), (0, 4, 7, 12), (0, 7, 10, 15))[tune]
    loop = np.zeros(16 * 8 * step + len(time), np.float32)
    noise = np.random.default_rng(tune).standard_normal(len(time), np.float32)

    def tone(note: float, decay: float) -> np.ndarray:
        # Equal temperament: A4 is note 69 at 440 Hz.
        phase = 440 * 2 ** ((note - 69) / 12) * time
        return (np.sin(2 * np.pi * phase) + 0.3 * np.sin(6 * np.pi * phase)) * np.exp(-time * decay)

    for beat in range(16 * 8):
        root = roots[beat // 32]
        sound = 0.3 * tone(root + 12 + chords[beat * (3, 5, 7)[tune] % 4], 9)
        if beat % 4 in (0, 3):
            sound = sound + 0.5 * tone(root - 12, 6)
        if beat % 4 == 2:
            sound = sound + 0.12 * noise * np.exp(-time * 60)
        loop[beat * step : beat * step + len(time)] += sound
    loop[: len(time)] += loop[-len(time) :]
    return loop[: -len(time)]
