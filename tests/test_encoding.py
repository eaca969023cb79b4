"""The encoders of a reel, those that do not work, and the pieces that they encode."""

from pathlib import Path

from autotosis.reel import assembly, encoding
from tests import videos
from tests.helpers import assert_sentence, planned


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


def test_an_encoder_that_does_not_work_or_cannot_do_what_is_asked(project):
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    project.set_params(render={"encoder": "h264_videotoolbox"})
    assert_sentence(
        project.stage("render", "demo"), "params.yaml: render.encoder: h264_videotoolbox", "Unknown encoder"
    )
    project.set_params(render={"encoder": "copy"})
    assert_sentence(project.stage("render", "demo"), "params.yaml: render.encoder is 'copy'", "render.overlay")
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel
