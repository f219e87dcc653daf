"""Orders of a module with a provider, where this machine has a mirror with one."""

import sys
from collections.abc import Iterator

from bench.bare import bare_pair
from bench.figures import Figure
from bench.groups import Setting
from bench.orders import differences, ordered_whole, trivial
from tests.support.machine import find_provider_mirror

MODULE = """
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}
variable "name" { type = string }
data "aws_iam_policy_document" "this" {
  statement {
    actions   = ["s3:GetObject"]
    resources = [var.name]
  }
}
resource "terraform_data" "greeting" { input = data.aws_iam_policy_document.this.json }
output "greeting" { value = terraform_data.greeting.output }
"""


def provider_orders(setting: Setting) -> Iterator[Figure]:
    """Alternate one whole order of a module with a provider and one bare pair; the figure is the difference."""
    mirror = find_provider_mirror()
    if mirror is None:
        sys.stderr.write("left out: orders of a module with a provider, no mirror with one on this machine\n")
        return
    rounds = max(3, setting.rounds // 4)
    with setting.installation({"BLOCKYARD_RUNNER_PROVIDER_MIRROR_DIR": str(mirror)}) as blockyard:
        version = trivial(blockyard, MODULE)
        ordered_whole(blockyard, version)
        yield from differences(
            setting,
            "a provider, prepared",
            rounds=rounds,
            whole=lambda: ordered_whole(blockyard, version),
            pair=lambda: bare_pair(MODULE, mirror=mirror),
            budgets=(0.0, None),
        )
