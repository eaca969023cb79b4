"""The encoders of a reel, and those that do not work."""

from tests.helpers import assert_sentence


def test_an_encoder_that_does_not_work_or_cannot_do_what_is_asked(project):
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    project.set_params(render={"encoder": "h264_videotoolbox"})
    assert_sentence(
        project.stage("render", "demo"), "params.yaml: render.encoder: h264_videotoolbox", "Unknown encoder"
    )
    project.set_params(render={"encoder": "copy"})
    assert_sentence(project.stage("render", "demo"), "params.yaml: render.encoder is 'copy'", "render.overlay")
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel
