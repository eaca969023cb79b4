"""VODs without a file. Whoever only trains needs none, so a missing one is no error until a stage reads it."""

from collections.abc import Iterator

from autotosis.project import params_file
from autotosis.project.params import PARAMS_FILE, VODS_FILE, Params
from autotosis.project.videos_params import FoundVods


def advice(settings: Params) -> Iterator[str]:
    """Say of each VOD that has no file what to do: those of vods.yaml first, then those of params.yaml."""
    found = params_file.load(FoundVods, VODS_FILE).vods
    missing = [name for name in settings.vods if not settings.vod(name).exists()]
    for name in sorted(missing, key=lambda name: name not in found):
        path = settings.vod(name)
        if name in found:
            yield (
                f"{VODS_FILE}: there is no {path}, the recording {name}; put it back, or go on without it, and keep "
                "its reel, with python -m autotosis.watch --once"
            )
        else:
            yield (
                f"{PARAMS_FILE}: vods.{name}: there is no {path}; correct the name, put the file back (with `dvc pull` "
                "if DVC keeps it), or remove the line"
            )
