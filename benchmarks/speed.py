"""How much machine is enough: seconds to train and to scan per hour of video, beside decoding alone, the limit.

Makes a VOD of ten minutes of 1080p60 in a temporary folder from the demo's (`dvc repro` first), scans it, and trains on
the clips of the project, on as many frames as an hour of clips has. It takes five minutes on two cores:

    python -m benchmarks.speed
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import torch

from stages import predict
from stages.lib import (
    batches,
    context,
    examples,
    face_training,
    learning,
    linear,
    media,
    model,
    network,
    params,
    workers,
)
from stages.lib.facecam import Facecams
from stages.lib.params import Params
from stages.lib.scan import Vod

MINUTES = 10
HOUR = 3600


def main(architecture: str) -> None:
    settings = params.load()
    torch.set_num_threads(workers.cores())
    print(f"{workers.cores()} cores; seconds per hour of video\n")
    print("| | float32 | bfloat16 |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        scanning(settings, Path(folder))
    clips = list(examples.read(settings.extract.fps))
    labels, contexts = examples.labels(clips), examples.contexts(clips, settings.extract.fps)
    hour = np.resize(np.arange(len(labels)), round(HOUR * settings.extract.fps))
    fitted = linear.fit(contexts, labels, settings.train.penalty)
    row("training the default model", 1, lambda: linear.fit(contexts[hour], labels[hour], settings.train.penalty))
    frames = learning.frames(clips, fitted, settings.extract.fps)
    kinds = ("float32", "bfloat16")
    trainings = [partial(train_face, frames, settings, architecture, kind) for kind in kinds]
    row(f"an epoch of {architecture} over all frames", HOUR * settings.extract.fps / 1024, *trainings)
    faces = np.zeros((640, settings.extract.size, settings.extract.size, 3), np.uint8)
    scorings = [partial(score_faces, faces, architecture, kind) for kind in kinds]
    row(f"{architecture} looking at faces, in addition", HOUR * settings.extract.fps / len(faces), *scorings)


def scanning(settings: Params, folder: Path) -> None:
    """The rows of scanning, and their limits."""
    name, source = next(iter(settings.vods.items()))
    path = make_vod(settings.vod(name), folder)
    card, weights = model.load(model.PATH, settings.extract, context.VERSION)
    box = Facecams(settings.folder).box(source)
    vod = Vod(path, media.probe(path), box, settings.extract, "auto", "auto", None, "")
    hours = MINUTES / 60
    row(
        "limit: decoding the picture of a VOD (1080p60), a process per core",
        1 / hours,
        partial(decode, path, "DEFAULT"),
    )
    row("scanning it, dense", 1 / hours, lambda: predict.score(vod, name, card, weights, two_looks=False))
    row("limit: decoding its keyframes only, a process per core", 1 / hours, partial(decode, path, "NONKEY"))
    row(
        "scanning it, two-look (the default)",
        1 / hours,
        lambda: predict.score(vod, name, card, weights, two_looks=True),
    )


def row(name: str, times: float, *runs: Callable[[], object]) -> None:
    """Print how long each run takes, times so many."""
    cells = []
    for run in runs:
        begin = time.perf_counter()
        run()
        cells.append(f"{(time.perf_counter() - begin) * times:.0f}")
    if len(cells) == 1:
        cells *= 2
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def make_vod(source: Path, folder: Path, minutes: int = MINUTES) -> Path:
    """Some minutes of 1080p60 at 6 Mb/s with a keyframe every two seconds, as services deliver it."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error"]
    picture = ["-vf", "scale=1920:1080,fps=60", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "6M", "-g", "120"]
    minute, listing, vod = folder / "minute.mp4", folder / "list.txt", folder / "vod.mp4"
    subprocess.run([*ffmpeg, "-t", "60", "-i", str(source), *picture, "-c:a", "copy", str(minute)], check=True)
    listing.write_text("file minute.mp4\n" * minutes)
    subprocess.run([*ffmpeg, "-f", "concat", "-i", str(listing), "-c", "copy", str(vod)], check=True)
    return vod


def decode(vod: Path, which: str) -> None:
    """Decode the picture in as many parts as there are cores."""
    with ProcessPoolExecutor(workers.cores()) as pool:
        list(pool.map(partial(decode_part, vod, which), range(workers.cores())))


def decode_part(vod: Path, which: str, part: int) -> None:
    seconds = MINUTES * 60 / workers.cores()
    with av.open(str(vod)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count, stream.codec_context.skip_frame = 1, which
        container.seek(int(part * seconds * av.time_base))
        for frame in container.decode(stream):
            if frame.time >= (part + 1) * seconds:
                break


def train_face(frames: list[batches.Frame], settings: Params, architecture: str, precision: str) -> None:
    """Train on 1024 frames."""
    changes = {"precision": precision, "epoch_frames": 1024, "epochs": 1, "threads": workers.cores()}
    train = settings.train.model_copy(update=changes)
    device, dtype = face_training.prepare(train)
    face = network.build(architecture, None, settings.extract.size, device)
    optimizer = face_training.build_optimizer(face, train)
    face_training.train_epoch(face, optimizer, train, frames, 0, dtype, precision)


def score_faces(faces: np.ndarray, architecture: str, precision: str) -> None:
    """Score pictures as `scan.look` does."""
    device = network.device("predict.device", "auto")
    face = network.build(architecture, None, faces.shape[1], device).eval()
    network.score(face, faces, network.arithmetic(precision, device))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--face", default="resnet18", help="torchvision's name of the face network (resnet18)")
    main(parser.parse_args().face)
