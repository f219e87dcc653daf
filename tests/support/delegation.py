"""Stand-ins for the modules of `examples/permission-delegation-aws`: the same variables and outputs, without the AWS provider.

They speak to the same simulated AWS with the same credentials, by AWS's own library for Python, in a tenth of the time. What stands
for the VPC is a bucket.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support import forked
from tests.support.git_repositories import Repository, create_repository
from tests.support.installation import Installation, engine_version, text_of
from tests.support.runner_keys import a_runner_key
from tests.support.teams import JSON, Team

EXAMPLE = Path(__file__).parents[2] / "examples" / "permission-delegation-aws"
ACCOUNT, CENTRAL, NETWORK = "440000000001", "111111111111", "222222222222"
_CLOUD = """
import json, os, sys
import boto3

HERE = {"region_name": os.environ["AWS_REGION"]}

def of(role, external=""):
    extra = {"ExternalId": external} if external else {}
    answer = boto3.client("sts", **HERE).assume_role(RoleArn=role, RoleSessionName="stand-in", **extra)
    key = answer["Credentials"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], **HERE)

def make_role(role, name, principal, external):
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"AWS": principal}}
    if external:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    of(role).client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)

def remove_role(role, name, principal, external):
    of(role).client("iam").delete_role(RoleName=name)

def make_bucket(role, external, bucket):
    of(role, external).client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)

def remove_bucket(role, external, bucket):
    of(role, external).client("s3", region_name="us-east-1").delete_bucket(Bucket=bucket)

globals()[sys.argv[1]](*json.loads(os.environ["ARGUMENTS"]))
"""
_RESOURCE = """
resource "terraform_data" "{name}" {{
  input = jsonencode([{values}])
  provisioner "local-exec" {{
    interpreter = ["{python}", "{cloud}"]
    command     = "make_{kind}"
    environment = {{ ARGUMENTS = self.input }}
  }}
  provisioner "local-exec" {{
    when        = destroy
    interpreter = ["{python}", "{cloud}"]
    command     = "remove_{kind}"
    environment = {{ ARGUMENTS = self.input }}
  }}
  {more}
}}
"""
_DELEGATION = '"arn:aws:iam::${var.account_id}:role/permission-delegation"'


def modules(path: Path) -> Repository:
    """Make a repository with all stand-ins."""
    script = path.parent / "cloud.py"
    script.write_text(_CLOUD)

    def resource(name: str, kind: str, values: str, more: str = "") -> str:
        return _RESOURCE.format(name=name, kind=kind, values=values, more=more, python=sys.executable, cloud=script)

    bucket = '"vpc-${substr(var.meshstack_building_block_id, 0, 8)}"'
    block = 'variable "meshstack_building_block_id" { type = string }\n'
    role = "local.role, "
    own = 'locals { role = "arn:aws:iam::${var.account_id}:role/${var.role_name}" }\n'
    access = '"managed-vpc-${substr(var.external_id, 0, 8)}"'
    files = {
        "account": _variables("name")
        + 'variable "delegated_to" { type = list(string) }\n'
        + resource(
            "delegation",
            "role",
            f'"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole", "permission-delegation", var.delegated_to, ""',
        )
        + _outputs(account_id=f'"{ACCOUNT}"'),
        "vpc-access": _variables("account_id", "external_id", "trusted_principal")
        + resource("management", "role", f"{_DELEGATION}, {access}, var.trusted_principal, var.external_id")
        + _outputs(
            role_arn='"arn:aws:iam::${var.account_id}:role/managed-vpc-${substr(var.external_id, 0, 8)}"',
            external_id="var.external_id",
        ),
        "managed-vpc": _variables("role_arn", "external_id", "cidr")
        + block
        + resource("vpc", "bucket", f"var.role_arn, var.external_id, {bucket}")
        + _outputs(vpc_id=bucket),
        "managed-vpc-by-central": _variables("account_id", "trusted_principal", "role_name", "cidr")
        + block
        + own
        + resource("management", "role", f'{_DELEGATION}, var.role_name, var.trusted_principal, ""')
        + resource("vpc", "bucket", f'{role}"", {bucket}', "depends_on = [terraform_data.management]")
        + _outputs(vpc_id=bucket),
    }
    return create_repository(path, {f"modules/{name}/main.tf": content for name, content in files.items()})


def _variables(*names: str) -> str:
    return "".join(f'variable "{name}" {{ type = string }}\n' for name in names)


def _outputs(**values: str) -> str:
    return "".join(f'output "{name}" {{ value = {value} }}\n' for name, value in values.items())


def estate(folder: Path, *, repository: Repository, cloud: str, **secrets: str) -> Mapping[str, str]:
    """Copy the example's files with the addresses of a test in them; return what the environment has to hold for their secrets."""
    shutil.copytree(EXAMPLE / "estate", folder)
    region = '    AWS_REGION: {displayName: AWS region, type: STRING, assignmentType: STATIC, isEnvironment: true, argument: "'
    endpoints = "".join(
        region.replace("AWS_REGION", name) + f'{cloud}"}}\n' for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")
    )
    for file in folder.iterdir():
        text = file.read_text()
        text = text.replace("https://git.example.org/permission-delegation-aws.git", repository.path.as_uri())
        file.write_text(text.replace("1.11.4", engine_version()).replace(region, endpoints + region))
    return secrets


def apply(blockyard: Installation, folder: Path, secrets: Mapping[str, str]) -> None:
    """Let the installation have what the files say, by the command line."""
    home = folder.parent / "apply-home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home), **secrets}
    login = ["login", "--url", blockyard.url, "--key-file", str(blockyard.data / "admin-key.json")]
    for words in (login, ["apply", "-f", str(folder), "--yes"]):
        ended = forked.run(words, env=environment)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def programs(folder: Path) -> str:
    """Return a search path on which `aws sts assume-role` is what AWS's own command line does, by its library for Python."""
    folder.mkdir()
    program = folder / "aws"
    text = """
import os, sys
import boto3
given = dict(zip(sys.argv[3::2], sys.argv[4::2]))
extra = {"ExternalId": given["--external-id"]} if "--external-id" in given else {}
client = boto3.client("sts", region_name=os.environ["AWS_REGION"])
client.assume_role(RoleArn=given["--role-arn"], RoleSessionName=given["--role-session-name"], **extra)
"""
    program.write_text(f"#!{sys.executable}\n{text}")
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@contextmanager
def runner_of(team: Team, name: str, folder: Path, *, path: str) -> Iterator[str]:
    """Run a dedicated runner of a team while the block lasts; give its id."""
    key = a_runner_key(name)
    spec: JsonObject = {"displayName": name, "publicKey": key.public_pem, "implementationType": "TERRAFORM"}
    uuid = text_of(team.make(kinds.RUNNER, {}, {**spec, "restriction": "PRIVATE"}), "metadata", "uuid")
    own = team.api.call("POST", f"/api/blockyard/v1/runners/{uuid}/keys", JSON, {"displayName": name})
    folder.mkdir()
    pem, home = folder / "key.pem", folder / "home"
    home.mkdir()
    pem.write_text(key.private_pem)
    settings = {
        "SERVER_URL": team.api.url,
        "RUNNER_UUID": uuid,
        "CLIENT_ID": text_of(own, "clientId"),
        "CLIENT_SECRET": text_of(own, "clientSecret"),
        "PRIVATE_KEY_FILE": str(pem),
        "WORK_DIR": str(folder / "work"),
        "ALLOW_FILE_REPOSITORIES": "true",
        "CONCURRENCY": "2",
        "IMPLEMENTATION_TYPES": "TERRAFORM",
        "OFFLINE": "true",
        "ENGINE_FALLBACK": "warn",
        "LOG_LEVEL": "info",
    }
    environment = {"PATH": path, "HOME": str(home)}
    environment |= {f"BLOCKYARD_RUNNER_{name}": value for name, value in settings.items()}
    with (folder / "log").open("ab") as log:
        process = forked.start(["runner"], env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield uuid
    finally:
        process.terminate()
        process.wait(30)
