"""Signing in: API keys at `/api/login` (JSON or form), people at `/api/blockyard/v1/login`. Source: api.md 1.2, runner.md 1.1.2."""

from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field, ValidationError

from blockyard.diagnosis.validation import in_words
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api.current import BEARER, CurrentPrincipal
from blockyard.server.identity.api.signin import SignIn
from blockyard.server.identity.service import (
    KEY_TOKEN_LIFE,
    USER_TOKEN_LIFE,
    ApiKeyService,
    Authenticator,
    Subject,
    SubjectKind,
    Tokens,
)
from blockyard.server.kit.bodies import SIGN_IN_BYTES, read_body
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid, Unauthenticated
from blockyard.server.kit.http import MALFORMED_REMEDY, require_content_type
from blockyard.server.kit.ids import NewId
from blockyard.server.kit.routers import api_router, takes
from blockyard.server.kit.wire import ShortText, WireModel

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MAX_FORM_FIELDS = 20


class KeyLogin(WireModel):
    """The client id and the secret of an API key."""

    client_id: ShortText
    client_secret: ShortText = Field(repr=False)


class FormLogin(WireModel):
    """The same as OAuth 2 spells it."""

    grant_type: Literal["client_credentials"] = Field(alias="grant_type")
    client_id: ShortText = Field(alias="client_id")
    client_secret: ShortText = Field(alias="client_secret", repr=False)


class UserLogin(WireModel):
    """The username and the password of a person, and the code of their authenticator app if they have one."""

    username: ShortText
    password: ShortText = Field(repr=False)
    code: ShortText | None = Field(default=None, repr=False)


class BearerToken(WireModel):
    """A bearer token and how many seconds it lives."""

    access_token: str = Field(alias="access_token", repr=False)
    expires_in: int = Field(alias="expires_in")
    token_type: str = Field(default="Bearer", alias="token_type")


def login_routes(
    db: Database,
    keys: ApiKeyService,
    sign_in: SignIn,
    tokens: Tokens,
    authenticator: Authenticator,
    *,
    new_id: NewId,
) -> APIRouter:
    """Return the routes that answer with a bearer token, which need none, and the one that ends it."""
    router = api_router(tags=["Sign-in"])

    @router.post("/api/login", openapi_extra={"requestBody": _documented_bodies()})
    async def log_in_with_key(request: Request, response: Response) -> BearerToken:
        """Sign in with an API key; the token lives 300 seconds."""
        login = await _read_login(request)
        key = await db.read(lambda tx: keys.sign_in(tx, login.client_id, login.client_secret))
        if key is None:
            await sign_in.count_failed_key(login.client_id, address_of(request))
            raise Unauthenticated(
                "the client id or the client secret is wrong, or the key is expired or deleted",
                code="WrongCredentials",
                remedy="Check both, or ask for a new key.",
            )
        used = key
        if keys.login_note_due(used):
            await db.write(lambda tx: keys.note_login(tx, used))
        response.headers["Cache-Control"] = "no-store"
        token = tokens.issue(Subject(SubjectKind.API_KEY, key.id, key.epoch), KEY_TOKEN_LIFE)
        return BearerToken(access_token=token, expires_in=int(KEY_TOKEN_LIFE.total_seconds()))

    @router.post("/api/blockyard/v1/login")
    @takes(SIGN_IN_BYTES)
    async def log_in_with_password(
        request: Request, response: Response, body: Annotated[UserLogin, Body()]
    ) -> BearerToken:
        """Sign in as a person; the token lives 8 hours."""
        user = await sign_in.check(body.username, body.password, address_of(request))
        strong = await sign_in.needs_code(user)
        if strong:
            if body.code is None:
                raise Unauthenticated(
                    "a code is needed besides the password",
                    code="CodeNeeded",
                    remedy="Send the code of your authenticator app, or a recovery code, as `code`.",
                )
            await sign_in.check_code(user, body.code, address_of(request))
        response.headers["Cache-Control"] = "no-store"
        subject = Subject(SubjectKind.USER, user.id, user.epoch, new_id(), strong=strong)
        token = tokens.issue(subject, USER_TOKEN_LIFE)
        return BearerToken(access_token=token, expires_in=int(USER_TOKEN_LIFE.total_seconds()))

    @router.post("/api/blockyard/v1/logout", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def log_out(
        principal: CurrentPrincipal, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
    ) -> None:
        """Sign out the bearer token that this request carries; others of yours stay."""
        del principal
        token = credentials.credentials if credentials is not None else ""
        await db.write(lambda tx: authenticator.end_token(tx, token))

    return router


def address_of(request: Request) -> str:
    """Return the address of the caller, as far as the server knows it."""
    return request.client.host if request.client is not None else ""


async def _read_login(request: Request) -> KeyLogin:
    media_type = require_content_type(request, [_JSON, _FORM])
    body = await read_body(request, SIGN_IN_BYTES)
    try:
        if media_type == _JSON:
            return KeyLogin.model_validate_json(body)
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FORM_FIELDS)
        form = FormLogin.model_validate({name: values[-1] for name, values in fields.items()})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] == "json_invalid":
            raise Invalid("the body is not valid JSON", code="MalformedJson", remedy=MALFORMED_REMEDY) from None
        field = "/" + "/".join(str(part) for part in first["loc"])
        remedy = "Send clientId and clientSecret as JSON, or an OAuth 2 form of grant type client_credentials."
        raise Invalid(f"{field} {in_words(first)}", code="InvalidRequest", field=field, remedy=remedy) from None
    except ValueError:
        raise Invalid("the form cannot be read", code="MalformedForm", remedy="Encode it in UTF-8.") from None
    return KeyLogin(client_id=form.client_id, client_secret=form.client_secret)


def _documented_bodies() -> JsonObject:
    content: JsonObject = {
        media_type: {"schema": model.model_json_schema(by_alias=True)}
        for media_type, model in ((_JSON, KeyLogin), (_FORM, FormLogin))
    }
    return {"required": True, "content": content}
