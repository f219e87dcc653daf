"""How git reaches SSH servers: one key, known hosts only. Source: runner.md 3.6."""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from blockyard.protocol.run import KnownHost
from blockyard.runner.executors.opentofu.own_names import KEY_FILE, KNOWN_HOSTS_FILE
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.files import write_private

PUBLIC_HOSTS = """\
github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl
github.com ecdsa-sha2-nistp256 \
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0m\
KV0U2w0WZ2YB/++Tpockg=
gitlab.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf
gitlab.com ecdsa-sha2-nistp256 \
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFSMqzJeV9rUzU4kWitGjeR4PWSa29SPqJ1fVkhtj3Hw9xjLVXVYrU9QlYWrOLXBpQ\
6KWjbjTDTdDkoohFzgbEY=
bitbucket.org,altssh.bitbucket.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO
bitbucket.org,altssh.bitbucket.org ecdsa-sha2-nistp256 \
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPIQmuzMBuKdWeF4+a2sjSSpBK0iqitSQ+5BM9KhpexuGt20JpTVM7u5BDZngncgrq\
DMbWdxMWWOGtZ9UgbqgZE=
ssh.dev.azure.com,vs-ssh.visualstudio.com ssh-rsa \
AAAAB3NzaC1yc2EAAAADAQABAAABAQC7Hr1oTWqNqOlzGJOfGJ4NakVyIzf1rXYd4d7wo6jBlkLvCA4odBlL0mDUyZ0/QUfTTqeu+tm22gOsv+VrVTMk6v\
wRU75gY/y9ut5Mb3bR5BV58dKXyq9A9UeB5Cakehn5Zgm6x1mKoVyf+FFn26iYqXJRgzIZZcZ5V6hrE0Qg39kZm4az48o0AUbf6Sp4SLdvnuMa2sVNwHBb\
oS7EJkm57XQPVU3/QpyNLHbWDdzwtrlS+ez30S3AdYhLKEOxAG8weOnyrtLJAUen9mTkol8oII1edf7mWWbWVf0nBmly21+nZcmCTISQBtdcyPaEno7fFQ\
MDD26/s0lfKob4Kw8H
"""
"""Host keys that the large public services have published."""

_HOST_FIELD = re.compile(r"[^\s\x00-\x1f#@|][^\s\x00-\x1f]*")
_UNKNOWN = ("Host key verification failed", "host key is known for")


@dataclass(frozen=True, slots=True)
class SshAccess:
    """Files for one run's SSH connections. `command` is what GIT_SSH_COMMAND shall be."""

    command: str
    brings_known_host: bool


def prepare_ssh(
    run_dir: Path,
    private_key: str,
    known_host: KnownHost | None,
    *,
    own: Mapping[str, str],
    known_hosts_file: Path | None,
    insecure: bool,
) -> SshAccess:
    """Write the key and the known hosts into `run_dir`, if they are not there; raise StepFailed on a malformed host."""
    line = "" if known_host is None else _line(known_host)
    for name, text in (
        (KEY_FILE, private_key.replace("\r\n", "\n").rstrip("\n") + "\n"),
        (KNOWN_HOSTS_FILE, line + PUBLIC_HOSTS),
    ):
        if not (run_dir / name).exists():
            write_private(run_dir / name, text.encode())
    files = [run_dir / KNOWN_HOSTS_FILE, *_operator_files(own, known_hosts_file)]
    return SshAccess(_command(run_dir / KEY_FILE, files, insecure=insecure), brings_known_host=known_host is not None)


def explain(output: str, access: SshAccess) -> str | None:
    """Return what to do about a host that git's `output` calls unknown; None if it is about something else."""
    if not any(sign in output for sign in _UNKNOWN):
        return None
    if access.brings_known_host:
        return "The SSH host key of the repository does not match the known host of the definition, nor any other."
    return (
        "The SSH host of the repository is not known: the definition configures no known host, and neither the "
        "operator's lists nor the built-in list has this host. Enter the known host in the definition."
    )


def _line(known_host: KnownHost) -> str:
    fields = (known_host.host, known_host.key_type, known_host.key_value)
    if not all(_HOST_FIELD.fullmatch(field) for field in fields):
        raise StepFailed("the known host of the definition is malformed", "Host, key type and key are one word each.")
    return " ".join(fields) + "\n"


def _operator_files(own: Mapping[str, str], configured: Path | None) -> list[Path]:
    files = [Path(own["SSH_KNOWN_HOSTS"])] if own.get("SSH_KNOWN_HOSTS") else []
    files += [] if configured is None else [configured]
    home = own.get("HOME")
    return files + ([Path(home) / ".ssh" / "known_hosts"] if home else [])


def _command(key_file: Path, known_hosts: list[Path], *, insecure: bool) -> str:
    checking = "no" if insecure else "yes"
    hosts = [Path(os.devnull)] if insecure else known_hosts
    quoted = " ".join(f'"{path}"' for path in hosts)
    options = (
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "ConnectTimeout=30",
        f"StrictHostKeyChecking={checking}",
        "GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts",
        f"UserKnownHostsFile={quoted}",
    )
    words = ["ssh", "-F", os.devnull, "-i", str(key_file), *(part for option in options for part in ("-o", option))]
    return shlex.join(words)
