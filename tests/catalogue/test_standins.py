"""What needs a cloud that is not here is replaced in a root, and nothing else."""

from pathlib import Path

from catalogue.standins import stand_in

ROOT = """terraform {
  required_providers {
    meshstack = {
      source  = "meshcloud/meshstack"
      version = ">= 0.21.0"
    }
    cloud = {
      source = "acme/cloud"
    }
  }
}
provider "cloud" {
  features {}
}
data "meshstack_integrations" "all" {}
data "cloud_domains" "some" {
  only = true
}
module "backplane" {
  source  = "git::http://here//backplane"
  version = ">= 1"
  name    = data.cloud_domains.some.domains[0].name
}
module "own" {
  source = "git::http://here//own"
}
resource "meshstack_x" "y" {
  role   = module.backplane.roles["a-b"].arn
  number = module.backplane.number
  own    = module.own.z
}
"""


def test_modules_data_and_providers_of_a_missing_cloud_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ROOT)

    replaced = stand_in(
        tmp_path,
        lambda source: source == "meshcloud/meshstack",
        lambda source: ["acme/cloud"] if "backplane" in source else ["meshcloud/meshstack"],
    )

    text = (tmp_path / "main.tf").read_text()
    assert replaced == ["data cloud_domains", "module backplane"]
    assert "acme/cloud" not in text
    assert 'provider "cloud"' not in text
    assert 'source  = "./stand-in-backplane"' in text or 'source = "./stand-in-backplane"' in text
    assert '  version = ">= 1"' not in text
    assert "name    = local.stand_ins.cloud_domains_some.domains[0].name" in text
    assert 'stand_ins = {"cloud_domains_some": {"domains": [{"name": "stand-in"}]}}' in text
    assert 'source = "git::http://here//own"' in text
    made = (tmp_path / "stand-in-backplane" / "main.tf").read_text()
    assert 'variable "name"' in made
    assert 'output "roles" {\n  value = {"a-b": {"arn": "stand-in"}}\n}' in made
    assert 'output "number" {\n  value = "stand-in"\n}' in made
