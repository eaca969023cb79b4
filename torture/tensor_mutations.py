"""Ways to corrupt a file of tensors, as in `mutations`."""

import json
import random
import struct

import numpy as np
import safetensors.numpy

from torture.mutations import BYTES, SCALARS, Mutation


def _metadata_and_tensors(content: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    size = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + size]).get("__metadata__", {}), safetensors.numpy.load(content)


def header(content: bytes, rng: random.Random) -> bytes:
    """Another header before the same numbers."""
    size = struct.unpack("<Q", content[:8])[0]
    entries, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    names = [name for name in entries if name != "__metadata__"]
    name = rng.choice(names)
    match rng.randrange(7):
        case 0:
            entries[name]["dtype"] = rng.choice(("F64", "F32", "F16", "BF16", "I64", "U8", "BOOL", "X", "F8_E5M2"))
        case 1:
            entries[name]["shape"] = rng.choice(([], [0], [-1], [2**60, 2**60], [1], entries[name]["shape"][::-1]))
        case 2:
            entries[name]["data_offsets"] = rng.choice(([0, 0], [0, 2**62], [5, 3], [0, len(body)]))
        case 3:
            entries.pop(rng.choice((name, "__metadata__")), None)
        case 4:
            entries[rng.choice(("", "x", "linear.", "../x"))] = entries.pop(name)
        case 5:
            return struct.pack("<Q", rng.choice((0, 1, 2**62, 2**31, size - 1))) + content[8:]
        case _:
            text = b"[" * 100_000
            return struct.pack("<Q", len(text)) + text + body
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + body


def tensor(content: bytes, rng: random.Random) -> bytes:
    """Other numbers, another type or another shape, in a file that is well formed."""
    metadata, tensors = _metadata_and_tensors(content)
    name = rng.choice(sorted(tensors))
    array = tensors[name].copy()
    match rng.randrange(8):
        case 7 if array.size:
            array[:] = array.flat[rng.randrange(array.size)]
        case 0 if array.dtype.kind == "f" and array.size:
            array.flat[rng.randrange(array.size)] = rng.choice((np.nan, np.inf, -np.inf, 1e30, -1e30))
        case 0 | 1 if array.dtype.kind == "f":
            array[:] = rng.choice((np.nan, np.inf, 0.0, 1e38))
        case 2:
            array = array.astype(rng.choice((np.float64, np.float32, np.float16, np.int64, np.uint8, bool)))
        case 3:
            array = rng.choice((array[:0], array[:1], array[:-1], array.ravel(), array[None], array.T))
        case 4:
            array = np.concatenate([array, array])
        case 5:
            tensors[rng.choice(("x", "linear.x", "face.x", ""))] = array
        case _:
            del tensors[name]
            return safetensors.numpy.save(tensors, metadata)
    return safetensors.numpy.save(tensors | {name: np.ascontiguousarray(array)}, metadata)


def card(content: bytes, rng: random.Random) -> bytes:
    """Corrupt what the file says of itself."""
    metadata, tensors = _metadata_and_tensors(content)
    name = rng.choice(sorted(metadata))
    entries = json.loads(metadata[name])
    chosen = rng.choice(sorted(entries))
    match rng.randrange(6):
        case 0:
            del entries[chosen]
        case 1:
            entries[f"{chosen}_"] = 1
        case 2:
            bombs = ("[" * 100_000, '{"a":' * 100_000, "", "null", "7", '"x"', "[]", "NaN", "9" * 5000, "\ufeff{}")
            return safetensors.numpy.save(tensors, metadata | {name: rng.choice(bombs)})
        case 3 if isinstance(entries[chosen], dict):
            part = rng.choice(sorted(entries[chosen]))
            entries[chosen][part] = rng.choice(SCALARS)
        case _:
            entries[chosen] = rng.choice(SCALARS)
    return safetensors.numpy.save(tensors, metadata | {name: json.dumps(entries)})


TENSORS: tuple[Mutation, ...] = (header, tensor, tensor, card, card, *BYTES)
