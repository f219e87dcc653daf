"""Versions of engines: which product serves one, and how an engine says what it is."""

import re
from dataclasses import dataclass
from enum import StrEnum

from blockyard.runner.frame.failures import StepFailed

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_SAID = re.compile(r"(?m)^(OpenTofu|Terraform) v(\S+)")
_LAST_TERRAFORM = (1, 5, 5)
"""Up to here Terraform, above OpenTofu. Source: runner.md 3.7."""


class Product(StrEnum):
    """The two engines, and the names of their programs."""

    OPENTOFU = "OpenTofu"
    TERRAFORM = "Terraform"

    @property
    def program(self) -> str:
        """The file name of the engine's program."""
        return "tofu" if self is Product.OPENTOFU else "terraform"


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """What an engine is."""

    product: Product
    version: str

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Major, minor, patch; zeros if the version is of another form."""
        match = _VERSION.fullmatch(self.version)
        return (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)

    def __str__(self) -> str:
        """Return `OpenTofu 1.11.4`."""
        return f"{self.product.value} {self.version}"


def wanted(version: str) -> EngineVersion:
    """Return the engine a definition's version stands for. Raises StepFailed on anything but a bare version."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise StepFailed(
            f"'{version}' is not a version of OpenTofu or Terraform",
            "Enter a bare version such as 1.11.4 in the definition.",
        )
    numbers = (int(match[1]), int(match[2]), int(match[3]))
    return EngineVersion(Product.TERRAFORM if numbers <= _LAST_TERRAFORM else Product.OPENTOFU, version)


def read_version(said: str) -> EngineVersion | None:
    """Return what `tofu version` or `terraform version` said."""
    match = _SAID.search(said)
    return EngineVersion(Product(match[1]), match[2]) if match else None
