"""An OpenID Connect issuer on loopback whose tokens say whatever a test wants."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.support.runner_keys import a_runner_key
from tests.support.scripted_http import Answer, scripted_server


@dataclass(frozen=True)
class TokenIssuer:
    """The running issuer."""

    url: str
    key: RSAPrivateKey = field(repr=False)

    def token(self, subject: str = "definition", audience: str = "cloud", **claims: Any) -> str:
        """Return a signed token that lasts an hour, with these claims besides or instead."""
        now = int(time.time())
        usual = {"iss": self.url, "sub": subject, "aud": audience, "iat": now, "exp": now + 3600}
        return jwt.encode({**usual, **claims}, self.key, algorithm="RS256", headers={"kid": "first"})


@contextmanager
def token_issuer() -> Iterator[TokenIssuer]:
    """Run an issuer on a free port."""
    key = a_runner_key("issuer").private
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    answers: dict[str, list[Answer]] = {"/keys": [Answer(body={"keys": [{**jwk, "kid": "first", "use": "sig"}]})]}
    with scripted_server(answers) as server:
        document = {"issuer": server.url, "jwks_uri": f"{server.url}/keys"}
        answers["/.well-known/openid-configuration"] = [Answer(body=document)]
        yield TokenIssuer(server.url, key)
