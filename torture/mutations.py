"""Ways to corrupt a file: each takes its bytes and a random generator, and returns other bytes."""

import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

Mutation = Callable[[bytes, random.Random], bytes]

# What people, spreadsheets and broken disks put where a number or a name belongs.
CELLS = (
    "", " ", "nan", "inf", "-inf", "-0", "0", "1", "-1", "1e400", "1e-400", "1e308", "-1e308", "0.0000001", "2.0000001",
    "1_000", "1,5", "0x10", "١٢", "1.5.2", "yes", "no", "maybe", "null", "=1+1", "12:30", "00:00:01.5", "../../x",
    "/etc/passwd", "clips/", "clips/gone.mp4", "clips/c01.mp4", "vods/demo.mp4", "vods", "*", "[", "[!]", "\0", "\r",
    "a\nb", "\u202e", "\ud7ff", "é", "x" * 5000, "9" * 400, '"', '""', "a\"b", "demo", "CON", "~", "$HOME", "${data}",
)  # fmt: skip
SCALARS = (
    None, True, False, 0, 1, -1, 2, 7, 0.5, 1.5, 1e-9, 1e-300, 1e300, 1e9, -0.0, 10**400, 2**63, float("nan"),
    float("inf"), -float("inf"), "", "x", "auto", "demo", "1", "nan", "../../x", "/etc/passwd", "x" * 5000, "\u202e",
    [], [1], [[]], {}, {"a": 1}, {"fps": 4}, "2020-01-01",
)  # fmt: skip


def bits(content: bytes, rng: random.Random) -> bytes:
    """A few bits the other way round."""
    corrupted = bytearray(content or b"x")
    for _ in range(rng.choice((1, 3, 30))):
        corrupted[rng.randrange(len(corrupted))] ^= 1 << rng.randrange(8)
    return bytes(corrupted)


def cut_off(content: bytes, rng: random.Random) -> bytes:
    """The beginning alone, or nothing."""
    return content[: rng.choice((0, rng.randrange(len(content) + 1)))]


def noise(content: bytes, rng: random.Random) -> bytes:
    """Something else in its middle, as a bad block of a disk has."""
    start, length = rng.randrange(len(content) + 1), rng.choice((1, 16, 512))
    return content[:start] + rng.choice((b"\0" * length, rng.randbytes(length))) + content[start + length :]


def twice(content: bytes, rng: random.Random) -> bytes:
    """The file, and all or a part of it once more."""
    return content + content[rng.choice((0, rng.randrange(len(content) + 1))) :]


BYTES: tuple[Mutation, ...] = (bits, cut_off, noise, twice)


def _on_rows(change: Callable[[list[list[str]], random.Random], None]) -> Mutation:
    def mutate(content: bytes, rng: random.Random) -> bytes:
        rows = [line.split(",") for line in content.decode().splitlines()]
        change(rows, rng)
        return "".join(",".join(row) + "\n" for row in rows).encode()

    mutate.__name__ = change.__name__
    return mutate


def cell(rows: list[list[str]], rng: random.Random) -> None:
    """Something else in one cell or some."""
    for _ in range(rng.choice((1, 1, 2))):
        row = rng.choice(rows[1:] or rows)
        row[rng.randrange(len(row))] = rng.choice(CELLS)


def number(rows: list[list[str]], rng: random.Random) -> None:
    """A number that is a little or a lot off."""
    row = rng.choice(rows[1:] or rows)
    places = [place for place, value in enumerate(row) if value.replace(".", "").isdigit()]
    if places:
        place = rng.choice(places)
        value = float(row[place])
        row[place] = repr(rng.choice((-value, value * 10, value + 1e-7, value - 0.01, value + rng.gauss(0, 5))))


def moved(rows: list[list[str]], rng: random.Random) -> None:
    """Rows in another order, doubled or missing."""
    place = rng.randrange(len(rows))
    match rng.randrange(4):
        case 0:
            rng.shuffle(rows)
        case 1:
            rows.insert(place, list(rng.choice(rows)))
        case 2:
            del rows[place]
        case _:
            del rows[place:]


def columns(rows: list[list[str]], rng: random.Random) -> None:
    """Remove or insert a cell, or reverse the row: in all rows, in one, or in the header."""
    place = rng.randrange(len(rows[0]))
    for row in rng.choice((rows, [rng.choice(rows)], rows[:1])):
        match rng.randrange(3):
            case 0 if len(row) > place:
                del row[place]
            case 1:
                row.insert(place, rng.choice(CELLS))
            case _:
                row.reverse()


def constant(rows: list[list[str]], rng: random.Random) -> None:
    """The same in all of a column."""
    place, value = rng.randrange(len(rows[0])), rng.choice(CELLS)
    for row in rows[1:]:
        row[place] = value


def many(rows: list[list[str]], rng: random.Random) -> None:
    """Many thousands of rows, all alike or each a little later."""
    first = list(rng.choice(rows[1:] or rows))
    step = rng.choice((0, 1e-4))
    for count in range(20_000):
        rows.append([f"{float(x) + count * step:.4f}" if x.replace(".", "").isdigit() and step else x for x in first])


def encoded(content: bytes, rng: random.Random) -> bytes:
    """As other programs save text."""
    text = content.decode()
    return rng.choice(
        (
            text.encode("utf-16"),
            text.encode("utf-8-sig"),
            text.replace(",", ";").encode(),
            text.replace(",", "\t").encode(),
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
            text.replace("\n", "\n\n").encode(),
            text.replace("\n", ",,,\n").encode(),
            text.replace("\n", '"\n', 1).encode(),
            text.replace("clips", '"clips', 1).encode(),
        )
    )


TABLE: tuple[Mutation, ...] = (
    *(_on_rows(change) for change in (cell, cell, cell, number, number, moved, columns, constant)),
    encoded,
    *BYTES,
)
MANY = _on_rows(many)


def _yaml_value(value: object) -> str:
    text = str(value) if isinstance(value, float) else json.dumps(value)
    return text.replace("inf", ".inf").replace("nan", ".nan")


def value(content: bytes, rng: random.Random) -> bytes:
    """Something else behind one key or some."""
    lines = content.decode().splitlines()
    for _ in range(rng.choice((1, 1, 1, 3))):
        place = rng.choice([n for n, line in enumerate(lines) if ":" in line])
        lines[place] = f"{lines[place].split(':')[0]}: {_yaml_value(rng.choice(SCALARS))}"
    return "\n".join(lines).encode() + b"\n"


def scaled(content: bytes, rng: random.Random) -> bytes:
    """Another number behind some keys, of the same type."""
    lines = content.decode().splitlines()
    numbers = [n for n, line in enumerate(lines) if re.fullmatch(r" *\w+: [0-9.]+", line)]
    for place in rng.sample(numbers, rng.choice((1, 2))):
        key, number = lines[place].split(": ")
        factor = rng.choice((0, 0.001, 0.1, 0.5, 2, 10, 1000))
        lines[place] = f"{key}: {float(number) * factor if '.' in number else int(int(number) * factor)}"
    return "\n".join(lines).encode() + b"\n"


def key(content: bytes, rng: random.Random) -> bytes:
    """Remove, double, misspell, indent, dedent or replace a key."""
    lines = content.decode().splitlines()
    place = rng.randrange(len(lines))
    lines[place] = rng.choice(
        (
            "",
            f"{lines[place]}\n{lines[place]}",
            "x" + lines[place],
            f"  {lines[place]}",
            lines[place].lstrip(),
            "? [a]",
        )
    )
    return "\n".join(lines).encode() + b"\n"


def bomb(content: bytes, rng: random.Random) -> bytes:
    """Little text that stands for much, or that holds itself."""
    depth, wide = rng.choice((3, 9, 30)), rng.choice((2, 10))
    bombs = [f"a0: &a0 [{', '.join(['x'] * wide)}]"]
    bombs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * wide)}]" for n in range(1, depth)]
    last = f"*a{depth - 1}"
    lines = content.decode().splitlines()
    places = [n for n, line in enumerate(lines) if line.startswith("  ") or line.startswith(("label", "urls"))]
    place = rng.choice(places)
    lines[place] = f"{lines[place].split(':')[0]}: {last}"
    return rng.choice(
        (
            "\n".join([*bombs, *lines]),
            content.decode() + "b: &b [*b]\n",
            content.decode().replace("vods:", "vods: &v\n  w: *v\nold:"),
            content.decode() + f"deep: {'[' * 100_000}",
            content.decode() + f"deep: {'{a: ' * 5000}",
            content.decode() + "x: !!python/object/apply:os.system [true]\n",
            content.decode() + f"label: {'9' * 100_000}\n",
        )
    ).encode()


PARAMS: tuple[Mutation, ...] = (value, value, value, scaled, scaled, scaled, key, bomb, *BYTES)


def something_else(path: Path, rng: random.Random) -> str:
    """Put something else in a file's place, such as a folder or a pipe; return its kind."""
    kind = rng.choice(("nothing", "folder", "pipe", "broken link", "link to itself", "endless device", "empty file"))
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "broken link":
            path.symlink_to("gone")
        case "link to itself":
            path.symlink_to(path.name)
        case "endless device":
            path.symlink_to("/dev/zero")
        case "empty file":
            path.touch()
    return kind
