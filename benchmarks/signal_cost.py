"""What each signal costs: processor time per second of video, on a stretch of a VOD of params.yaml.

The picture is read in the second pass alone, where the sound is not clearly calm; the sound is read throughout:

    python -m benchmarks.signal_cost demo
"""

import time
from collections.abc import Callable

import numpy as np

from autotosis.annotations import configuration, facecams
from autotosis.annotations.facecams import Box
from autotosis.project import command_line, params
from autotosis.signals import features, mel
from autotosis.video import recording
from autotosis.video.faces import faces_at

SECONDS = 60.0


def main(name: str) -> None:
    config = configuration.for_predict(params.load(), name)
    vod = recording.probe(config.video, config.sounds)
    fps, length = config.extract.fps, min(SECONDS, vod.duration)
    times = np.arange(int(length * fps)) / fps
    box = facecams.for_vod(name, config.facecam).at(0.0) or Box()
    (frames,) = (list(faces) for faces in faces_at(vod, [(times.tolist(), box)], config.extract))
    decode = cost(lambda: [list(faces) for faces in faces_at(vod, [(times.tolist(), box)], config.extract)])
    rows = [("(decoding and scaling the picture)", "second", decode)]
    aspect = box.aspect(vod.width, vod.height)
    for signal in features.VISUAL:
        rows.append((signal.name, "second", cost(lambda of=signal: list(of.read(iter(frames), 0, fps, aspect)))))
    powers = list(mel.read(vod, times))
    rows.append(("(decoding the sound, power of its bands)", "first", cost(lambda: list(mel.read(vod, times)))))
    for signal in features.AUDIO:
        rows.append((signal.name, "first", cost(lambda of=signal: list(of.read(iter(powers))))))
    print("| signal | pass | ms per second of video |\n| --- | --- | --- |")
    for signal, which, seconds in rows:
        print(f"| {signal} | {which} | {1000 * seconds / length:.1f} |")


def cost(work: Callable[[], object]) -> float:
    """Measure the processor time of the second of two calls (seconds)."""
    work()
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("vod", help="name of a VOD, a key of `vods` in params.yaml")
    main(parser.parse_args().vod)
