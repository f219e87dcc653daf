"""The two ways to sign in to a cloud, and the names that only the author of a version knows there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from blockyard.protocol.names import Cloud


class Way(StrEnum):
    """How a module signs in to a cloud."""

    FEDERATION = "FEDERATION"
    """By the identity token of its run."""
    KEY = "KEY"
    """By a credential that lasts until somebody replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Names that only the author of a version knows; a placeholder in angle brackets stands for what is left out.

    Attributes:
        account: the number of the AWS account that trusts.
        role: the ARN of the AWS role that runs take.
        project_number, pool, provider: of GCP's workload identity pool.
        service_account: the e-mail address of the GCP service account that runs take.
    """

    account: str = "<ACCOUNT_ID>"
    role: str = "<ROLE_ARN>"
    project_number: str = "<PROJECT_NUMBER>"
    pool: str = "<POOL_ID>"
    provider: str = "<PROVIDER_ID>"
    service_account: str = "<SERVICE_ACCOUNT_EMAIL>"

    @property
    def pool_resource(self) -> str:
        """The resource name of the pool."""
        return f"projects/{self.project_number}/locations/global/workloadIdentityPools/{self.pool}"

    @property
    def provider_resource(self) -> str:
        """The resource name of the pool's provider."""
        return f"{self.pool_resource}/providers/{self.provider}"


_FAMILIES: Mapping[Cloud, tuple[str, ...]] = {
    Cloud.AWS: ("AWS", "EKS"),
    Cloud.AZURE: ("AZURE", "AKS"),
    Cloud.GCP: ("GCP", "GOOGLE", "GKE"),
}


def clouds_of_platforms(platform_types: Sequence[str] | None) -> tuple[Cloud, ...]:
    """Return the clouds that platform types belong to; all where there are none, or where they tell of none."""
    names = [name.upper() for name in platform_types or ()]
    found = [cloud for cloud, words in _FAMILIES.items() if any(word in name for name in names for word in words)]
    return tuple(found or Cloud)
