"""Make one reel of the best moments of all VODs: reels/best/reel.mp4, and the files to publish with it.

The segments with the best scores in all cut lists are taken, as many as fit into compilation.max_duration. The reel
shows one VOD after the other, in the order of params.yaml; each begins with its name over the picture.
Run from the project's folder: python -m stages.compile
"""

from dataclasses import replace

from autotosis.annotations import config_files, configuration
from autotosis.cuts import segments
from autotosis.project import command_line, files, inputs, params
from autotosis.project.params import Params
from autotosis.reel import assembly, production, reel
from autotosis.reel.assembly import ReelSource


def main() -> None:
    settings = params.load()
    before = inputs.snapshot(*(settings.vod(name) for name in config_files.vods_of(settings)))
    sources = best(prepare(settings), settings.compilation.max_duration)
    target = reel.FOLDER / reel.COMPILATION
    with files.replacing(target) as folder:
        folder.mkdir()
        placed = production.make(sources, folder)
        inputs.check_unchanged(before)
    seconds = placed[-1].reel_end if placed else 0.0
    print(f"{target}: VODs: {len(sources)}, segments: {len(placed)}, seconds: {seconds:.1f}")


def prepare(settings: Params) -> list[ReelSource]:
    """Read what the reel is made from, VOD by VOD. All are shown in the frame format of the first."""
    sources: list[ReelSource] = []
    for name in config_files.vods_of(settings):
        config = config_files.recorded("render", configuration.for_render(settings, name))
        # Stream copies of different recordings cannot be joined.
        encoder = "libx264" if config.render.encoder == "copy" else config.render.encoder
        render = config.render.model_copy(update={"title": name, "encoder": encoder})
        config = config.model_copy(update={"render": render})
        sources.append(assembly.prepare(config, like=sources[0] if sources else None))
    return sources


def best(sources: list[ReelSource], seconds: float) -> list[ReelSource]:
    """Keep the segments with the best scores, as many as fit into `seconds`, and the VODs that have any of them."""
    taken = segments.best_that_fit([segment for source in sources for segment in source.segments], seconds)
    # By identity, because segments of two VODs may be equal.
    kept = {id(segment) for segment in taken}
    chosen = [
        replace(source, segments=[segment for segment in source.segments if id(segment) in kept]) for source in sources
    ]
    return [source for source in chosen if source.segments]


if __name__ == "__main__":
    command_line.run(main, __doc__)
