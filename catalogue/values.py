"""Values for the variables of roots that have no default, and for the inputs of blocks that are ordered."""

from collections.abc import Mapping
from pathlib import Path

from blockyard.modules.module import Variable, read
from blockyard.protocol.jsontypes import Json, JsonObject
from catalogue.world import TEAM, World

SAMPLE = "sample"
_PEM = "-----BEGIN RSA PRIVATE KEY-----\nc2FtcGxl\n-----END RSA PRIVATE KEY-----\n"
_GITHUB: JsonObject = {"org": "acme", "app_id": "1", "app_installation_id": "2", "app_pem_file": _PEM}
_KUBECONFIG: JsonObject = {
    "clusters": [
        {"name": SAMPLE, "cluster": {"server": "https://k8s.example.test", "certificate-authority-data": "eA=="}}
    ],
    "users": [{"name": SAMPLE, "user": {"token": SAMPLE}}],
    "current-context": SAMPLE,
}

ORDERS: Mapping[str, JsonObject] = {
    "modules/meshstack/link": {},
    "modules/meshstack/manual": {"text": "Hello", "flag": True, "num": 42, "single_select": "option1"},
    "modules/meshstack/noop": {
        "flag": True,
        "num": 1,
        "text": "Hello",
        "single_select": "single1",
        "multi_select": ["multi1", "multi2"],
        "multi_select_json": ["multi2", "multi1"],
    },
    "modules/aks/starterkit": {"name": "aksapp"},
    "modules/ske/ske-starterkit": {"name": "skeapp"},
    "modules/stackit/stackit-project-starterkit": {"name": "stackitapp", "landing_zone": "sandbox"},
}
"""Roots whose blocks need no cloud, with what is ordered of them."""

SECRETS: Mapping[str, Mapping[str, str]] = {"modules/meshstack/noop": {"sensitive_text": "Hidden value"}}
"""Sensitive inputs of these orders."""

UNFIT: Mapping[str, str] = {
    "modules/azure/entra-id-groups": "the provider (0.25.0) refuses a tenant's definition without supported_platforms",
    "modules/stackit/git-repository/e2e": "a Forgejo server",
}
"""What cannot be tried, and why."""

UNQUIET: Mapping[str, str] = {
    "modules/meshstack/noop/e2e/env-audit": "the provider (0.25.0) reads a version without inputs as one that says nothing of inputs",
}
"""Roots whose second plan cannot be empty, and why."""

MODULES: Mapping[str, JsonObject] = {
    "modules/meshstack/link/buildingblock": {
        "url": "https://docs.example.test",
        "title": "Docs",
        "summary": "# Docs\n\n| a | b |\n|---|---|\n",
    },
    "modules/meshstack/noop/buildingblock": {
        "user_permissions": None,
        "user_permissions_json": "[]",
        "sensitive_yaml": "a: b",
        "static": SAMPLE,
        "static_code": '{"some":"code"}',
        "flag": True,
        "num": 1,
        "text": "Hello",
        "sensitive_text": "Hidden",
        "single_select": "single1",
        "multi_select": '["multi1"]',
        "multi_select_json": '["multi2"]',
    },
    "modules/meshstack/noop/e2e/env-audit/buildingblock": {},
    "modules/meshstack/payment-method/buildingblock": {
        "payment_method_name": "sample-budget",
        "workspace_id": TEAM,
        "amount": 100,
    },
}
"""Modules whose blocks need no cloud, with the values that one is ordered with; None: the version fills it in."""


def _variable(name: str, *, sensitive: bool = False) -> JsonObject:
    return {"assignment_type": "STATIC", "environment": True, "sensitive": sensitive, "value_env": name}


_FILE: JsonObject = {"type": "FILE", "assignment_type": "STATIC", "value": "data:application/yaml;base64,YTogYgo="}

BESIDES: Mapping[str, JsonObject] = {
    "modules/meshstack/noop/buildingblock": {"some-file.yaml": _FILE, "sensitive-file.yaml": _FILE},
    "modules/meshstack/payment-method/buildingblock": {
        "MESHSTACK_ENDPOINT": _variable("MESHSTACK_ENDPOINT"),
        "MESHSTACK_API_KEY": _variable("MESHSTACK_API_KEY"),
        "MESHSTACK_API_SECRET": _variable("MESHSTACK_API_SECRET", sensitive=True),
    },
}
"""Inputs that no variable says: files that a module reads, and who makes payment methods, which no run may."""


def of_root(folder: Path, world: World) -> JsonObject:
    """Return a value for each variable of a root that has no default."""
    texts = {file.name: file.read_text() for file in folder.glob("*.tf")}
    known = _by_name(world)
    variables = read(texts).variables
    required = [variable for variable in variables.values() if variable.default_text is None]
    values = {variable.name: known.get(variable.name, _sample(variable)) for variable in required}
    if "default_landing_zone" in variables:
        values["landing_zone_refs"] = {"sandbox": world.landing_zones["dev"]}
    if "platform_identifier" in (variables["meshstack"].type_text or "" if "meshstack" in variables else ""):
        # of its own for each root: identifiers of platforms are never given again
        values["meshstack"] = {"owning_workspace_identifier": TEAM, "platform_identifier": "-".join(folder.parts[-2:])}
    return values


def _sample(variable: Variable) -> Json:
    return [SAMPLE] if (variable.type_text or "").startswith(("list", "set")) else SAMPLE


def _by_name(world: World) -> JsonObject:
    return {
        "meshstack": {"owning_workspace_identifier": TEAM},
        "platform_ref": world.platform,
        "landing_zone_refs": world.landing_zones,
        "building_block_definition_version_refs": world.versions,
        "network_bbd_version_refs": {"sandbox": world.versions["network"]},
        "github": {**_GITHUB, "repo_definition_uuid": world.definitions["git-repository"]},
        "aks": {"connector_config_tf_base64": "ZXhhbXBsZQ=="},
        "kubeconfig": _KUBECONFIG,
        "kubernetes_kubeconfig": _KUBECONFIG,
        "forgejo_repo_definition_uuid": world.definitions["git-repository"],
        "forgejo_base_url": world.forgejo,
        "github_owner": "acme",
        "github_repository": "acme/sample",
        "github_app_private_key": _PEM,
        "github_template_repo_path": "acme/template",
        "link_url": "https://docs.example.test",
        "workload_identity": {
            "issuer": "https://issuer.example.test",
            "audience": SAMPLE,
            "subject_namespace_prefix": SAMPLE,
        },
        "aws_account_email_pattern": "aws+#{workspaceIdentifier}@example.test",
        "aws_sso_sign_in_url": "https://aws.example.test",
        "aks_base_url": "https://aks.example.test",
        "test_context": {
            "hub_git_ref": "main",
            "workspace": TEAM,
            "project": SAMPLE,
            "name_suffix": SAMPLE,
        },
    }
