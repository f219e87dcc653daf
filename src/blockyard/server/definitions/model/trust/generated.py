"""Inputs that let a module sign in to a cloud, made for a version. Source: concepts.md 6.4."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import Cloud, InputType
from blockyard.server.definitions.model.definition import AssignmentType, InputSpec, Value
from blockyard.server.definitions.model.identities import VersionIdentity
from blockyard.server.definitions.model.trust.clouds import Known, Way
from blockyard.server.definitions.model.values import file_content
from blockyard.server.kit.errors import Conflict

GCP_FILE = "gcp-credentials.json"
"""The file that tells Google's libraries how to sign in; beside the module, where the engine is started."""

_GCP_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:jwt"  # noqa: S105  the name of a type


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Inputs of one way to sign in to one cloud; what `missing` names has no value yet, and the author fills it in."""

    cloud: Cloud
    way: Way
    inputs: tuple[InputSpec, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys of inputs that have no value, or one with a placeholder in it."""
        return tuple(spec.key for spec in self.inputs if spec.argument is None or _has_placeholder(spec))


def generate(cloud: Cloud, way: Way, identity: VersionIdentity | None, known: Known) -> Generated:
    """Return the inputs for a cloud and a way. Raises Conflict: runs of the version have no identity for it."""
    make = _MAKERS[cloud, way]
    path = "" if way is Way.KEY else token_path(identity, cloud)
    return Generated(cloud=cloud, way=way, inputs=tuple(make(path, known)))


def token_path(identity: VersionIdentity | None, cloud: Cloud) -> str:
    """Return where runs find their token for a cloud. Raises Conflict: there is none."""
    if identity is None or cloud not in identity.clouds:
        raise Conflict(
            f"runs of this version have no identity for {LABELS[cloud]}",
            code="NoWorkloadIdentity",
            remedy="Choose a runner of Blockyard, let the runner declare it, or give the module a key.",
        )
    return identity.clouds[cloud].token_path


LABELS: Mapping[Cloud, str] = {Cloud.AWS: "AWS", Cloud.AZURE: "Azure", Cloud.GCP: "Google Cloud"}


def external_account(token_file: str, known: Known) -> JsonObject:
    """Return the credential file that lets Google's libraries exchange the token of a run. Source: RFC 8693, AIP-4117."""
    impersonation = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{known.service_account}:generateAccessToken"
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{known.provider_resource}",
        "subject_token_type": _GCP_TOKEN_TYPE,
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url": impersonation,
        "credential_source": {"file": token_file, "format": {"type": "text"}},
    }


def _aws_key(_path: str, _known: Known) -> list[InputSpec]:
    return [
        _variable("AWS_ACCESS_KEY_ID", "AWS access key ID", secret=True),
        _variable("AWS_SECRET_ACCESS_KEY", "AWS secret access key", secret=True),
    ]


def _azure_key(_path: str, _known: Known) -> list[InputSpec]:
    return [
        _variable("ARM_CLIENT_ID", "Azure client ID"),
        _variable("ARM_CLIENT_SECRET", "Azure client secret", secret=True),
        _variable("ARM_TENANT_ID", "Azure tenant ID"),
        _variable("ARM_SUBSCRIPTION_ID", "Azure subscription ID"),
    ]


def _gcp_key(_path: str, _known: Known) -> list[InputSpec]:
    file = InputSpec(
        key="credentials_json",
        display_name="Google Cloud service account key",
        type=InputType.FILE,
        assignment_type=AssignmentType.STATIC,
        is_sensitive=True,
    )
    return [_variable("GOOGLE_APPLICATION_CREDENTIALS", "Google Cloud credential file", "credentials_json"), file]


def _aws_federation(path: str, known: Known) -> list[InputSpec]:
    role = None if known.role.startswith("<") else known.role
    return [
        _variable("AWS_ROLE_ARN", "AWS role ARN", role),
        _variable("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS identity token file", path),
    ]


def _azure_federation(path: str, _known: Known) -> list[InputSpec]:
    return [
        _variable("ARM_USE_OIDC", "Azure sign-in by identity token", "true"),
        _variable("ARM_TENANT_ID", "Azure tenant ID"),
        _variable("ARM_CLIENT_ID", "Azure client ID"),
        _variable("ARM_SUBSCRIPTION_ID", "Azure subscription ID"),
        _variable("ARM_OIDC_TOKEN_FILE_PATH", "Azure identity token file", path),
    ]


def _gcp_federation(path: str, known: Known) -> list[InputSpec]:
    content = json.dumps(external_account(path, known), indent=2)
    file = InputSpec(
        key=GCP_FILE,
        display_name="Google Cloud credential configuration",
        type=InputType.FILE,
        assignment_type=AssignmentType.STATIC,
        argument=f"data:application/json;base64,{base64.b64encode(content.encode()).decode()}",
    )
    return [_variable("GOOGLE_APPLICATION_CREDENTIALS", "Google Cloud credential file", GCP_FILE), file]


_MAKERS: Mapping[tuple[Cloud, Way], Callable[[str, Known], list[InputSpec]]] = {
    (Cloud.AWS, Way.KEY): _aws_key,
    (Cloud.AWS, Way.FEDERATION): _aws_federation,
    (Cloud.AZURE, Way.KEY): _azure_key,
    (Cloud.AZURE, Way.FEDERATION): _azure_federation,
    (Cloud.GCP, Way.KEY): _gcp_key,
    (Cloud.GCP, Way.FEDERATION): _gcp_federation,
}


def _variable(key: str, name: str, value: Value = None, *, secret: bool = False) -> InputSpec:
    return InputSpec(
        key=key,
        display_name=name,
        type=InputType.STRING,
        assignment_type=AssignmentType.STATIC,
        is_environment=True,
        is_sensitive=secret,
        argument=value,
    )


def _has_placeholder(spec: InputSpec) -> bool:
    return spec.type is InputType.FILE and isinstance(spec.argument, str) and b"<" in file_content(spec.argument)
