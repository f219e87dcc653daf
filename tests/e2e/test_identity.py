"""Identity tokens from end to end: a definition says where one is, the module reads it, the issuer's keys verify it."""

import json
from collections.abc import Callable

import jwt
import pytest

from blockyard.protocol.names import TOKEN_PATHS, Cloud
from tests.support.git_repositories import Repository
from tests.support.installation import Installation, an_input, an_output, outputs, status, terraform, text_of

pytestmark = pytest.mark.usefixtures("engine")
Module = Callable[..., Repository]
AWS = TOKEN_PATHS[Cloud.AWS]
MODULE = """
variable "token_file" { type = string }
output "claims" { value = split(".", file(var.token_file))[1] }
output "digest" { value = sha1(file(var.token_file)) }
"""
"""Tells what a token says, not the token."""


def test_a_module_reads_the_token_of_its_run_which_the_keys_of_the_issuer_verify(
    blockyard: Installation, module: Module
) -> None:
    version = blockyard.define(
        terraform(module(main_tf=MODULE), preRunScript=f"cp {AWS} seen\necho token: $(cat {AWS})"),
        inputs={"token_file": an_input(source="STATIC", argument=AWS)},
        outputs={"claims": an_output(), "digest": an_output()},
    )
    block = blockyard.ordered(version)
    told = str(outputs(block)["claims"])
    claims = json.loads(jwt.utils.base64url_decode(told))
    keys = blockyard.call("GET", "/oidc/jwks", "application/json")["keys"]
    discovery = blockyard.call("GET", "/.well-known/openid-configuration", "application/json")
    log = blockyard.logs(block)

    assert status(block) == "SUCCEEDED"
    assert claims["iss"] == discovery["issuer"]
    assert claims["aud"].startswith("aws-workload-identity-provider:")
    assert (claims["block"], claims["phase"]) == (text_of(block, "metadata", "uuid"), "apply")
    assert isinstance(keys, list)
    assert len(keys) == 1
    assert "Identity tokens: aws" in log
    assert "token: " in log
    assert "token: eyJ" not in log, "tokens are masked"
