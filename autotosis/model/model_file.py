"""models/model.safetensors: the model, with everything that `predict` needs. It has numbers and text, but no code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import Field, ValidationError

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.project.section import OpenUnitInterval, Section
from autotosis.signals import context

PATH = Path("models/model.safetensors")
# The prefixes of tensor names: of the labelled moments, from which the model is fitted again to each VOD, of the face
# network, and of the chat.
PREFIXES = LABELLED, FACE, CHAT = "labelled.", "face.", "chat."
# No number in a model is larger. Beyond it, sums would overflow.
MAX_NUMBER = 1e9

Tensor = TypeVar("Tensor")
# The type and the shape of each array, by name.
Shapes = Mapping[str, tuple[str, tuple[int, ...]]]


class Card(Section):
    """The parameters of a model, beside its weights.

    Attributes
    ----------
    architecture : str or None
        torchvision's name of the face network; None if there is none.
    extract : dict of str to float
        The parameters of extraction of the moments that it learned from.
    code : str
        `context.VERSION` of the code that computed these moments.
    l2 : float
        `train.l2`, with which `predict` fits the model to a VOD.
    prevalence : float
        The expected share of highlights in a stream, 0 to 1, for which probabilities hold.
    own_vods : list of str
        The VODs, by their files, whose rows in labels.csv train only their own models.
    """

    architecture: str | None
    extract: dict[str, float | int]
    code: str
    l2: Annotated[float, Field(gt=0)]
    prevalence: OpenUnitInterval
    own_vods: list[str]


def save(path: Path, card: Card, weights: dict[str, np.ndarray]) -> None:
    """Write a model file.

    Parameters
    ----------
    path : Path
        The path of the file.
    card : Card
        The parameters of the model.
    weights : dict of str to ndarray
        The weights, by name.
    """
    # One entry, because safetensors writes several in random order, and the same model must have the same bytes.
    files.write_bytes(path, safetensors.numpy.save(weights, {"card": json.dumps(card.model_dump(), sort_keys=True)}))


def read_card() -> Card:
    """Read the parameters of a model; UserError if the file is missing or malformed."""
    files.check_regular(PATH)
    try:
        # Safetensors takes a file that may not be read for a missing one.
        PATH.open("rb").close()
        with safetensors.safe_open(PATH, "np") as file:
            return Card.model_validate_json((file.metadata() or {})["card"])
    except FileNotFoundError:
        raise UserError(f"{PATH}: no such model; make it with `dvc repro train`") from None
    except ValidationError as error:
        # Leave the input out of the message: it may be anything, however long.
        first = error.errors(include_input=False)[0]
        raise malformed(".".join(["its card", *map(str, first["loc"])]) + f": {first['msg'][:100]}") from None
    except (safetensors.SafetensorError, KeyError):
        raise malformed("it is not a safetensors file with a card") from None


def malformed(cause: str) -> UserError:
    """Return the error for a file that is not a model."""
    return UserError(f"{PATH}: not a model made by this project ({cause}); make it again with `dvc repro -f train`")


def load(extract: Extract) -> tuple[Card, dict[str, np.ndarray]]:
    """Read a model to score with.

    Parameters
    ----------
    extract : Extract
        The parameters of extraction of the moments to score.

    Returns
    -------
    Card
        The parameters of the model.
    dict of str to ndarray
        Its weights, by name.

    Raises
    ------
    UserError
        If the file is missing or malformed, or if the model learned from moments that were made in another way.
    """
    card = read_card()
    if card.extract != extract.signal_params() or card.code != context.VERSION:
        differing = [
            f"extract.{key} {card.extract.get(key)}, not {value}"
            for key, value in extract.signal_params().items()
            if card.extract.get(key) != value
        ]
        raise UserError(
            f"{PATH}: trained with {', '.join(differing) or 'other code for what it sees'}; "
            "train it again with `dvc repro train`"
        )
    return card, tensors(card)


def tensors(card: Card) -> dict[str, np.ndarray]:
    """Read the weights of a model; UserError if one is not a number, or has no place in a model with this card."""
    try:
        loaded = safetensors.numpy.load_file(PATH)
    except (TypeError, AttributeError):
        raise malformed("it has numbers of a type that NumPy does not know") from None
    for name, tensor in loaded.items():
        if not name.startswith(PREFIXES) or (name.startswith(FACE) and card.architecture is None):
            raise malformed(f"it has {name[:100]}, which no such model has")
        # Only the signals of labelled moments may be NaN, where there is nothing to measure, such as no face.
        numbers = tensor[~np.isnan(tensor)] if name == f"{LABELLED}contexts" else tensor
        if not (np.abs(numbers.astype(np.float64)) <= MAX_NUMBER).all():
            raise malformed(f"{name} has a value that is not a number, or is larger than {MAX_NUMBER:g}")
    return loaded


def check(prefix: str, arrays: Mapping[str, np.ndarray], expected: Shapes) -> None:
    """Raise a UserError unless these arrays have exactly the names, types and shapes that are expected.

    Parameters
    ----------
    prefix : str
        What their names in the file begin with, and `arrays` leaves out.
    arrays : dict of str to ndarray
        The arrays, by name.
    expected : dict of str to (str, tuple of int)
        The type and the shape that each must have, by name.
    """
    has = {name: f"{tensor.dtype} of shape {tensor.shape}" for name, tensor in arrays.items()}
    wanted = {name: f"{dtype} of shape {shape}" for name, (dtype, shape) in expected.items()}
    # Missing and unknown ones first, because the expected shapes of others may depend on them.
    for name in sorted(has.keys() | wanted.keys(), key=lambda name: (name in has and name in wanted, name)):
        if has.get(name) != wanted.get(name):
            raise malformed(f"{prefix}{name} is {has.get(name, 'absent')}, not {wanted.get(name, 'absent')}")


def subset(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights whose names begin with a prefix, with the prefix removed."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
