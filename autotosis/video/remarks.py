"""Remarks on a recording: what is left out, silent or missing, which the user should know."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from autotosis.video import parts, sound, spans, tracks
from autotosis.video.opening import opened
from autotosis.video.recording import Recording


def remarks(recording: Recording) -> Iterator[str]:
    """Yield sentences about other files and tracks that are left out, about silence, and about a missing end."""
    if others := parts.left_out(recording.path):
        yield f"{recording.path}: not taken as parts of the VOD: {', '.join(path.name for path in others)}"
    for piece, following in itertools.zip_longest(recording.pieces, recording.pieces[1:]):
        last = following is None or following.span.path != piece.span.path
        if piece.promised is not None or (last and piece.span.end is not None):
            promise = "" if piece.promised is None else f"it claims to last {piece.promised:.1f} s, and "
            yield (
                f"{piece.span.path}: cut off: {promise}it is used up to {piece.end:.1f} s; download it "
                "again if there is more"
            )
    for path in {piece.span.path: None for piece in recording.pieces}:
        if place := spans.unseen(path):
            yield (
                f"{path}: another recording is appended at byte {place} and not shown, as no player shows it; put both "
                f"into a folder as files of their own, the second one made by `tail -c +{place + 1} FILE > SECOND`"
            )
    first = recording.pieces[0]
    yield from _picture_stops(recording)
    with opened(first.span) as container:
        pictures = len(tracks.pictures(container))
        heard = [track.index for track in tracks.sounds(container)]
    if pictures > 1:
        yield f"{first.span.path}: has {pictures} tracks of picture; track {first.picture} is used, the default one"
    if len(heard) > 1:
        yield f"{first.span.path}: has {len(heard)} tracks of sound; track {first.sound} is used, the default one"
        yield from _silences(recording, heard)


def _picture_stops(recording: Recording) -> Iterator[str]:
    """Yield a sentence if the picture ends before the sound."""
    end = recording.pieces[-1].end
    if end < recording.duration - 1e-3:
        yield (
            f"{recording.path}: its picture ends at {end:.1f} s, and its sound at {recording.duration:.1f} s; the "
            "last frame is shown until then"
        )


def _silences(recording: Recording, numbers: list[int]) -> Iterator[str]:
    """Yield a sentence if the sound track that is used is silent throughout, and another one is not."""
    if not sound.is_silent(recording):
        return
    path, first = recording.pieces[0].span.path, recording.pieces[0]
    for number in numbers:
        other = tuple(replace(piece, sound=number) for piece in recording.pieces)
        if number != first.sound and not sound.is_silent(replace(recording, pieces=other)):
            yield (
                f"{path}: track {first.sound}, its sound, is silent throughout, and track {number} is not; to hear "
                "that one, make a copy without the silent one: "
                f"`ffmpeg -i FILE -map 0:{first.picture} -map 0:{number} -c copy COPY`"
            )
            return
