"""What a model file says of itself, readable without the network: the metadata of models/model.safetensors."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors

from stages.lib.errors import UserError

PATH = Path("models/model.safetensors")


@dataclass(frozen=True)
class ModelCard:
    """All that scoring needs beside the weights.

    Attributes
    ----------
    architecture : str
        torchvision's name of the face network.
    extract : dict
        The parameters of extraction that its training frames were made with.
    features : str
        features.VERSION at that time.
    threshold : float
        The probability from which a frame counts as a highlight, chosen on the validation clips.
    """

    architecture: str
    extract: dict
    features: str
    threshold: float

    def metadata(self) -> dict[str, str]:
        """As safetensors keeps it: one text, since it writes several in any order."""
        return {"card": json.dumps(asdict(self), sort_keys=True)}


def read(path: Path = PATH) -> ModelCard:
    """Read a model file's card; UserError if it is no model of this project."""
    try:
        with safetensors.safe_open(path, "np") as file:
            return ModelCard(**json.loads((file.metadata() or {})["card"]))
    except FileNotFoundError:
        raise UserError(f"{path}: no such model; make it with `dvc repro train`") from None
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError):
        raise UserError(f"{path}: not a model made by this project; make it anew with `dvc repro -f train`") from None
