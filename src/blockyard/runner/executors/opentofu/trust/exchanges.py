"""Exchanges an identity token for credentials at each cloud that the environment of a run names.

Addresses are overridden as the clouds' own libraries let them be: `AWS_ENDPOINT_URL_STS` or `AWS_ENDPOINT_URL`,
`AZURE_AUTHORITY_HOST`, and whatever Google's credential file says.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx2

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.runner.executors.opentofu.trust.verdicts import claims_of, refusal
from blockyard.runner.frame.failures import StepFailed

ReadFile = Callable[[str], bytes]
"""Returns what a run's processes find at a path. Raises OSError."""

AWS, AZURE, GCP = "AWS", "Azure", "Google Cloud"

_GCP_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST_CHARACTERS = 500
_MOST_BYTES = 256 * 1024
"""Of an answer: whoever wrote the definition chooses who answers."""
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that a cloud answers with credentials, and how the answer names whom they are for."""

    cloud: str
    token: str = field(repr=False)
    url: str
    form: Mapping[str, str] = field(repr=False)
    wants: str
    """What is asked for, in words."""
    then: Mapping[str, str] = field(default_factory=dict)
    """With the credentials of the first answer: where they are exchanged once more."""


def exchanges(environment: Mapping[str, str], read: ReadFile) -> Iterator[Exchange]:
    """Yield what to exchange, for each cloud that the environment signs in to by a token. Raises StepFailed."""
    if environment.get("AWS_ROLE_ARN") and environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        yield _aws(environment, read)
    if environment.get("ARM_OIDC_TOKEN_FILE_PATH"):
        yield _azure(environment, read)
    if named := environment.get("GOOGLE_APPLICATION_CREDENTIALS"):
        account = _json(_content(GCP, named, read))
        if account.get("type") == "external_account":
            yield _gcp(account, read)


def carry_out(exchange: Exchange, http: httpx2.Client, mask: Callable[[str], str]) -> str:
    """Exchange, and return in a sentence for whom the credentials are, which are thrown away. Raises StepFailed."""
    answer = _send(exchange, http, exchange.url, data=dict(exchange.form))
    if not answer.is_success:
        raise _refused(exchange, answer, mask)
    if exchange.then:
        return _impersonate(exchange, http, answer, mask)
    arn = re.search(r"<Arn>([^<]+)</Arn>", answer.text)
    who = f": {arn[1]}" if arn else ""
    return f"{exchange.cloud} accepts the identity token for {exchange.wants}{who}."


def _aws(environment: Mapping[str, str], read: ReadFile) -> Exchange:
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    usual = f"https://sts.{region}.amazonaws.com" if region else "https://sts.amazonaws.com"
    url = environment.get("AWS_ENDPOINT_URL_STS") or environment.get("AWS_ENDPOINT_URL") or usual
    token, role = _text(AWS, environment["AWS_WEB_IDENTITY_TOKEN_FILE"], read), environment["AWS_ROLE_ARN"]
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": "blockyard-trust-test",
        "DurationSeconds": "900",
        "WebIdentityToken": token,
    }
    return Exchange(AWS, token, f"{url.rstrip('/')}/", form, f"role {role}")


def _azure(environment: Mapping[str, str], read: ReadFile) -> Exchange:
    tenant, client = environment.get("ARM_TENANT_ID", ""), environment.get("ARM_CLIENT_ID", "")
    if not (tenant and client):
        raise StepFailed("ARM_TENANT_ID and ARM_CLIENT_ID say whom the run signs in as, and one of them is missing")
    host = environment.get("AZURE_AUTHORITY_HOST") or "https://login.microsoftonline.com"
    token = _text(AZURE, environment["ARM_OIDC_TOKEN_FILE_PATH"], read)
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_assertion_type": _JWT_BEARER,
        "client_assertion": token,
        "scope": "https://management.azure.com/.default",
    }
    url = f"{host if '://' in host else f'https://{host}'}".rstrip("/")
    return Exchange(AZURE, token, f"{url}/{tenant}/oauth2/v2.0/token", form, f"application {client} of tenant {tenant}")


def _gcp(account: JsonObject, read: ReadFile) -> Exchange:
    source = account.get("credential_source")
    path = source.get("file") if isinstance(source, dict) else None
    if not isinstance(path, str):
        raise StepFailed("the Google Cloud credential file names no token file", "Set credential_source.file in it.")
    token = _text(GCP, path, read)
    impersonation = account.get("service_account_impersonation_url")
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": str(account.get("audience")),
        "scope": _GCP_SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": str(account.get("subject_token_type")),
        "subject_token": token,
    }
    wants = f"provider {account.get('audience')}"
    then = {"url": impersonation} if isinstance(impersonation, str) and impersonation else {}
    return Exchange(GCP, token, str(account.get("token_url")), form, wants, then)


def _impersonate(exchange: Exchange, http: httpx2.Client, answer: httpx2.Response, mask: Callable[[str], str]) -> str:
    """Take the service account's credentials with those of the first answer. Raises StepFailed."""
    access, url = _json(answer.content).get("access_token"), exchange.then["url"]
    headers = {"Authorization": f"Bearer {access}"}
    second = _send(exchange, http, url, json={"scope": [_GCP_SCOPE], "lifetime": "300s"}, headers=headers)
    if not second.is_success:
        raise _refused(exchange, second, lambda text: mask(text.replace(str(access), "(token)")))
    account = url.rpartition("/")[2].partition(":")[0]
    return f"{exchange.cloud} accepts the identity token for {exchange.wants}, as service account {account}."


def _send(
    exchange: Exchange,
    http: httpx2.Client,
    url: str,
    *,
    data: dict[str, str] | None = None,
    json: JsonObject | None = None,
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    try:
        with http.stream("POST", url, data=data, json=json, headers=headers, timeout=_SECONDS) as answer:
            content = b""
            for piece in answer.iter_bytes(_MOST_BYTES):
                content += piece
                if len(content) > _MOST_BYTES:
                    raise StepFailed(f"{exchange.cloud} answers with more than {_MOST_BYTES} bytes", url)
            return httpx2.Response(answer.status_code, content=content)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise StepFailed(
            f"{exchange.cloud} cannot be reached from this runner", f"{url}: {type(error).__name__}: {error}"
        ) from error


def _refused(exchange: Exchange, answer: httpx2.Response, mask: Callable[[str], str]) -> StepFailed:
    said = " ".join(mask(_said(answer)).split())[:_MOST_CHARACTERS]
    user_message = refusal(exchange.cloud, said, claims_of(exchange.token))
    return StepFailed(user_message, f"{user_message}\n{exchange.url} answered {answer.status_code}: {said}")


def _said(answer: httpx2.Response) -> str:
    """Return the words of an answer that is a refusal: what XML and JSON of the clouds call code, message and description."""
    xml = re.findall(r"<(?:Code|Message)>([^<]*)</", answer.text)
    if xml:
        return ": ".join(xml)
    document = _json(answer.content)
    error = document.get("error")
    parts: list[Json] = [error.get("message") if isinstance(error, dict) else error, document.get("error_description")]
    return ": ".join(part for part in parts if isinstance(part, str)) or answer.text


def _content(cloud: str, path: str, read: ReadFile) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise StepFailed(
            f"there is no file {path}, which says how to sign in to {cloud}",
            "Let the input name the token file that the runner's workload identity says, or the file of a FILE input.",
        ) from error


def _text(cloud: str, path: str, read: ReadFile) -> str:
    return _content(cloud, path, read).decode("utf-8", errors="replace").strip()


def _json(content: bytes) -> JsonObject:
    try:
        document: Json = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
