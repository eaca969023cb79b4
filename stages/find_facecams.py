"""Find the face camera of a VOD: data/facecams/<vod>.csv says where it is, and when.

If facecams.csv has a row for the VOD, that is where it is. Otherwise, it is where a face stays while the game around it
changes. data/facecams/<vod>.jpg shows what was found.
Run from the project's folder: python -m stages.find_facecams demo
"""

from collections.abc import Sequence

from autotosis.annotations import config_files, configuration, facecams
from autotosis.annotations.facecams import Scene
from autotosis.camera import picture, scenes
from autotosis.project import command_line, files, inputs, params
from autotosis.video import recording


def main(name: str) -> None:
    config = config_files.recorded("find_facecams", configuration.for_find_facecams(params.load(), name))
    before, vod = inputs.snapshot(config.video), recording.probe(config.video)
    camera_scenes = [scenes.whole(vod, config.facecam)] if config.facecam else scenes.find(vod, name)
    with files.replacing_all(facecams.path(name), facecams.FOLDER / f"{name}.jpg") as (table, preview):
        facecams.write(table, camera_scenes)
        picture.write(preview, vod, camera_scenes)
        inputs.check_unchanged(before)
    report(name, vod.duration, camera_scenes)


def report(name: str, duration: float, camera_scenes: Sequence[Scene]) -> None:
    """Print where the face camera is, and for how much of the VOD."""
    if not camera_scenes:
        print(f"{name}: no face camera was found, so the whole picture is used; to set one, add a row to facecams.csv")
    for box in dict.fromkeys(scene.box for scene in camera_scenes):
        share = sum(min(scene.end, duration) - scene.start for scene in camera_scenes if scene.box == box) / duration
        places = ",".join(f"{side:.3f}" for side in (box.x0, box.y0, box.x1, box.y1))
        print(f"{name}: face camera at {places} for {share:.0%} of the time")


if __name__ == "__main__":
    command_line.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
