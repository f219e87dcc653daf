"""Identity tokens of runs: what a claim says about them, and what a runner gets for one. Source: concepts.md 14.

A run that may have identity tokens has `spec.workloadIdentity` and the link `blockyard:identity`. For each cloud that is `needed`, or
whose path an input names, the runner asks `POST {blockyard:identity}/<cloud>` with its run token, keeps the `IdentityToken` in a file
that the run finds at `tokenPath`, and asks again after `renewAfterSeconds`. Times are durations: the clocks of two machines differ.
"""

from collections.abc import Mapping

from pydantic import Field

from blockyard.protocol.wire import WireModel


class TokenPlace(WireModel):
    """Where the token of a cloud is for a run."""

    token_path: str


class RunIdentity(WireModel):
    """Which identity tokens a run may have, by cloud, and which it needs although no input names them."""

    clouds: Mapping[str, TokenPlace] = Field(default_factory=dict)
    needed: tuple[str, ...] = ()


class IdentityToken(WireModel):
    """A token of a run for one cloud."""

    token: str = Field(repr=False)
    audience: str
    life_seconds: float = Field(gt=0)
    """After so long it is worth nothing."""
    renew_after_seconds: float = Field(gt=0)
    """After so long the runner shall ask for another one: the half of its life."""
