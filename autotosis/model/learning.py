"""Learning from clips, and scoring others, as cross-validation does.

The linear model comes first, then the face network, if one is chosen. Only the network is kept in the model file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autotosis.model import examples, linear, model_file
from autotosis.model.examples import Clip
from autotosis.model.face_network import batches
from autotosis.model.linear import Linear
from autotosis.project.params import Params
from autotosis.signals import features

# The checkpoints of face networks in training. An interrupted training continues from them.
CHECKPOINTS = Path("models/.checkpoints")


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes
    ----------
    linear : Linear
        The model of the signals.
    face : FaceNetwork or None
        The face network, whose logit is added to that of the linear model; None if there is none.
    losses : list of float
        The mean loss of each epoch of the face network, nats per frame.
    """

    linear: Linear
    face: Any = None
    losses: list[float] = field(default_factory=list)

    def face_tensors(self) -> dict[str, np.ndarray]:
        """Return the weights of the face network for the model file; empty if there is none."""
        if self.face is None:
            return {}
        from autotosis.model.face_network import network

        return {model_file.FACE + name: tensor for name, tensor in network.tensors(self.face).items()}


def learn(clips: Sequence[Clip], settings: Params, name: str) -> Model:
    """Learn from labelled clips.

    Parameters
    ----------
    clips : sequence of Clip
        The clips to learn from. Both labels must occur.
    settings : Params
        The parameters, of which `extract` and `train` are used.
    name : str
        The name of this training in messages and checkpoints, since cross-validation trains several models.

    Returns
    -------
    Model
        The trained model.

    Raises
    ------
    UserError
        If the face network cannot be trained.
    """
    fps, train = settings.extract.fps, settings.train
    clips = training_clips(clips, settings)
    weights = examples.weights(clips, train.review_weight)
    fitted = linear.fit(examples.contexts(clips, fps), examples.labels(clips), train.l2, weights)
    if train.architecture is None:
        return Model(fitted)
    # Imported here because it takes seconds, and the default model does not need it.
    from autotosis.model.face_network import training

    checkpoint_path = CHECKPOINTS / f"{name}.safetensors"
    face, losses = training.fit(
        train, settings.extract.size, frames(clips, weights, fitted, fps), name, checkpoint_path
    )
    return Model(fitted, face, losses)


def training_clips(clips: Sequence[Clip], settings: Params) -> list[Clip]:
    """Return the clips that teach a model: with a `train.review_weight` of 0, excerpts of VODs teach nothing."""
    return [clip for clip in clips if settings.train.review_weight or not clip.is_excerpt]


def with_network(settings: Params, architecture: str | None) -> Params:
    """Return the parameters with this face network, or without one if it is None."""
    return settings.model_copy(update={"train": settings.train.model_copy(update={"architecture": architecture})})


def frames(clips: Sequence[Clip], weights: np.ndarray, fitted: Linear, fps: float) -> list[batches.LabelledFrame]:
    """List the labelled frames of clips, each with its weight and with the logit that the linear model gives it."""
    shards = [clip.shard for clip in clips for _ in clip.moments]
    moments = np.concatenate([clip.moments for clip in clips])
    offsets = np.concatenate([fitted.logits(clip.values, fps)[clip.moments] for clip in clips])
    columns = (moments, examples.labels(clips), offsets, weights)
    rows = zip(shards, *(column.tolist() for column in columns), strict=True)
    return [batches.LabelledFrame(*row) for row in rows]


def score(learned: Model, clips: Sequence[Clip], settings: Params) -> list[np.ndarray]:
    """Compute the logits of the labelled moments of clips.

    Parameters
    ----------
    learned : Model
        The model.
    clips : sequence of Clip
        The clips to score.
    settings : Params
        The parameters.

    Returns
    -------
    list of ndarray of float64, shape (labelled,)
        For each clip, the logits of its labelled moments.
    """
    logits = [learned.linear.logits(clip.values, settings.extract.fps)[clip.moments] for clip in clips]
    if learned.face is None:
        return logits
    from autotosis.model.face_network import network, torchrun

    dtype = network.choose_dtype(settings.train.precision, learned.face.device)

    def score_frames(clip: Clip) -> np.ndarray:
        scored = network.score(learned.face, (clip.shard.frame(moment) for moment in clip.moments), dtype)
        return np.where(features.has_picture(clip.values[clip.moments]), scored, 0)

    network_logits = torchrun.map_shared(score_frames, clips)
    return [of_signals + of_frames for of_signals, of_frames in zip(logits, network_logits, strict=True)]
