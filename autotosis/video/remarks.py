"""Remarks on a recording: what is left out, silent or missing, which the user should know."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from autotosis.project import names
from autotosis.video import parts, sound, spans, tracks
from autotosis.video.opening import opened
from autotosis.video.recording import Piece, Recording


def remarks(recording: Recording) -> Iterator[str]:
    """Yield sentences about other files and tracks that are left out, about silence, and about a missing end."""
    if others := parts.left_out(recording.path):
        listed = names.printable(", ".join(path.name for path in others))
        yield f"{recording.path}: ignored, not parts of the VOD: {listed}"
    for piece, following in itertools.zip_longest(recording.pieces, recording.pieces[1:]):
        last = following is None or following.span.path != piece.span.path
        if piece.declared_duration is not None or (last and piece.span.end is not None):
            promise = (
                "" if piece.declared_duration is None else f"it claims to last {piece.declared_duration:.1f} s, and "
            )
            yield (
                f"{piece.span.path}: cut off: {promise}it is used up to {piece.end - piece.begin:.1f} s; "
                "download it again if there is more"
            )
    for path in {piece.span.path: None for piece in recording.pieces}:
        if offset := spans.second_recording(path):
            yield (
                f"{path}: another recording starts at byte {offset} and is not used, because players do not show it "
                "either; to use both, put them into a folder as separate files, and make the second with "
                f"`tail -c +{offset + 1} FILE > SECOND`"
            )
    end = recording.pieces[-1].end
    if end < recording.duration - 1e-3:
        yield (
            f"{recording.path}: its picture ends at {end:.1f} s, and its sound at {recording.duration:.1f} s; the "
            "last frame is shown until then"
        )
    first = recording.pieces[0]
    with opened(first.span) as container:
        pictures = [track.index for track in tracks.pictures(container)]
    if len(pictures) > 1:
        used = pictures.index(first.picture) + 1
        yield f"{first.span.path}: has {len(pictures)} video tracks; track {used} is used, as players do"
    piece, sounds = _sounds(recording)
    if len(sounds) > 1:
        judged = sounds.index(piece.sounds[0]) + 1
        yield (
            f"{piece.span.path}: has {len(sounds)} sound tracks, of which track {judged} is judged; choose "
            "another one with `tracks` in params.yaml"
        )
    yield from silences(recording, "judged")


def silences(recording: Recording, use: str) -> Iterator[str]:
    """Yield a sentence for each sound track that is silent throughout, if the file has others that may be meant.

    Parameters
    ----------
    recording : Recording
        The recording, with the sound tracks that are heard.
    use : str
        What they are used for: "judged" or "heard".
    """
    first, there = _sounds(recording)
    if len(there) < 2:
        return
    others = {track: replace(first, sounds=(track,)) for track in there if track not in first.sounds}
    for number, track in enumerate(first.sounds):
        if not sound.is_silent(recording, number):
            continue
        heard = (
            there.index(other) + 1
            for other, piece in others.items()
            if not sound.is_silent(replace(recording, pieces=(piece,)), 0)
        )
        another = next(heard, None)
        yield (
            f"{first.span.path}: sound track {there.index(track) + 1}, which is {use}, is silent throughout"
            + (f", and track {another} is not" if another else "")
            + "; `tracks` in params.yaml can name another one"
        )


def _sounds(recording: Recording) -> tuple[Piece, list[int]]:
    """Return the first piece with sound, or else the first one, and the numbers of all of its sound tracks."""
    first = next((piece for piece in recording.pieces if piece.sounds), recording.pieces[0])
    with opened(first.span) as container:
        return first, [track.index for track in tracks.sounds(container)]
