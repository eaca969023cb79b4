"""What a user should know of a recording, since it is not used or not there."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from autotosis.video import parts, sound, tracks
from autotosis.video.opening import opened
from autotosis.video.recording import Recording


def remarks(recording: Recording) -> Iterator[str]:
    """Sentences that name the file: other files and tracks that are left out, silence, a lacking end."""
    if others := parts.left_out(recording.path):
        yield f"{recording.path}: not taken as parts of the VOD: {', '.join(path.name for path in others)}"
    for piece, following in itertools.zip_longest(recording.pieces, recording.pieces[1:]):
        last = following is None or following.span.path != piece.span.path
        if piece.promised is not None or (last and piece.span.end is not None):
            promise = "" if piece.promised is None else f"it promises {piece.promised:.1f} s, and "
            yield (
                f"{piece.span.path}: cut off: {promise}what can be read is used up to {piece.end:.1f} s; download it "
                "again if there is more"
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
    end = recording.pieces[-1].end
    if end < recording.duration - 1e-3:
        yield (
            f"{recording.path}: its picture ends at {end:.1f} s, and its sound at {recording.duration:.1f} s; the last "
            "picture stays"
        )


def _silences(recording: Recording, numbers: list[int]) -> Iterator[str]:
    """A sentence if the track of sound that is used is silent all along, and another is not."""
    if not sound.is_silent(recording):
        return
    path, first = recording.pieces[0].span.path, recording.pieces[0]
    for number in numbers:
        other = tuple(replace(piece, sound=number) for piece in recording.pieces)
        if number != first.sound and not sound.is_silent(replace(recording, pieces=other)):
            yield (
                f"{path}: track {first.sound}, its sound, is silent all along, and track {number} is not; to hear it, "
                "make a copy with it alone, as with "
                f"`ffmpeg -i FILE -map 0:{first.picture} -map 0:{number} -c copy COPY`"
            )
            return
