"""Make a reel of every new recording in the streamer's folder, as soon as it is finished.

A recording is a file that matches `recordings` in params.yaml. Once it is finished, vods.yaml lists it as a VOD, and
`dvc repro` runs for it. watch.log has a line for each thing that happened. Recordings are neither changed nor deleted.
Run from the project's folder: python -m autotosis.watch
"""

import time
from contextlib import suppress
from pathlib import Path

from autotosis.project import command_line, interruption, names, params
from autotosis.project.errors import UserError, error_sentence
from autotosis.project.params import VODS_FILE, Params
from autotosis.reel import reel
from autotosis.watch import recordings, runs
from autotosis.watch.log import log
from autotosis.watch.state import State

# How long to wait at most before looking for new recordings again (seconds).
MAX_PAUSE = 30.0
# A recording whose run failed is tried again after this long (seconds); meanwhile, somebody may mend the cause.
AGAIN = 3600.0


def main(once: bool, commit: bool) -> None:
    """Watch for ever; or, with `once`, until all recordings are finished and have their reels.

    With `commit`, commit the results of each recording.
    """
    settings, state, trouble = params.load(), State(), ""
    if settings.recordings is None:
        raise UserError("params.yaml: recordings is null, so there is nothing to watch; set it, such as vods/*.mkv")
    while True:
        try:
            settings = params.load()
            if state.left_out or recordings.missing(settings):
                runs.check_space(settings.watch)
                leave_out(settings, state, commit)
            unlist_changed(settings, state)
            settings = params.load()
            for name in interrupted(state):
                runs.check_space(settings.watch)
                log(f"{name}: resuming an interrupted run")
                make_reel(name, settings.vod(name), state, commit)
            finished, growing = find_new(settings, state)
            for path in finished:
                runs.check_space(settings.watch)
                begin(path, state, commit)
            if once and not (finished or growing or state.left_out):
                tell_what_waits(settings, state)
                return
            trouble = ""
        except (UserError, OSError) as error:
            # A drive that goes away or a full disk gives an OSError.
            if once:
                raise
            if trouble != (sentence := error_sentence(error)):
                log(sentence)
            trouble = sentence
        time.sleep(min(MAX_PAUSE, settings.watch.quiet))


def interrupted(state: State) -> list[str]:
    """List the VODs of vods.yaml whose run was interrupted, or whose drive was away during it."""
    listed = recordings.read_list().vods
    return [name for name in listed if name in state.begun or not (reel.FOLDER / name).exists()]


def leave_out(settings: Params, state: State, commit: bool) -> None:
    """Go on without the recordings whose files are gone: make what concerns all VODs without them."""
    state.left_out += unlist_missing(settings)
    state.save()
    if state.left_out:
        finish(", ".join(state.left_out), "left out", "Leave out", commit)
    state.left_out = []
    state.save()


def unlist_missing(settings: Params) -> list[str]:
    """Remove from vods.yaml the recordings whose files are gone, and say so; their names.

    Otherwise the stages of the others would not run. UserError if rather their drive seems to be away.
    """
    missing = recordings.missing(settings)
    none_left = len(missing) > 1 and not recordings.matching(settings)
    for path in missing.values():
        if none_left or not path.parent.exists():
            raise UserError(
                f"{path.parent}: all its recordings are gone; connect its drive, or, if you deleted them, move their "
                f"lines in {VODS_FILE} from vods to kept"
            )
    for name, path in missing.items():
        recordings.unlist(name)
        kept = ", and its reel is kept" if (reel.FOLDER / name).exists() else ""
        log(f"{name}: {path} is gone, so this VOD is left out{kept}; put the file back to cut it again")
    return list(missing)


def unlist_changed(settings: Params, state: State) -> None:
    """Remove from vods.yaml the recordings that have changed since their reels were made, so that they count as new.

    A recording that is paused for long looks finished.
    """
    listed = {settings.folder / file: name for name, file in recordings.read_list().vods.items()}
    for path in recordings.matching(settings):
        # The user may remove it just now.
        with suppress(FileNotFoundError):
            if path in listed and state.has_changed(path, recordings.signature(path)):
                recordings.unlist(listed[path])
                log(f"{listed[path]}: {path} has changed, so its reel is made again once the recording is finished")


def find_new(settings: Params, state: State) -> tuple[list[Path], list[Path]]:
    """List the new recordings that are finished, and those that are still growing."""
    finished: list[Path] = []
    growing: list[Path] = []
    for path in recordings.unlisted(settings):
        try:
            signature = recordings.signature(path)
            if state.is_deferred(path, signature):
                continue
            (finished if recordings.is_finished(path, settings.watch.quiet) else growing).append(path)
        except FileNotFoundError:
            # Renamed or removed just now.
            continue
        except UserError as error:
            state.defer(path, signature, error, None)
    return finished, growing


def tell_what_waits(settings: Params, state: State) -> None:
    """Print which recordings have failed and wait for their next try, and until when."""
    for path in recordings.unlisted(settings):
        _, again = state.aside.get(path.as_posix(), ([], None))
        if again is not None:
            clock = time.strftime("%H:%M", time.localtime(again))
            print(names.printable(f"{path}: waits until {clock} for its next try; to try it now, run `touch` on it"))


def begin(path: Path, state: State, commit: bool) -> None:
    """Make a recording a VOD, and make its reel; if it cannot be a VOD, defer it."""
    try:
        settings = params.load()
        name = recordings.name_of(path, settings)
        recordings.add(name, path.relative_to(settings.folder).as_posix())
    except UserError as error:
        # What stands in the way may be another file, or params.yaml while somebody edits it. The recording may have
        # been removed while the reels of others were made.
        with suppress(FileNotFoundError):
            state.defer(path, recordings.signature(path), error, AGAIN)
    else:
        make_reel(name, path, state, commit)


def make_reel(name: str, path: Path, state: State, commit: bool) -> None:
    """Run the pipeline for a VOD. If that fails, take it off the list, so that it does not hold up the others.

    If it fails because a recording is gone meanwhile, that one is taken off the list, and this one is tried again.
    """
    state.begun = [name]
    with suppress(FileNotFoundError):
        state.listed[path.as_posix()] = recordings.signature(path)
    state.save()
    begun = time.monotonic()
    try:
        runs.repro(f"render@{name}")
    except UserError as error:
        settings = params.load()
        if recordings.missing(settings):
            state.left_out += unlist_missing(settings)
            if name in recordings.read_list().vods:
                # Another recording was in its way.
                make_reel(name, path, state, commit)
                return
        elif path.exists():
            recordings.unlist(name)
            cause = UserError(f"{name}: {error}; {path} will be tried again in an hour")
            state.defer(path, recordings.signature(path), cause, AGAIN)
    else:
        log(f"{name}: {reel.FOLDER / name} made from {path} in {time.monotonic() - begun:.0f} s")
        finish(name, "its reel is made", "Add the reel of", commit)
    state.begun = []
    state.save()


def finish(name: str, done: str, message: str, commit: bool) -> None:
    """Run the stages that concern all VODs after what was done for one, and commit if asked to; say what fails."""
    try:
        runs.repro()
    except UserError as error:
        log(f"{name}: {done}, but the rest of the pipeline failed: {error}")
    if commit:
        try:
            runs.commit(params.load(), f"{message} {name}")
        except UserError as error:
            log(f"{name}: not committed, because {error}")


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("--once", action="store_true", help="end when all recordings are finished and have their reels")
    parser.add_argument("--commit", action="store_true", help="commit the results of each recording")
    options = parser.parse_args()
    with command_line.errors_as_sentences(), interruption.cleaning_up(), command_line.exclusively("watch"):
        main(**vars(options))
