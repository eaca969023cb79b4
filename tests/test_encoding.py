"""The encoders of a reel, those that do not work, and the pieces that they encode."""

import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from autotosis.reel import assembly, encoding
from tests import videos
from tests.helpers import assert_user_error, decoded, planned


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_pieces_that_were_begun_or_finished_can_be_encoded_again(bare, tmp_path):
    """So it is when a worker of a cluster dies."""
    videos.flash_and_beep(bare.folder / "data/tiny/vods/own.mp4", 8)
    cut, folder = planned(bare, "1,2\n4,5\n", transition="crossfade", title="Hi"), tmp_path / "pieces"
    folder.mkdir()
    pieces = assembly.encode(cut, folder)
    before = contents(folder)
    for piece in pieces:
        piece.target.with_suffix("").mkdir()
        (piece.target.with_suffix("") / "sound.pcm").write_bytes(b"half")
        encoding.encode(piece)
    encoding.crossfade((pieces[0], pieces[1]))
    assert contents(folder) == before
    assembly.join(cut, pieces, folder / "reel.mp4")
    assert contents(folder).keys() == {"reel.mp4"}


def test_a_crossfade_is_as_long_as_whole_frames_allow(bare, tmp_path):
    """Sixty seconds are 60.6 frames, and FFmpeg refuses 61."""
    black = ("-f", "lavfi", "-i", "color=s=32x32:r=10")
    videos.ffmpeg(*black, "-t", 250, "-preset", "ultrafast", bare.folder / "data/tiny/vods/own.mp4")
    fade = {"transition": "crossfade", "transition_length": 60, "fps": 1.01}
    cut, folder = planned(bare, "0,124\n126,250\n", duration=250, **fade), tmp_path / "pieces"
    folder.mkdir()
    pieces = assembly.encode(cut, folder)
    assert len(decoded(pieces[0].crossfade)[0]) == 60


def test_a_last_frame_that_is_shown_beyond_its_segment_is_silent_there(bare, tmp_path):
    path = bare.folder / "data/tiny/vods/own.mp4"
    times = [number / 30 for number in range(240)]
    videos.write(path, times, lambda time: videos.grey(0), lambda at: 0.5 * np.sin(2 * np.pi * 1000 * at), 8)
    (piece,) = assembly.encode(planned(bare, "1,3.01\n", fps=1), tmp_path)
    levels = np.abs(videos.samples(piece.target)).reshape(-1, videos.RATE // 200).max(axis=1)
    assert len(levels) == 3 * 200
    assert levels[2:400].min() > 0.6 and levels[401] < 0.4 and levels[402:].max() == 0


def memory(cut: assembly.Reel, folder: Path) -> int:
    """Encode a reel of one segment, and return how much memory FFmpeg has taken at most in this process, bytes."""
    folder.mkdir()
    assembly.encode(cut, folder)
    # Linux counts in KiB.
    return 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def test_the_overlay_of_a_long_segment_takes_little_more_memory_than_that_of_a_short_one(bare, tmp_path):
    picture, sound = ("-f", "lavfi", "-i", "color=s=32x32:r=10"), ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono")
    videos.ffmpeg(*picture, *sound, "-t", 300, "-c:a", "pcm_s16le", bare.folder / "data/tiny/vods/own.mkv")
    cuts = [planned(bare, f"1,{end}\n", "vods/own.mkv", 300, fps=1) for end in (2, 299)]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        short, long = (pool.submit(memory, cut, tmp_path / str(end)).result() for end, cut in enumerate(cuts))
    assert long < short + 30_000_000


def test_an_encoder_that_does_not_work_or_cannot_do_what_is_asked(project):
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    project.set_params(render={"encoder": "h264_videotoolbox"})
    assert_user_error(
        project.stage("render", "demo"), "params.yaml: render.encoder is h264_videotoolbox", "Unknown encoder"
    )
    project.set_params(render={"encoder": "copy"})
    assert_user_error(project.stage("render", "demo"), "params.yaml: render.encoder is 'copy'", "render.overlay")
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel
