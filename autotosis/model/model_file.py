"""models/model.safetensors: the model, with everything that later stages need. It has numbers and text, but no code."""

import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import ValidationError

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.project.section import Fraction, Section

PATH = Path("models/model.safetensors")


class Card(Section):
    """The parameters of a model, beside its weights.

    Attributes
    ----------
    architecture : str or None
        torchvision's name of the face network; None if there is none.
    extract : dict of str to float
        The parameters of extraction of the moments that it learned from.
    code : str
        `context.VERSION` of the code that made them.
    l2, target_precision : float
        The parameters of training of these names. `predict` needs them to fit the model to a VOD.
    clearly_calm : float
        The logit of the first pass below which a moment need not be looked at.
    threshold : float
        The decision threshold: the probability of a typical highlight moment in a stream, 0 to 1.
    prevalence : float
        The expected share of highlights in a stream, 0 to 1, for which probabilities hold.
    own_rows : list of str
        The VODs, by their files, whose rows in labels.csv are learned from only for themselves.
    """

    architecture: str | None
    extract: dict[str, float | int]
    code: str
    l2: float
    target_precision: float
    clearly_calm: float
    threshold: float
    prevalence: Fraction
    own_rows: list[str]


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


def read_card(path: Path = PATH) -> Card:
    """Read the parameters of a model; UserError if the file is missing or malformed."""
    files.check_regular(path)
    try:
        with safetensors.safe_open(path, "np") as file:
            return Card.model_validate_json((file.metadata() or {})["card"])
    except FileNotFoundError:
        raise UserError(f"{path}: no such model; make it with `dvc repro train`") from None
    except ValidationError as error:
        # Leave the input out of the message: it may be anything, however long.
        first = error.errors(include_input=False)[0]
        raise malformed(path, ".".join(["its card", *map(str, first["loc"])]) + f": {first['msg'][:100]}") from None
    except (safetensors.SafetensorError, KeyError):
        raise malformed(path, "it is not a safetensors file with a card") from None


def malformed(path: Path, cause: str) -> UserError:
    """Return the error for a file that is not a model."""
    return UserError(f"{path}: not a model made by this project ({cause}); make it again with `dvc repro -f train`")


def load(path: Path, extract: Extract, code: str) -> tuple[Card, dict[str, np.ndarray]]:
    """Read a model to score with.

    Parameters
    ----------
    path : Path
        The path of the model file.
    extract : Extract
        The parameters of extraction of the moments to score.
    code : str
        `context.VERSION` of the code that makes these moments.

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
    card = read_card(path)
    if card.extract != extract.seen() or card.code != code:
        differing = [
            f"extract.{key} {card.extract.get(key)}, not {value}"
            for key, value in extract.seen().items()
            if card.extract.get(key) != value
        ]
        raise UserError(
            f"{path}: trained with {', '.join(differing) or 'other code for what it sees'}; "
            "train it again with `dvc repro train`"
        )
    return card, tensors(path)


def tensors(path: Path) -> dict[str, np.ndarray]:
    """Read the weights of a model; UserError if one is infinite or not a number."""
    loaded = safetensors.numpy.load_file(path)
    for name, tensor in loaded.items():
        # Only the signals of labelled moments may be NaN, where there is nothing to measure, such as no face.
        numbers = ~np.isinf(tensor) if name == "labelled.contexts" else np.isfinite(tensor)
        if not numbers.all():
            raise malformed(path, f"{name} has a value that is infinite or not a number")
    return loaded


def subset(prefix: str, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights whose names begin with a prefix, with the prefix removed."""
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
