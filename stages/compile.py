"""Make one reel of the best moments of all VODs: reels/best/reel.mp4, and what is published with it.

Of the segments in all cut lists, those with the best scores are taken as far as they fit into compilation.max_duration.
They are shown VOD by VOD, in the order of params.yaml, each in the order of time; a VOD begins with its name over the
picture. Run from the project's folder: python -m stages.compile
"""

from dataclasses import replace

from autotosis.annotations import configuration
from autotosis.cuts import segments
from autotosis.project import command_line, files, params
from autotosis.project.params import Params
from autotosis.reel import assembly, production, reel
from autotosis.reel.assembly import Source


def main() -> None:
    sources = best(prepare(settings := params.load()), settings.compilation.max_duration)
    with files.replacing(reel.FOLDER / reel.COMPILATION) as folder:
        folder.mkdir()
        placed = production.make(sources, folder)
    seconds = placed[-1].reel_end if placed else 0.0
    folder = reel.FOLDER / reel.COMPILATION
    print(f"{folder}: VODs: {len(sources)}, segments: {len(placed)}, seconds: {seconds:.1f}")


def prepare(settings: Params) -> list[Source]:
    """What the reel is made from, VOD by VOD; all of them in frames like the first one's."""
    sources: list[Source] = []
    for name in settings.vods:
        config = configuration.for_render(settings, name)
        render = config.render.model_copy(update={"title": name})
        if render.encoder == "copy":
            # Copies of different recordings cannot be joined.
            render = render.model_copy(update={"encoder": "libx264"})
        config = config.model_copy(update={"render": render})
        sources.append(assembly.prepare(config, like=sources[0] if sources else None))
    return sources


def best(sources: list[Source], seconds: float) -> list[Source]:
    """The VODs that have some of the best segments, with these alone: as many as fit into so many seconds."""
    numbered = [(source.vod.name, segment) for source in sources for segment in source.segments]
    taken = segments.best_that_fit([segment for _, segment in numbered], seconds)
    kept = {id(segment) for segment in taken}
    chosen = [replace(each, segments=[one for one in each.segments if id(one) in kept]) for each in sources]
    return [source for source in chosen if source.segments]


if __name__ == "__main__":
    command_line.run(main, __doc__)
