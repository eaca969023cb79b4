"""Read the picture and the sound of every clip: data/frames/<clip>.safetensors, one shard each.

Only clips that are new or have changed are read. The shards of clips that no longer exist are removed.
Run from the project's folder: python -m stages.extract_frames
"""

from pathlib import Path

from autotosis.annotations.facecams import Facecams
from autotosis.project import command_line, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.signals import extraction, shards
from autotosis.signals.extraction import Job


def main() -> None:
    settings = params.load()
    facecams = Facecams(settings.folder)
    clips = find_clips(settings.folder / "clips")
    # A VOD in parts is named by its folder, not by its files.
    folders = [settings.folder / vod for vod in settings.vods.values()]
    vods = [path for path in (settings.folder / "vods").rglob("*") if path.parent not in folders]
    videos = [path.relative_to(settings.folder).as_posix() for path in (*clips, *vods)] + list(settings.vods.values())
    for row in facecams.patterns.idle(videos):
        print(f"{row.path} row {row.number}: {row['video']} fits no video; check the spelling")
    jobs = [job(clip, f"clips/{clip.name}", facecams, settings) for clip in clips]
    extraction.bring_up_to_date(shards.FOLDER, jobs, settings.extract, "extract frames", "clips")


def job(clip: Path, video: str, facecams: Facecams, settings: Params) -> Job:
    """Describe the shard of a clip, named in tables as `video`."""
    return Job(shards.path(clip.name), clip, facecams.box(video), sounds=settings.tracks_of(video).judged)


def find_clips(folder: Path) -> list[Path]:
    """List the clips of a folder, sorted by name; UserError if there are none."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; create it and put a few dozen short videos into it")
    clips = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    for clip in clips:
        if not clip.is_file():
            raise UserError(f"{clip}: not a regular file; a clip must be a video file or a link to one")
    if not clips:
        raise UserError(f"{folder}: there are no clips; put a few dozen short videos into it")
    return clips


if __name__ == "__main__":
    command_line.run(main, __doc__)
