"""From the cut lists of VODs to one video: segments are placed in the reel, encoded one by one, and joined."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from autotosis.annotations import facecams
from autotosis.annotations.configuration import RenderConfig
from autotosis.cuts import cut_list
from autotosis.cuts.segments import Segment
from autotosis.project import workers
from autotosis.reel import encoders, encoding, joining, layouts, overlay, reel, stream_copy
from autotosis.reel.audio_mix import Music
from autotosis.reel.encoding import EncodingJob
from autotosis.reel.overlay import OverlayStyle
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.reel.stream_copy import PacketRange
from autotosis.scan.timeline import Timeline, read_timeline
from autotosis.video import recording

# A length this many frames short of a whole number still counts as that number, because tables round to milliseconds.
FRAME_ROUNDING = 0.15
# FFmpeg refuses longer crossfades, and rounding to frames may lengthen them (seconds).
MAX_CROSSFADE = 60


@dataclass(frozen=True)
class ReelSource:
    """A VOD that a reel is made from.

    Attributes
    ----------
    config : RenderConfig
        The configuration of its stage.
    vod : Vod
        The recording, and how it is laid out in the frame.
    segments : list of Segment
        Its cut list, in the order of time.
    timeline : Timeline
        Its timeline.
    style : OverlayStyle
        The style of its overlay.
    encoder : str
        The name of the encoder, from `encoders.choose_encoder`.
    music : Music or None
        The music under the reel, if there is any.
    """

    config: RenderConfig
    vod: Vod
    segments: list[Segment]
    timeline: Timeline
    style: OverlayStyle
    encoder: str
    music: Music | None


@dataclass(frozen=True)
class Reel:
    """The plan of a reel.

    Attributes
    ----------
    sources : sequence of ReelSource
        The VODs that it is made from, in the order of the reel.
    placed : list of ReelSegment
        The segments at their times in the reel.
    copied : list of PacketRange
        The packets of each segment, if the picture is copied; otherwise empty.
    """

    sources: Sequence[ReelSource]
    placed: list[ReelSegment]
    copied: list[PacketRange]


def prepare(config: RenderConfig, like: ReelSource | None = None) -> ReelSource:
    """Read everything that a VOD's part of a reel is made from.

    Parameters
    ----------
    config : RenderConfig
        The configuration of the VOD's stage.
    like : ReelSource, optional
        The first VOD of a reel of several, whose frame format and encoder are to be used.

    Raises
    ------
    UserError
        If an input is missing or malformed.
    """
    vod, render = recording.probe(config.video, config.sounds), config.render
    frame = like.vod.frame if like else layouts.frame_format(render, vod)
    arrangements = layouts.arrangements(render.layout, vod, facecams.for_vod(config.name, config.facecam), frame)
    return ReelSource(
        config,
        Vod(config.name, vod, config.url, frame, arrangements, config.invert),
        cut_list.read_cut_list(config.name, vod.duration),
        read_timeline(config.name, vod.duration),
        style=overlay.choose_style(config, frame, arrangements),
        encoder=like.encoder if like else encoders.choose_encoder(render, frame),
        music=joining.measure_music(config.music) if config.music else None,
    )


def place(sources: Sequence[ReelSource]) -> Reel:
    """Place the segments of VODs one after the other. All VODs must have the same frame format.

    A segment lasts a whole number of frames. If the picture is copied, it begins with a keyframe.
    """
    if not any(source.segments for source in sources):
        return Reel(sources, [], [])
    return _place_copies(sources) if sources[0].encoder == "copy" else _place_encoded(sources)


def _place_copies(sources: Sequence[ReelSource]) -> Reel:
    first, *_ = sources
    segments = first.segments
    if first.config.edited:
        # The user asked for the whole segment, so neither its padding nor its last frames may be left out.
        segments = [replace(segment, pre_roll=0.0) for segment in segments]
    copied = stream_copy.packet_ranges(first.vod.recording, segments, first.config.edited)
    chosen, lengths = [(first, packets.segment) for packets in copied], [packets.segment.duration for packets in copied]
    return Reel(sources, _placed(chosen, lengths, [0.0] * (len(copied) - 1)), copied)


def _place_encoded(sources: Sequence[ReelSource]) -> Reel:
    rate, render = sources[0].vod.frame.rate, sources[0].config.render
    chosen = [(source, segment) for source in sources for segment in source.segments]
    frames = [_frames(segment, rate, source.vod.recording.rate) for source, segment in chosen]
    wanted = 0
    if render.transition == "crossfade":
        wanted = min(round(render.transition_length * rate), int(MAX_CROSSFADE * rate))
    # Crossfades of short segments are shortened, so that every segment has at least one frame outside of them.
    shared = [min(wanted, (before - 1) // 2, (after - 1) // 2) for before, after in itertools.pairwise(frames)]
    lengths, crossfades = ([float(n / rate) for n in counts] for counts in (frames, shared))
    return Reel(sources, _placed(chosen, lengths, crossfades), [])


def _placed(
    chosen: Sequence[tuple[ReelSource, Segment]], lengths: Sequence[float], crossfades: Sequence[float]
) -> list[ReelSegment]:
    """Place segments of these lengths one after the other, with these crossfades between them (seconds)."""
    placed, end = [], 0.0
    for (source, segment), length, crossfade in zip(chosen, lengths, [0.0, *crossfades], strict=True):
        start = end - crossfade
        end = start + length
        peak = reel.peak(segment, source.timeline.inverted() if source.vod.calm else source.timeline)
        placed.append(ReelSegment(source.vod, segment.start, segment.end, start, end, segment.score, peak))
    return placed


def _frames(segment: Segment, rate: Fraction, of_vod: Fraction) -> int:
    """Compute how many frames a segment lasts in a reel with `rate`, if its VOD has `of_vod` (Hz)."""
    if rate < of_vod:
        # Round up, or several of the VOD's frames would be missing at the end.
        return max(1, math.ceil((segment.duration * of_vod - FRAME_ROUNDING) * rate / of_vod))
    # Round down, so that a segment never shows more than the cut list says.
    return max(1, int(segment.duration * rate + FRAME_ROUNDING))


def encode(cut: Reel, folder: Path) -> list[EncodingJob]:
    """Encode the segments of a reel into files in a folder. With a copied picture, encode only the sound, if any."""
    sources = {source.vod: source for source in cut.sources}
    encoder, sound = cut.sources[0].encoder, any(source.vod.recording.sound for source in cut.sources)
    if encoder == "copy" and not sound and not cut.sources[0].music:
        return []
    pairs = itertools.pairwise(cut.placed)
    overlaps = [0.0, *(segment.reel_end - following.reel_start for segment, following in pairs), 0.0]
    jobs, begun = [], dict[Vod, float]()
    for number, (segment, (before, after)) in enumerate(zip(cut.placed, itertools.pairwise(overlaps), strict=True), 1):
        source = sources[segment.vod]
        # If the first segment of a VOD is short, the next one goes on with the title.
        left = overlay.TITLE_LASTS - (segment.reel_start - begun.setdefault(segment.vod, segment.reel_start))
        jobs.append(
            EncodingJob(
                segment=segment,
                style=source.style,
                title=source.config.render.title if left > 0 else None,
                sound=sound,
                moments=reel.moments(segment, source.timeline),
                render=source.config.render,
                encoder=encoder,
                target=folder / f"{number:04}.mov",
                before=before,
                after=after,
                title_lasts=left,
            )
        )
    # Begin with the longest, so that all processes finish at about the same time.
    by_length = sorted(jobs, key=lambda job: -job.duration)
    name = f"render {cut.sources[0].vod.name}" if len(cut.sources) == 1 else "render"
    at_most = encoders.AT_ONCE if encoder in encoders.HARDWARE else None
    workers.run_all(encoding.encode, by_length, name, "segments", at_most)
    neighbours = [(job, following) for job, following in itertools.pairwise(jobs) if job.after]
    workers.run_all(encoding.crossfade, neighbours, name, "crossfades", at_most)
    return jobs


def join(cut: Reel, jobs: Sequence[EncodingJob], target: Path) -> None:
    """Join the encoded segments of a reel, and packets that are copied, into an MP4, and remove their files."""
    first = cut.sources[0]
    copies = first.encoder == "copy"
    joined = target.with_name("sound.mp4") if copies else target
    if jobs:
        joining.join(jobs, first.music, first.config.audio, joined)
    if copies:
        stream_copy.copy(first.vod.recording, cut.copied, joined if jobs else None, target)
        joined.unlink(missing_ok=True)
