"""models/model.safetensors: what the stages after training need to know. Weights are numbers, never code."""

import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import ValidationError

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import Extract, Fraction, Section

PATH = Path("models/model.safetensors")


class Card(Section):
    """All that scoring needs beside the weights.

    Attributes
    ----------
    architecture : str or None
        torchvision's name of the face network; None if there is none.
    extract : dict
        The parameters of extraction that its training frames were made with.
    code : str
        The version of the code that made what it saw of them.
    l2, target_precision : float
        The parameters that it was trained with, to learn again beside a VOD.
    clearly_calm : float
        Moments whose logit by the sound alone is below this need not be looked at.
    threshold : float
        The probability from which a moment of a stream counts as a highlight: that of a typical moment of one.
    prevalence : float
        The share of a stream that is expected to be highlights, for which probabilities hold.
    """

    architecture: str | None
    extract: dict[str, float | int]
    code: str
    l2: float
    target_precision: float
    clearly_calm: float
    threshold: float
    prevalence: Fraction


def save(path: Path, card: Card, weights: dict[str, np.ndarray]) -> None:
    """Write a model."""
    # One text, since safetensors writes several in any order.
    files.write_bytes(path, safetensors.numpy.save(weights, {"card": json.dumps(card.model_dump(), sort_keys=True)}))


def read_card(path: Path = PATH) -> Card:
    """Read what a model file says of itself; UserError if it is no model of this project."""
    files.check_regular(path)
    try:
        with safetensors.safe_open(path, "np") as file:
            return Card.model_validate_json((file.metadata() or {})["card"])
    except FileNotFoundError:
        raise UserError(f"{path}: no such model; make it with `dvc repro train`") from None
    except ValidationError as error:
        # What it holds may be anything, however large.
        first = error.errors(include_input=False)[0]
        raise unfit(path, ".".join(["its card", *map(str, first["loc"])]) + f": {first['msg'][:100]}") from None
    except (safetensors.SafetensorError, KeyError):
        raise unfit(path, "no safetensors with a card") from None


def unfit(path: Path, cause: str) -> UserError:
    """The sentence for a file that `save` did not write."""
    return UserError(f"{path}: not a model made by this project ({cause}); make it anew with `dvc repro -f train`")


def load(path: Path, extract: Extract, code: str) -> tuple[Card, dict[str, np.ndarray]]:
    """Read a model to score with.

    Parameters
    ----------
    path : Path
        Written by `save`.
    extract : Extract
        How the moments to score are made.
    code : str
        By which code.

    Raises
    ------
    UserError
        No such file, no model of this project, one with weights that are no numbers, or one whose training frames were
        made in another way.
    """
    card = read_card(path)
    if card.extract != extract.seen() or card.code != code:
        differing = [
            f"extract.{key} {card.extract.get(key)}, not {value}"
            for key, value in extract.seen().items()
            if card.extract.get(key) != value
        ]
        raise UserError(
            f"{path}: trained with {', '.join(differing) or 'other code for what it sees'}; "
            "train it anew with `dvc repro train`"
        )
    return card, tensors(path)


def tensors(path: Path) -> dict[str, np.ndarray]:
    """The weights of a model; UserError if one is infinite or no number."""
    loaded = safetensors.numpy.load_file(path)
    for name, tensor in loaded.items():
        # What is not there in a labelled moment, such as a face, is not a number.
        numbers = ~np.isinf(tensor) if name == "labelled.contexts" else np.isfinite(tensor)
        if not numbers.all():
            raise unfit(path, f"{name} has a value that is infinite or no number")
    return loaded


def under(prefix: str, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
