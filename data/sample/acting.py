"""How the streamer moves: the face, the head and the hands at every moment of a script."""

from typing import NamedTuple

import numpy as np

from data.sample.script import Event, Script
from data.sample.sound import pounding

Tracks = dict[str, np.ndarray]


class Pose(NamedTuple):
    """The streamer in one frame: places in heights of the picture, angles in radians, the rest 0 to 1."""

    x: float  # the head's way from its place of rest
    y: float
    size: float  # 1 at rest
    tilt: float
    turn: float  # -1 left to 1 right
    nod: float  # -1 up to 1 down
    anger: float
    joy: float
    brows: float  # -1 down to 1 up
    lids: float  # 0 shut, 1 open
    gaze: float  # -1 left to 1 right
    mouth: float
    red: float
    left_x: float  # the hands, from below the head's place of rest
    left_y: float
    right_x: float
    right_y: float
    cup: float
    flash_u: float  # coloured light on the face
    flash_v: float
    light: float  # 1 at rest


REST = {"left_x": -0.27, "left_y": 0.93, "right_x": 0.27, "right_y": 0.93}


def act(script: Script, times: np.ndarray) -> list[Pose]:
    """Play the script.

    Parameters
    ----------
    script : Script
    times : float array, shape (frames,)
        Seconds from the video's start. The same moment gives the same pose whatever moments are asked for.

    Returns
    -------
    list of Pose
        One for each time.
    """
    tracks = {name: np.zeros(len(times)) for name in Pose._fields}
    for name, value in {**REST, "size": 1.0, "lids": 1.0, "light": 1.0, "joy": 0.25}.items():
        tracks[name] += value
    rng = script.generator("acting")
    tracks["x"] += _sway(times, rng, 0.02, 5.0)
    tracks["y"] += _sway(times, rng, 0.008, 3.5)
    tracks["tilt"] += _sway(times, rng, 0.05, 6.0)
    tracks["turn"] += _sway(times, rng, 0.45, 4.5)
    tracks["gaze"] += np.round(_sway(times, rng, 1.2, 2.5) * 2) / 2
    tracks["brows"] += _sway(times, rng, 0.2, 3.0)
    tracks["light"] += _sway(times, rng, 0.08, 90.0) + _sway(times, rng, 0.02, 0.7)
    tracks["left_x"] += _sway(times, rng, 0.02, 2.0)
    tracks["right_x"] += _sway(times, rng, 0.03, 1.3)
    _talk(script, times, tracks, rng)
    for blink in np.cumsum(rng.uniform(1.5, 4.5, int(script.duration) + 2)):
        tracks["lids"] *= np.clip(np.abs(times - blink) / 0.08 - 0.4, 0, 1)
    for event in script.events:
        play = PLAYS.get(event.kind)
        if play:
            play(event, times, tracks)
    return [Pose(*frame) for frame in np.stack([tracks[name] for name in Pose._fields], 1).tolist()]


def _sway(times: np.ndarray, rng: np.random.Generator, amount: float, period: float) -> np.ndarray:
    """A slow wandering between about -amount and amount."""
    first, second = rng.uniform(0, 2 * np.pi, 2)
    angle = 2 * np.pi * times / (period * rng.uniform(0.8, 1.2))
    return amount * (0.6 * np.sin(angle + first) + 0.4 * np.sin(angle * 2.3 + second))


def _presence(event: Event, times: np.ndarray, attack: float, release: float) -> np.ndarray:
    """How much an event shows, 0 to 1: it begins at its start and fades after its end."""
    rise = np.clip((times - event.start) / attack, 0, 1)
    fall = np.clip((event.end + release - times) / release, 0, 1)
    level = np.minimum(rise, fall)
    return level * level * (3 - 2 * level)


def _toward(track: np.ndarray, target: np.ndarray | float, level: np.ndarray) -> None:
    track += (target - track) * level


def _talk(script: Script, times: np.ndarray, tracks: Tracks, rng: np.random.Generator) -> None:
    gestures = np.zeros(len(times))
    for syllable in script.syllables:
        if syllable.voice in ("teammate", "guest"):
            continue
        part = (times - syllable.start) / syllable.length
        shape = np.sin(np.pi * np.clip(part, 0, 1)) ** 0.6 * syllable.strength
        widest = 0.5 if syllable.voice in ("talk", "song") else 1.0
        tracks["mouth"] = np.maximum(tracks["mouth"], shape * widest)
        if syllable.voice == "talk":
            gestures = np.maximum(gestures, np.clip(1 - np.abs(part - 0.5) * syllable.length / 0.5, 0, 1))
    tracks["nod"] += gestures * _sway(times, rng, 0.5, 0.9)
    tracks["tilt"] += gestures * _sway(times, rng, 0.06, 1.1)
    tracks["brows"] += gestures * _sway(times, rng, 0.4, 0.8)
    lift = gestures * np.clip(0.3 + _sway(times, rng, 1.0, 1.7), 0, 1) * rng.uniform(0.3, 1.0)
    _toward(tracks["left_y"], 0.72, lift)
    _toward(tracks["left_x"], -0.33, lift)


def _rage(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.14, 0.35)
    since = times - event.start
    tracks["mouth"] = tracks["mouth"] * (1 - 0.5 * level) + 0.5 * level
    _furious(event, since, level, tracks)
    if event.variant < 2:
        hits = pounding(event.start, event.end, event.variant)
        height = np.abs(np.sin(np.pi * (times - hits[0]) / (hits[1] - hits[0])))
        _toward(tracks["right_y"], 0.90 - 0.42 * height, level)
        if event.variant == 1:
            _toward(tracks["left_y"], 0.90 - 0.42 * height, level)
    else:
        _arms(event.variant, since, level, tracks)


def _grimace(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.14, 0.35)
    since = times - event.start
    mouth = 0.32 if event.variant % 2 else 0.8 + 0.2 * np.sin(2 * np.pi * 2.5 * since)
    _toward(tracks["mouth"], mouth, level)
    _furious(event, since, level, tracks)
    _arms(event.variant, since, level, tracks)


def _furious(event: Event, since: np.ndarray, level: np.ndarray, tracks: Tracks) -> None:
    shake = np.sin(2 * np.pi * (3.0 + 0.3 * event.variant) * since)
    _toward(tracks["anger"], 1.0, level)
    _toward(tracks["joy"], 0.0, level)
    _toward(tracks["brows"], -1.0, level)
    _toward(tracks["gaze"], 0.0, level)
    _toward(tracks["lids"], 1.0, level)
    _toward(tracks["turn"], 0.35 * shake, level)
    _toward(tracks["red"], np.clip(0.3 + 0.3 * since, 0, 0.55 + 0.15 * event.variant), level)
    tracks["x"] += 0.03 * shake * level
    tracks["y"] += (0.02 + 0.015 * np.sin(2 * np.pi * 5.1 * since)) * level
    tracks["tilt"] += 0.13 * np.sin(2 * np.pi * 2.6 * since + 1) * level
    tracks["size"] += 0.24 * level


def _arms(variant: int, since: np.ndarray, level: np.ndarray, tracks: Tracks) -> None:
    """Arms thrown up (even variants) or hands clutching the head (odd)."""
    tremble = np.sin(2 * np.pi * 4.3 * since)
    spread, height = (0.27, 0.52) if variant % 2 else (0.44, 0.28)
    _toward(tracks["left_x"], -spread - 0.02 * tremble, level)
    _toward(tracks["right_x"], spread + 0.02 * tremble, level)
    _toward(tracks["left_y"], height + 0.04 * tremble, level)
    _toward(tracks["right_y"], height - 0.04 * tremble, level)


def _cheer(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.2, 0.5)
    since = times - event.start
    bounce = np.sin(2 * np.pi * 2.2 * since)
    _toward(tracks["joy"], 1.0, level)
    _toward(tracks["brows"], 0.9, level)
    _toward(tracks["red"], 0.1 * event.variant, level)
    tracks["mouth"] = np.maximum(tracks["mouth"], 0.3 * level)
    tracks["y"] += (0.015 * bounce - 0.01) * level
    tracks["tilt"] += 0.09 * np.sin(2 * np.pi * 1.1 * since) * level
    tracks["size"] += 0.08 * level
    if event.variant == 0:
        _arms(0, since, level, tracks)
    elif event.variant == 1:
        _toward(tracks["right_x"], 0.36, level)
        _toward(tracks["right_y"], 0.5 + 0.1 * bounce, level)


def _hand(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.35, 0.4)
    wiggle = 0.02 * np.sin(2 * np.pi * 4.5 * (times - event.start))
    place_x, place_y = ((0.08, 0.46), (0.03, 0.56), (0.03, 0.63), (0.07, 0.45))[event.variant]
    drinks = event.variant == 2
    tracks["cup"] = np.maximum(tracks["cup"], (level > 0) * drinks)
    _toward(tracks["right_x"], tracks["x"] + place_x + wiggle * (not drinks), level)
    _toward(tracks["right_y"], place_y + wiggle * (not drinks), level)
    _toward(tracks["nod"], -0.5 if drinks else 0.3, level)
    if event.variant == 3:
        _toward(tracks["left_x"], tracks["x"] - place_x - wiggle, level)
        _toward(tracks["left_y"], place_y + wiggle, level)
        _toward(tracks["lids"], 0.0, level)


def _light(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    pulse = 0.75 + 0.25 * np.sin(2 * np.pi * 4 * (times - event.start))
    level = _presence(event, times, 0.08, 0.3) * pulse
    u, v = ((-10, 42), (44, -16))[event.variant % 2]
    tracks["flash_u"] += u * level
    tracks["flash_v"] += v * level
    tracks["light"] += 0.1 * level


def _explosion(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.1, 0.5)
    tracks["brows"] += 0.5 * level
    tracks["size"] -= 0.03 * level
    tracks["light"] += 0.15 * level * np.sin(2 * np.pi * 3 * (times - event.start)) ** 2


def _teammate(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.3, 0.5)
    _toward(tracks["gaze"], 1.0 if event.variant % 2 else -1.0, level)
    tracks["brows"] += 0.3 * level
    tracks["size"] -= 0.03 * level


def _song(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    """Sing at the top of one's voice, with a fist for a microphone or with both arms in the air."""
    level = _presence(event, times, 0.3, 0.5)
    beat = np.sin(2 * np.pi * 2.6 * (times - event.start))
    _dance(beat, level, tracks)
    tracks["lids"] *= 1 - 0.7 * level * (event.variant > 1)
    if event.variant % 2:
        _toward(tracks["right_x"], tracks["x"] + 0.07, level)
        _toward(tracks["right_y"], 0.66 + 0.02 * beat, level)
    else:
        _arms(0, (times - event.start) / 3, level, tracks)


def _music(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    level = _presence(event, times, 0.4, 0.5)
    _dance(np.sin(2 * np.pi * 2.6 * (times - event.start)), level, tracks)


def _dance(beat: np.ndarray, level: np.ndarray, tracks: Tracks) -> None:
    _toward(tracks["joy"], 0.9, level)
    _toward(tracks["brows"], 0.7, level)
    tracks["x"] += 0.045 * beat * level
    tracks["y"] += 0.04 * (beat**2 - 0.5) * level
    tracks["tilt"] += 0.16 * beat * level
    tracks["nod"] += 0.6 * (beat**2 - 0.5) * level
    tracks["turn"] += 0.3 * beat * level
    tracks["size"] += 0.18 * level


def _laughter(event: Event, times: np.ndarray, tracks: Tracks) -> None:
    """Laugh in silence at what a guest, who is not in the picture, laughs at aloud."""
    level = _presence(event, times, 0.25, 0.6)
    shake = np.sin(2 * np.pi * 4.5 * (times - event.start))
    _toward(tracks["joy"], 1.0, level)
    _toward(tracks["mouth"], 0.4 + 0.1 * shake, level)
    tracks["y"] += (0.02 + 0.015 * shake) * level
    tracks["tilt"] += 0.14 * np.sin(2 * np.pi * 2.6 * (times - event.start)) * level
    tracks["size"] += 0.15 * level


PLAYS = {
    "rage": _rage,
    "grimace": _grimace,
    "cheer": _cheer,
    "hand": _hand,
    "light": _light,
    "explosion": _explosion,
    "teammate": _teammate,
    "song": _song,
    "laughter": _laughter,
    "music": _music,
}
