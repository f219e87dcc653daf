"""Chooses the engine version of a definition by what its module asks for."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

DEFAULT_ENGINE_VERSION = "1.11.4"
"""What a module runs with that asks for nothing else."""

KNOWN = (
    *("0.12.31", "0.13.7", "0.14.11", "0.15.5", "1.0.11", "1.1.9", "1.2.9", "1.3.9", "1.4.6", "1.5.5"),
    *("1.6.2", "1.7.3", "1.8.2", "1.9.1", "1.10.5", DEFAULT_ENGINE_VERSION),
)
"""A late release of each minor version, ascending: up to 1.5.5 of Terraform, above of OpenTofu."""

_BOUND = re.compile(r"(?P<operator>[<>=~!]*)\s*v?(?P<version>\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?)")
_FULL = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")

_Numbers: TypeAlias = tuple[int, ...]
_ALLOWS: dict[str, Callable[[_Numbers, _Numbers], bool]] = {
    "": lambda version, bound: version == bound,
    "=": lambda version, bound: version == bound,
    "!=": lambda version, bound: version != bound,
    ">": lambda version, bound: version > bound,
    ">=": lambda version, bound: version >= bound,
    "~>": lambda version, bound: version >= bound,
    "<": lambda version, bound: version < bound,
    "<=": lambda version, bound: version <= bound,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An engine version, and what is wrong with it if anything is."""

    version: str
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class _Bound:
    operator: str
    numbers: _Numbers
    version: str

    def allows(self, version: _Numbers) -> bool:
        return _ALLOWS[self.operator](version, self.numbers)


def is_engine_version(version: str) -> bool:
    """Tell whether `version` is a whole, exact version."""
    return _FULL.fullmatch(version) is not None


def choose_engine_version(constraints: Iterable[str]) -> Chosen:
    """Return an engine version that the constraints of a module allow.

    The default if it is allowed; else the exact version that is demanded; else the highest known one; else the lowest newer
    one, which a floor names.
    """
    asked = ", ".join(constraints)
    bounds = [bound for part in asked.split(",") for bound in _bounds(part.strip())]
    exact = next((bound.version for bound in bounds if bound.operator in {"", "="}), None)
    if exact is not None:
        return Chosen(exact, _exists(exact))
    allowed = [version for version in KNOWN if all(bound.allows(_numbers(version)) for bound in bounds)]
    if allowed:
        return Chosen(DEFAULT_ENGINE_VERSION if DEFAULT_ENGINE_VERSION in allowed else allowed[-1])
    floor = max(
        (bound for bound in bounds if bound.operator in {">=", "~>"}), key=lambda bound: bound.numbers, default=None
    )
    if floor is not None and all(bound.allows(floor.numbers) for bound in bounds):
        return Chosen(floor.version, _exists(floor.version))
    warning = f"no engine version is known that 'required_version = \"{asked}\"' allows: give --engine-version"
    return Chosen(DEFAULT_ENGINE_VERSION, warning)


def _exists(version: str) -> str | None:
    """Return a warning if there is no release of this number that a runner could download."""
    if not (1, 5, 5) < _numbers(version) < (1, 6, 0):
        return None
    return (
        f"the module demands version {version}: runners can download Terraform up to 1.5.5 and OpenTofu from 1.6.0 on. "
        f"Let the module allow one of these, or have the operator place it in the runner's engine_dir"
    )


def _bounds(part: str) -> list[_Bound]:
    """Return what one part of a constraint demands; nothing if it cannot be read. `~>` is a floor and a ceiling."""
    found = _BOUND.fullmatch(part)
    if found is None or found["operator"] not in _ALLOWS:
        return []
    version = _completed(found["version"])
    bounds = [_Bound(found["operator"], _numbers(version), version)]
    if found["operator"] == "~>":
        ceiling = _after(found["version"])
        bounds.append(_Bound("<", _numbers(ceiling), ceiling))
    return bounds


def _completed(version: str) -> str:
    numbers, dash, suffix = version.partition("-")
    return ".".join([*numbers.split("."), "0", "0"][:3]) + dash + suffix


def _after(version: str) -> str:
    """Return the first version a `~>` no longer allows: its last number may grow, nothing else."""
    numbers = [int(number) for number in version.partition("-")[0].split(".")]
    if len(numbers) == 1:
        return _completed(str(numbers[0] + 1))
    kept = numbers[:-1]
    return _completed(".".join(str(number) for number in [*kept[:-1], kept[-1] + 1]))


def _numbers(version: str) -> _Numbers:
    return tuple(int(number) for number in version.partition("-")[0].split("."))
