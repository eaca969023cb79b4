"""Make the reel of a VOD from its cut list: reels/<vod>/reel.mp4, and the files to publish and to edit it with.

Every segment of the cut list is cut out of the VOD, with the overlay that `render` in params.yaml asks for, and all are
joined in the order of the VOD. Run from the project's folder: python -m stages.render demo
"""

from autotosis.annotations import config_files, configuration
from autotosis.project import command_line, files, inputs, params
from autotosis.reel import assembly, exports, production, reel
from autotosis.video.remarks import silences


def main(name: str) -> None:
    config = config_files.recorded("render", configuration.for_render(params.load(), name))
    before, source = inputs.snapshot(config.video), assembly.prepare(config)
    for remark in silences(source.vod.recording, "heard"):
        print(remark)
    with files.replacing(reel.FOLDER / name) as folder:
        folder.mkdir()
        placed = production.make([source], folder)
        if placed:
            exports.write(folder, placed)
        inputs.check_unchanged(before)
    seconds = placed[-1].reel_end if placed else 0.0
    print(f"{reel.FOLDER / name}: segments: {len(placed)}, seconds: {seconds:.1f}")
    if not placed:
        print(f"{name}: the cut list is empty, so no reel was made")


if __name__ == "__main__":
    command_line.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
