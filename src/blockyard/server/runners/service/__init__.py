"""Use cases of runners, their own keys, and secrets for them."""

from blockyard.server.runners.service.keys import (
    RunnerKeys,
)
from blockyard.server.runners.service.runners import (
    RunnerService,
)
from blockyard.server.runners.service.sealing import (
    SecretSealer,
)

__all__ = [
    "RunnerKeys",
    "RunnerService",
    "SecretSealer",
]
