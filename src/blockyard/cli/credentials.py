"""Who the client is and where the server is: a stored context, or the environment, which takes precedence."""

from collections.abc import Mapping

from blockyard.cli.contexts import Contexts, Credentials, file_path, read
from blockyard.cli.exits import ExitCode, Failure, usage
from blockyard.protocol import addresses

URL = "BLOCKYARD_URL"
API_KEY = "BLOCKYARD_API_KEY"
API_SECRET = "BLOCKYARD_API_SECRET"  # noqa: S105  the name of a variable
API_TOKEN = "BLOCKYARD_API_TOKEN"  # noqa: S105  same
CONTEXT = "BLOCKYARD_CONTEXT"
WORKSPACE = "BLOCKYARD_WORKSPACE"
VARIABLES = {
    URL: "base URL of the server",
    API_KEY: "client id of an API key",
    API_SECRET: "its secret",
    API_TOKEN: "a bearer token to use as it is, without signing in; takes precedence over a key",
    CONTEXT: "name of the context to use instead of the current one",
    WORKSPACE: "workspace of commands that need one and are given none",
}


def checked_url(url: str) -> str:
    """Return a server's base URL without trailing slash. Raises Failure (usage)."""
    parts = addresses.split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.host or parts.port == 0:
        raise usage(f"'{url}' is not a server URL", "Give a URL such as https://blockyard.example.org.")
    if parts.user or parts.password or parts.query or parts.fragment:
        raise usage("the server's URL may only have a host, a port and a path")
    return url.rstrip("/")


def load(environ: Mapping[str, str], *, url: str | None = None, context: str | None = None) -> Credentials:
    """Return the credentials to use. What is asked for takes precedence over the environment, that over what is stored.

    A stored key or token is only ever sent to the server it was stored for.

    Raises:
        Failure: there are none, the file cannot be read, or there is no such context.
    """
    stored = read(file_path(environ))
    if name := context or environ.get(CONTEXT):
        return _named(stored, name, url)
    address = url or environ.get(URL) or (stored.chosen.url if stored.chosen else None)
    if address is None:
        raise _signed_out(f"no server is known: {URL} is not set, and nobody has signed in here")
    address = checked_url(address)
    known = stored.at(address)
    if token := environ.get(API_TOKEN):
        return Credentials(url=address, token=token, origin=API_TOKEN)
    key, secret = environ.get(API_KEY), environ.get(API_SECRET)
    if key and secret:
        return Credentials(url=address, key=key, secret=secret)
    if key or secret:
        raise usage(f"{API_KEY} and {API_SECRET} belong together; one of them is missing")
    if known is None:
        raise _signed_out(f"not signed in to {address}")
    return known


def default_workspace(environ: Mapping[str, str], *, url: str | None = None, context: str | None = None) -> str | None:
    """Return the workspace of commands that are given none: that of the environment, else that of the context."""
    if workspace := environ.get(WORKSPACE):
        return workspace
    stored = read(file_path(environ))
    if name := context or environ.get(CONTEXT):
        return stored.named(name).workspace
    address = url or environ.get(URL)
    known = stored.at(address.rstrip("/")) if address else stored.chosen
    return known.workspace if known else None


def _named(stored: Contexts, name: str, url: str | None) -> Credentials:
    found = stored.named(name)
    if url is not None and checked_url(url) != found.url:
        raise usage(f"context '{name}' is of {found.url}, not of {url}", "Give either --context or --url.")
    return found


def _signed_out(message: str) -> Failure:
    return Failure(
        message,
        remedy=f"Run 'blockyard login --url …', or set {URL}, {API_KEY} and {API_SECRET}.",
        exit_code=ExitCode.DENIED,
        code="NotSignedIn",
    )
