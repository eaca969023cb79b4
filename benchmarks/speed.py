"""How much machine is enough: seconds to train and to scan per hour of video, beside decoding alone, the limit.

Makes a VOD of 1080p60 in a temporary folder from the demo's (`dvc repro` first) and scans a minute of it with each
model; trains on the clips of the project, on as many frames as an hour of clips has:

    python -m benchmarks.speed
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import torch

from stages.lib import (
    batches,
    context,
    examples,
    face_training,
    features,
    learning,
    linear,
    media,
    network,
    params,
    workers,
)
from stages.lib.facecam import Facecams
from stages.lib.params import Params

SECONDS = 60


def main(architecture: str) -> None:
    settings = params.load()
    torch.set_num_threads(workers.cores())
    name, source = next(iter(settings.vods.items()))
    print(f"{workers.cores()} cores; seconds per hour of video\n")
    print("| | float32 | bfloat16 |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        vod = Path(folder) / "vod.mp4"
        make_vod(settings.vod(name), vod)
        box = Facecams(settings.folder).box(source)
        row("decoding the picture of a VOD (1080p60), nothing else: the limit", SECONDS, lambda: decode(vod))
        row("scanning a VOD, the default model", SECONDS, lambda: scan(vod, box, settings, None))
        face = network.build(architecture, None, settings.extract.size).eval()
        scans = [lambda kind=kind: scan(vod, box, settings, (face, kind)) for kind in (torch.float32, torch.bfloat16)]
        row(f"scanning a VOD, with {architecture}", SECONDS, *scans)
    clips = list(examples.read(settings.extract.fps))
    hour = round(3600 * settings.extract.fps)
    labels = examples.labels(clips)
    repeated = np.resize(np.arange(len(labels)), hour)
    contexts = examples.contexts(clips, settings.extract.fps)[repeated]
    row("training the default model", 3600, lambda: linear.fit(contexts, labels[repeated], settings.train.penalty))
    fitted = linear.fit(examples.contexts(clips, settings.extract.fps), labels, settings.train.penalty)
    frames = learning.frames(clips, fitted, settings.extract.fps)
    trainings = [lambda kind=kind: train_face(frames, settings, architecture, kind) for kind in ("float32", "bfloat16")]
    row(f"an epoch of {architecture} over all frames", 1024 / settings.extract.fps, *trainings)


def row(name: str, seconds_of_video: float, *runs: Callable[[], None]) -> None:
    """Print how long each run takes, per hour of video."""
    cells = []
    for run in runs:
        begin = time.perf_counter()
        run()
        cells.append(f"{(time.perf_counter() - begin) * 3600 / seconds_of_video:.0f}")
    if len(cells) == 1:
        cells *= 2
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def make_vod(source: Path, target: Path) -> None:
    """A minute of 1080p60 at 6 Mb/s, as services deliver it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-t", str(SECONDS), "-i", str(source)]
    command += ["-vf", "scale=1920:1080,fps=60", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "6M", "-g", "120"]
    subprocess.run([*command, "-c:a", "copy", str(target)], check=True)


def decode(vod: Path) -> None:
    with av.open(str(vod)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def scan(vod: Path, box, settings: Params, face) -> None:
    """What `predict` does, without reading the model and writing the timeline."""
    fps, size = settings.extract.fps, settings.extract.size
    chunks = []
    for moments in features.moments(vod, media.probe(vod), box, fps, size, workers.cores()):
        if face:
            network.score(face[0], moments.frames, face[1])
        chunks.append((moments.motion, moments.sound))
    motion, sound = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
    model = linear.Linear(*(np.zeros((len(context.WINDOWS), context.COLUMNS), np.float32) for _ in range(2)), 0.0)
    model.logits(context.relative(motion, sound, fps), fps)


def train_face(frames: list[batches.Frame], settings: Params, architecture: str, precision: str) -> None:
    changes = {"architecture": architecture, "precision": precision, "epoch_frames": 1024, "epochs": 1}
    train = settings.train.model_copy(update=changes | {"threads": workers.cores()})
    model = network.build(architecture, None, settings.extract.size)
    optimizer = torch.optim.AdamW(model.parameters())
    face_training.train_epoch(model, optimizer, train, frames, 0, network.arithmetic(precision), precision)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", default="resnet18", help="torchvision's name of the face network (resnet18)")
    main(parser.parse_args().face)
