"""Packages of providers that `init` installs. They hold no program that the engine could start after that."""

import io
import platform
import zipfile

SYSTEM = f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}[platform.machine()] }"
PACKAGE = f"terraform-provider-fake_1.0.0_{SYSTEM}.zip"
PROGRAM = "terraform-provider-fake_v1.0.0"


def a_provider(text: str) -> bytes:
    """Return a package whose program is `text`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        program = zipfile.ZipInfo(PROGRAM)
        program.external_attr = 0o755 << 16
        package.writestr(program, text)
    return content.getvalue()


def uses_provider(source: str) -> str:
    """Return a module that needs the provider at `source`."""
    return (
        f'terraform {{\n  required_providers {{\n    fake = {{ source = "{source}" }}\n  }}\n}}\n'
        'output "o" { value = 1 }\n'
    )
