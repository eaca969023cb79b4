"""Scan a VOD: data/timelines/<vod>.csv has the probability of a highlight at each moment.

The VOD is read as a stream; about 150 bytes per moment are kept in memory, or five megabytes per hour.
Run from the project's folder: python -m stages.predict demo
"""

import numpy as np

from autotosis.annotations import chat, config_files, configuration, facecams
from autotosis.model import chat_weight, model_file
from autotosis.model.labelled_moments import Labelled
from autotosis.project import command_line, files, inputs, params
from autotosis.scan import timeline, two_pass
from autotosis.scan.passes import Scan
from autotosis.scan.timeline import Timeline
from autotosis.video import recording
from autotosis.video.remarks import remarks


def main(name: str) -> None:
    config = config_files.recorded("predict", configuration.for_predict(params.load(), name))
    before = inputs.snapshot(config.video)
    card, weights = model_file.load(config.extract)
    labelled = Labelled.from_tensors(weights).for_vod(card.own_vods, config.video.as_posix())
    vod = recording.probe(config.video, config.sounds)
    for remark in remarks(vod):
        print(remark)
    if config.facecam is None and not facecams.path(name).exists():
        print(f"{name}: using the whole picture; to find the face camera first, run `dvc repro find_facecams@{name}`")
    messages = chat.read_chat(config.chat)
    scan = Scan(
        vod,
        facecams.for_vod(name, config.facecam),
        config.extract,
        config.predict.device,
        config.predict.precision,
        card.architecture,
        files.digest(model_file.PATH),
    )
    times = np.arange(scan.moments) / config.extract.fps
    chat_logits = chat_weight.from_tensors(weights).logits(messages, times)
    two_passes = config.predict.scan == "two-pass"
    probabilities, looked_at = two_pass.score(scan, name, card, labelled, chat_logits, two_passes)
    inputs.check_unchanged(before)
    timeline.write(name, Timeline(times, probabilities))
    listened = ", listened to all of it" if vod.sound else ""
    print(f"{name}: looked at {looked_at:.0%} of {vod.duration / 60:.1f} minutes{listened}")


if __name__ == "__main__":
    command_line.run(main, __doc__, name="name of the VOD, a key of `vods` in params.yaml")
