"""What happens when in one procedural video: the events, and every syllable that is spoken or shouted."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Each of these resembles an outburst in sound or in picture, but not in both.
DISTRACTORS = ("explosion", "cheer", "hand", "grimace", "light", "teammate")
# These resemble one in both, and no clip shows them: singing along to loud music, laughing with a guest, loud music.
PARTY = ("song", "laughter", "music")
SECONDS = {
    "explosion": (0.8, 1.6),
    "cheer": (1.5, 3.0),
    "hand": (1.5, 3.0),
    "grimace": (1.2, 2.5),
    "light": (0.8, 1.8),
    "teammate": (1.2, 2.8),
    "song": (3.0, 5.0),
    "laughter": (1.5, 3.0),
    "music": (3.0, 5.0),
}
# No small talk while these go on: the streamer is busy, or must be seen to be silent.
WITHOUT_TALK = ("rage", "cheer", "hand", "grimace", "teammate", "away", *PARTY)
# Whose voice is heard in an event, if any.
HEARD = {"rage": "shout", "cheer": "cheer", "teammate": "teammate", "song": "song", "laughter": "guest"}
VOWELS = 5


@dataclass(frozen=True)
class Event:
    """Something that happens from `start` to `end` (seconds); `variant` chooses how it is played."""

    kind: str
    start: float
    end: float
    variant: int


@dataclass(frozen=True)
class Syllable:
    """One spoken syllable: `start` and `length` in seconds, `pitch` in hertz, `vowel` below `VOWELS`."""

    voice: str
    start: float
    length: float
    strength: float
    vowel: int
    pitch: float


@dataclass(frozen=True)
class Script:
    """A video's plan: its name seeds all random generators, `duration` is in seconds."""

    name: str
    session: str
    seed: int
    duration: float
    events: tuple[Event, ...]
    syllables: tuple[Syllable, ...]

    def generator(self, purpose: str) -> np.random.Generator:
        """Make a random generator for one purpose, the same in every process."""
        return generator(self.seed, f"{self.name}/{purpose}")

    def of_kind(self, *kinds: str) -> list[Event]:
        """The events of these kinds, in order of time."""
        return [event for event in self.events if event.kind in kinds]


def generator(seed: int, name: str) -> np.random.Generator:
    """Make a random generator that depends only on the seed and the name."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def clip_script(name: str, session: str, seed: int, duration: float, rages: bool, distractors: Sequence[str]) -> Script:
    """Plan a clip with at most one outburst, and as many of the distractors as it has time for."""
    rng = generator(seed, f"{name}/events")
    fixed = [("rage", rng.uniform(1.5, max(1.5, min(5.0, 0.45 * duration))))] if rages else []
    count = 1 if duration < 6 else 2
    return Script(name, session, seed, duration, *_plan(duration, fixed, distractors[:count], rng))


def vod_script(
    name: str, session: str, seed: int, duration: float, least: int = 2, kinds: Sequence[str] = DISTRACTORS
) -> Script:
    """Plan a VOD: outbursts for 5 % of its time (`least` or more), distractors of `kinds`, a scene without camera."""
    rng = generator(seed, f"{name}/events")
    outbursts = max(least, round(0.05 * duration / 2.4))
    weights = rng.uniform(0.7, 1.5, outbursts)
    lengths = np.clip(weights / weights.mean() * 0.05 * duration / outbursts, 1.5, 4.0)
    fixed = [("rage", length) for length in lengths] + [("away", min(15.0, duration / 12))]
    distractors = [kinds[i % len(kinds)] for i in range(3 * outbursts)]
    return Script(name, session, seed, duration, *_plan(duration, fixed, distractors, rng))


def _plan(
    duration: float, fixed: list[tuple[str, float]], distractors: Sequence[str], rng: np.random.Generator
) -> tuple[tuple[Event, ...], tuple[Syllable, ...]]:
    taken = sum(length for _, length in fixed)
    longest = (0.7 * duration - taken) / max(1, len(distractors))
    # Shorter than half a second, nobody would notice them.
    kinds = distractors if longest > 0.5 else ()
    flexible = [(kind, min(longest, rng.uniform(*SECONDS[kind]))) for kind in kinds]
    events = _place(fixed + flexible, duration, rng)
    return events, _speech(events, duration, rng)


def _place(wanted: list[tuple[str, float]], duration: float, rng: np.random.Generator) -> tuple[Event, ...]:
    order = rng.permutation(len(wanted))
    free = duration - sum(length for _, length in wanted)
    # A gap never vanishes: an outburst's edges stay its own, however roughly they are labelled.
    gaps = free * (0.5 / (len(wanted) + 1) + 0.5 * rng.dirichlet(np.ones(len(wanted) + 1)))
    events, time = [], 0.0
    for gap, index in zip(gaps[:-1], order, strict=True):
        kind, length = wanted[index]
        start = round(float(time + gap), 2)
        events.append(Event(kind, start, round(float(start + length), 2), int(rng.integers(4))))
        time += gap + length
    return tuple(events)


def _speech(events: tuple[Event, ...], duration: float, rng: np.random.Generator) -> tuple[Syllable, ...]:
    syllables = []
    talkative = rng.uniform(0.5, 1.5)
    time = 0.0
    busy = [event for event in events if event.kind in WITHOUT_TALK]
    for event in [*busy, Event("end", duration, duration, 0)]:
        while (time := time + rng.uniform(0.2, 1.2) / talkative) < event.start - 0.7:
            end = min(time + rng.uniform(0.8, 2.6), event.start - 0.2)
            syllables += _phrase("talk", time, end, rng)
            time = end
        if event.kind in HEARD:
            syllables += _phrase(HEARD[event.kind], event.start, event.end, rng)
        time = event.end + 0.3
    return tuple(syllables)


def _phrase(voice: str, start: float, end: float, rng: np.random.Generator) -> list[Syllable]:
    shortest, longest, low, high, gap, often = {
        "talk": (0.12, 0.25, 115, 160, 0.15, 0.25),
        "cheer": (0.13, 0.28, 190, 320, 0.12, 0.25),
        "shout": (0.22, 0.50, 230, 360, 0.06, 0.25),
        "teammate": (0.22, 0.50, 220, 350, 0.06, 0.25),
        "song": (0.25, 0.60, 200, 360, 0.08, 0.25),
        "guest": (0.10, 0.16, 260, 400, 0.05, 1.0),
    }[voice]
    syllables, time = [], start
    while end - time > 0.08:
        length = min(rng.uniform(shortest, longest), end - time)
        strength, vowel = rng.uniform(0.7, 1.0), int(rng.integers(VOWELS))
        # Sentences fall in pitch towards their end.
        fall = 1.08 - 0.16 * (time - start) / (end - start)
        syllables.append(Syllable(voice, time, length, strength, vowel, rng.uniform(low, high) * fall))
        time += length + (gap * rng.uniform(0.5, 1.5) if rng.random() < often else 0.0)
    return syllables
