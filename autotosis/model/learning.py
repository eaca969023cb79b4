"""A model learns from clips and scores others: the signals first, then a face network, if one is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autotosis.model import examples, linear
from autotosis.model.examples import Clip
from autotosis.model.face_network import batches
from autotosis.model.linear import Linear
from autotosis.project.params import Params

# What a face network's training that is interrupted goes on from.
UNFINISHED = Path("models/.checkpoints")


@dataclass(frozen=True)
class Model:
    """What was learned.

    Attributes
    ----------
    linear : Linear
        From the signals.
    face : FaceNetwork or None
        Its logit is added.
    losses : list of float
        Of each epoch of the face network, nats per frame.
    """

    linear: Linear
    face: Any = None
    losses: list[float] = field(default_factory=list)

    def face_tensors(self, prefix: str) -> dict[str, np.ndarray]:
        """The face network, if there is one, as the model file keeps it, under a prefix."""
        if self.face is None:
            return {}
        from autotosis.model.face_network import network

        return {prefix + name: tensor for name, tensor in network.tensors(self.face).items()}


def learn(clips: Sequence[Clip], settings: Params, name: str) -> Model:
    """Learn from labelled clips.

    Parameters
    ----------
    clips : sequence of Clip
        Of both labels.
    settings : Params
        `extract` and `train` count.
    name : str
        What to call this training, of the several that cross-validation takes.
    """
    fps, train = settings.extract.fps, settings.train
    weights = examples.weights(clips, train.review_weight)
    fitted = linear.fit(examples.contexts(clips, fps), examples.labels(clips), train.l2, weights)
    if train.architecture is None:
        return Model(fitted)
    # Only here, since it takes seconds and the default needs none of it.
    from autotosis.model.face_network import training

    unfinished = UNFINISHED / f"{name}.safetensors"
    face, losses = training.fit(train, settings.extract.size, frames(clips, fitted, fps), name, unfinished)
    return Model(fitted, face, losses)


def without_network(settings: Params) -> Params:
    """Return the parameters without a face network."""
    return with_network(settings, None)


def with_network(settings: Params, architecture: str | None) -> Params:
    """Return the parameters with this face network, or with none."""
    return settings.model_copy(update={"train": settings.train.model_copy(update={"architecture": architecture})})


def frames(clips: Sequence[Clip], fitted: Linear, fps: float) -> list[batches.LabelledFrame]:
    """The labelled frames of clips, with what the signals say of them."""
    return [
        batches.LabelledFrame(clip.shard, int(moment), int(label), float(offset))
        for clip in clips
        for moment, label, offset in zip(
            clip.moments, clip.labels, fitted.logits(clip.values, fps)[clip.moments], strict=True
        )
    ]


def score(learned: Model, clips: Sequence[Clip], settings: Params) -> list[np.ndarray]:
    """The logit of each moment that counts, for each clip: float64 of shape (labelled,)."""
    logits = [learned.linear.logits(clip.values, settings.extract.fps)[clip.moments] for clip in clips]
    if learned.face is None:
        return logits
    from autotosis.model.face_network import network, torchrun

    dtype = network.arithmetic(settings.train.precision, learned.face.device)

    def look(clip: Clip) -> np.ndarray:
        return network.score(learned.face, (clip.shard.frame(moment) for moment in clip.moments), dtype)

    return [heard + seen for heard, seen in zip(logits, torchrun.map_shared(look, clips), strict=True)]
