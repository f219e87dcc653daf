"""Rules of implementations. Source: api.md 3.17, concepts.md 9, runner.md 1.5.3, 3.6 and 3.7.

The official client's own examples carry a placeholder SSH key and known host beside an https address. So keys and host keys
are examined only where they are used, for an SSH address; elsewhere they are kept and lead to a warning.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from blockyard.protocol import addresses
from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model.definition import VersionContent
from blockyard.server.definitions.model.implementation import Implementation
from blockyard.server.integrations.model import origin_of
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import SecretChange

_VERSION = re.compile(r"(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?\Z")
_WEB = re.compile(r"https?://[^\s\x00-\x20/\\-][^\s\x00-\x20\\]*\Z")
_SSH = re.compile(r"ssh://([A-Za-z0-9._+-]+@)?[A-Za-z0-9_\[][^\s\x00-\x20\\]*\Z")
_SCP = re.compile(r"[A-Za-z0-9._+][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9._-]*:[^\s\x00-\x20\\:-][^\s\x00-\x20\\]*\Z")
_USER = re.compile(r"[A-Za-z0-9._+-]+\Z")
_FILE = re.compile(r"file:///[^\x00-\x1f]+\Z")
_REFERENCE = re.compile(r"[^\s\x00-\x20~^:?*\[\\-][^\s\x00-\x20~^:?*\[\\]*\Z")
_WORD = re.compile(r"[^\s\x00-\x20\x7f]+\Z")
_HOST_KEY_TYPES = frozenset(
    {
        "ssh-rsa",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)


def check_implementation(
    content: VersionContent,
    changes: Mapping[str, SecretChange],
    *,
    allow_files: bool,
    hosts: Collection[str] = (),
) -> None:
    """Refuse an implementation that breaks a rule. Raises Invalid.

    `allow_files` permits file:// repositories, `hosts` names the only hosts of others, if it names any.
    """
    implementation = content.implementation
    match implementation.type:
        case ImplementationType.TERRAFORM:
            _check_terraform(implementation, changes, allow_files=allow_files)
            _check_host(implementation, hosts)
        case ImplementationType.GITLAB_CICD:
            if implementation.pointer("pipelineTriggerToken") not in changes:
                raise Invalid(
                    "a GitLab pipeline needs its trigger token",
                    code="MissingSecret",
                    field=implementation.pointer("pipelineTriggerToken"),
                    remedy='Send it as {"plaintext": …}.',
                )
        case ImplementationType.GITHUB_WORKFLOW | ImplementationType.AZURE_DEVOPS | ImplementationType.MANUAL:
            pass


def has_credentials(repository_url: str) -> bool:
    """Whether an address has a password, a query or a fragment, or one of the web a user: places where tokens are put."""
    scheme, found, rest = repository_url.partition("://")
    if found and scheme.lower() == "file":
        return False
    user, at, _ = rest.partition("/")[0].rpartition("@")
    is_token = bool(at) and (":" in user or scheme.lower() != "ssh")
    return is_token or "?" in repository_url or "#" in repository_url


def is_ssh(repository_url: str) -> bool:
    """Whether a repository is fetched over SSH."""
    return bool(_SSH.match(repository_url) or _SCP.match(repository_url))


def normalized_secrets(
    implementation: Implementation, changes: Mapping[str, SecretChange]
) -> Mapping[str, SecretChange]:
    """Return `changes` with the line ends SSH programs want in a key: copies from browsers and Windows have others."""
    pointer = implementation.pointer("sshPrivateKey")
    change = changes.get(pointer)
    if change is None or change.plaintext is None:
        return changes
    return {**changes, pointer: SecretChange(plaintext=_normalized(change.plaintext))}


def _normalized(key: str) -> str:
    return key.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"


def _check_terraform(implementation: Implementation, changes: Mapping[str, SecretChange], *, allow_files: bool) -> None:
    url, path, reference = (implementation.text(name) for name in ("repositoryUrl", "repositoryPath", "refName"))
    if not _VERSION.match(implementation.text("terraformVersion")):
        _refuse(
            implementation,
            "terraformVersion",
            "is not a bare version",
            "Write MAJOR.MINOR.PATCH, such as 1.9.0; up to 1.5.5 it is Terraform, above OpenTofu.",
        )
    if (_WEB.match(url) or is_ssh(url)) and has_credentials(url):
        _refuse(
            implementation,
            "repositoryUrl",
            "holds credentials, or a query that could: everybody who may read the version would read them",
            "Write the bare address; for a private repository use its SSH address and sshPrivateKey.",
        )
    if not (_is_reachable(url) or (allow_files and _FILE.match(url))):
        schemes = "https://, http://, ssh:// or git@host:path" + (", or file:///" if allow_files else "")
        _refuse(implementation, "repositoryUrl", "is not the address of a git repository", f"Use {schemes}.")
    if path and not _is_inner_path(path):
        _refuse(implementation, "repositoryPath", "leaves the repository", "Use a relative path without '..'.")
    if reference and (not _REFERENCE.match(reference) or ".." in reference):
        _refuse(implementation, "refName", "is not the name of a branch, tag or commit", "Use a name that git accepts.")
    _check_known_host(implementation, used=is_ssh(url))
    change = changes.get(implementation.pointer("sshPrivateKey"))
    if change is not None and change.plaintext is not None and is_ssh(url):
        _check_key(implementation, change.plaintext)


def _check_host(implementation: Implementation, hosts: Collection[str]) -> None:
    url = implementation.text("repositoryUrl")
    if not hosts or _FILE.match(url):
        return
    if not any(_is_from(url, pattern) for pattern in hosts):
        _refuse(
            implementation,
            "repositoryUrl",
            "names a host, or a scheme, that this installation does not fetch from",
            "Use one of the hosts in BLOCKYARD_REPOSITORY_HOSTS, or ask an administrator.",
        )


def _is_from(url: str, pattern: str) -> bool:
    """Whether a repository is on a host of `pattern`, which may begin with a scheme; without one it is not plain HTTP."""
    address = addresses.split(origin_of(url))
    if address is None or not address.has_host:
        return False
    scheme, found, host = pattern.rpartition("://")
    is_scheme = address.scheme == scheme if found else address.scheme != "http"
    return is_scheme and fnmatchcase(address.host, host)


def _is_reachable(url: str) -> bool:
    """Whether an address names a host and a way to fetch from it."""
    if _SCP.match(url):
        return True
    address = addresses.split(url)
    if address is None or not address.has_host or address.port == 0:
        return False
    return bool(_WEB.match(url)) or (bool(_SSH.match(url)) and bool(_USER.match(address.user or "git")))


def _is_inner_path(path: str) -> bool:
    parts = path.removeprefix("./").rstrip("/").split("/")
    return not re.search(r"[\\\x00-\x1f]", path) and all(part and part != ".." for part in parts)


def _check_known_host(implementation: Implementation, *, used: bool) -> None:
    known = implementation.settings.get("sshKnownHost")
    if not isinstance(known, dict):
        return
    for member in ("host", "keyType", "keyValue"):
        if not _WORD.match(str(known.get(member, ""))):
            _refuse(
                implementation,
                f"sshKnownHost/{member}",
                "must be one word",
                "Copy host, key type and key from a line of 'ssh-keyscan <host>'.",
            )
    if not used:
        return
    kind, text = str(known["keyType"]), str(known["keyValue"])
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        blob = b""
    length = int.from_bytes(blob[:4], "big")
    if kind not in _HOST_KEY_TYPES or blob[4 : 4 + length] != kind.encode():
        _refuse(
            implementation,
            "sshKnownHost/keyValue",
            f"is not a host key of type '{kind}'",
            "Copy key type and key from a line of 'ssh-keyscan <host>'.",
        )


def _check_key(implementation: Implementation, text: str) -> None:
    data = _normalized(text).encode()
    load = load_ssh_private_key if b"BEGIN OPENSSH PRIVATE KEY" in data else load_pem_private_key
    try:
        load(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        _refuse(
            implementation,
            "sshPrivateKey",
            "is not a private key without a passphrase",
            "Send the whole file of a key made with 'ssh-keygen -N \"\"'.",
        )


def _refuse(implementation: Implementation, member: str, problem: str, remedy: str) -> NoReturn:
    raise Invalid(
        f"'{member}' {problem}", code="BadImplementation", field=implementation.pointer(member), remedy=remedy
    )
