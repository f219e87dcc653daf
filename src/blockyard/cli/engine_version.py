"""Chooses the engine version of a definition by what its module asks for."""

import re
from collections.abc import Iterable

DEFAULT_ENGINE_VERSION = "1.11.4"
"""What a module runs with that asks for nothing else."""

_BOUND = re.compile(r"(?P<operator>[<>=~!]*)\s*v?(?P<version>\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?)")
_FULL = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")


def is_engine_version(version: str) -> bool:
    """Tell whether `version` is a whole, exact version."""
    return _FULL.fullmatch(version) is not None


def choose_engine_version(constraints: Iterable[str]) -> str:
    """Return an engine version the constraints of a module allow: an exact one, else the lowest not below the default."""
    chosen = DEFAULT_ENGINE_VERSION
    ceiling: str | None = None
    floor: str | None = None
    for part in ",".join(constraints).split(","):
        found = _BOUND.fullmatch(part.strip())
        if found is None:
            continue
        version = _completed(found["version"])
        match found["operator"]:
            case "" | "=":
                return version
            case ">=" | "~>":
                floor = version if floor is None or _order(version) > _order(floor) else floor
                if found["operator"] == "~>":
                    ceiling = _lower(ceiling, _after(found["version"]))
            case "<" | "<=":
                ceiling = _lower(ceiling, version)
            case _:
                pass
    if floor and _order(floor) > _order(chosen):
        return floor
    if ceiling and _order(chosen) >= _order(ceiling):
        return floor or chosen
    return chosen


def _completed(version: str) -> str:
    numbers, dash, suffix = version.partition("-")
    return ".".join([*numbers.split("."), "0", "0"][:3]) + dash + suffix


def _after(version: str) -> str:
    """Return the first version a `~>` no longer allows: its last number may grow, nothing else."""
    numbers = [int(number) for number in version.partition("-")[0].split(".")]
    kept = numbers[:-1] or numbers
    return _completed(".".join(str(number) for number in [*kept[:-1], kept[-1] + 1]))


def _lower(left: str | None, right: str) -> str:
    return right if left is None or _order(right) < _order(left) else left


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.partition("-")[0].split("."))
