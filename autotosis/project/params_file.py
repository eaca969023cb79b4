"""Reading a file of parameters: what is wrong in it is one sentence that names the key."""

import difflib
import json
import math
import reprlib
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode

from autotosis.project import files
from autotosis.project.errors import UserError

# Limits on the size of params.yaml: a few nested aliases can stand for more values than fit into memory.
MAX_BYTES, MAX_VALUES = 1_000_000, 100_000

Some = TypeVar("Some", bound=BaseModel)

# What a value must be, by pydantic's name of the error; for the others, pydantic says it well enough.
# https://docs.pydantic.dev/latest/errors/validation_errors/
MUST_BE = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "float_type": "a number, without quotes and with a point for decimals",
    "int_type": "a whole number, without a point and without quotes",
    "list_type": "a list, such as [1, 2]",
    "model_type": "a mapping of keys to values",
    "string_type": "text; if it looks like a number, put it in quotes",
    "string_too_short": "text that is not empty",
    "too_short": "a list that is not empty",
}


def load(model: type[Some], path: Path) -> Some:
    """Read and check a file of parameters.

    Parameters
    ----------
    model : type
        The section that describes what the file must contain.
    path : Path
        The YAML file to read.

    Raises
    ------
    UserError
        If there is no such file, it is not YAML, git has left a merge conflict in it, or a key is unknown, missing, of
        the wrong type or out of range.
    """
    try:
        # DVC uses the same reader, so both agree: 1e-3 is a number, and a key may occur only once.
        yaml = YAML(typ="safe", pure=True)
        text = files.read_text(path, MAX_BYTES)
        files.check_merged(str(path), text)
        node = yaml.compose(text)
        if _values(node, {}) > MAX_VALUES:
            raise UserError(
                f"{path}: its aliases (*) stand for more than {MAX_VALUES} values; "
                "replace them with what they stand for"
            )
        content = yaml.constructor.construct_document(node) if node else None
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the folder that holds it") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = (error.problem or "cannot be read").splitlines()[0]
        raise UserError(f"{path} line {line}: not valid YAML: {problem}") from None
    except RecursionError:
        raise UserError(f"{path}: not valid YAML: nested too deeply") from None
    except (YAMLError, ValueError) as error:
        raise UserError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {_sentence(error, model)}") from None


def _values(node: Node | None, counts: dict[int, float]) -> float:
    """Count the values in a part of a YAML file with aliases written out; `counts` has the counts of nodes so far."""
    if node is None or isinstance(node, ScalarNode):
        return 1
    if id(node) not in counts:
        # The count while this node is being counted: a node that contains itself has infinitely many values.
        counts[id(node)] = math.inf
        parts = node.value if isinstance(node, SequenceNode) else [part for pair in node.value for part in pair]
        counts[id(node)] = 1 + sum(_values(part, counts) for part in parts)
    return counts[id(node)]


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    # A misspelt key is also reported as missing; report the unknown key first.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the file"
    match first["type"]:
        case "extra_forbidden":
            for part in first["loc"][:-1]:
                # In a mapping of sections, a part is the name of one of them.
                if field := model.model_fields.get(str(part)):
                    section = (get_args(field.annotation) or [field.annotation])[-1]
                    assert isinstance(section, type) and issubclass(section, BaseModel)
                    model = section
            # A higher cutoff than the default, which takes a parameter that was removed for another one.
            close = difflib.get_close_matches(str(first["loc"][-1]), model.model_fields, n=1, cutoff=0.75)
            return f"{key} is not a parameter; " + (f"did you mean {close[0]}?" if close else "remove it")
        case "missing":
            return f"{key} is missing; add it, as in the file that came with this version"
    value = _as_written(first["input"])
    if words := MUST_BE.get(first["type"]):
        return f"{key} is {value}: it must be {words}"
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return f"{key} is {value}: {message[0].lower()}{message[1:]}"


def _as_written(value: object) -> str:
    """Return a value as YAML spells it; a large one is shortened."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return reprlib.repr(value)
