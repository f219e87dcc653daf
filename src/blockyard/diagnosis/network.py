"""Checks of a server as others reach it: its answer and its clock."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from blockyard.diagnosis.finding import Finding, failed, ok, warning

_TIMEOUT_SECONDS = 10
_OFF_SECONDS = 5
_FAR_OFF_SECONDS = 60


def server(url: str, installation: str | None = None) -> list[Finding]:
    """Check that a server answers at `url`, can do its work, and has the same time as this machine.

    With `installation`, the id that a server of this installation shows, it must be one of it.
    """
    try:
        answer = httpx2.get(f"{url}/readyz", timeout=_TIMEOUT_SECONDS)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return [
            failed(
                "server",
                f"{url} cannot be reached: {str(error) or type(error).__name__}",
                "start the server, or correct its address (BLOCKYARD_PUBLIC_URL), the proxy, or the certificate",
            )
        ]
    if answer.status_code == httpx2.codes.OK and installation is not None and _id_of(answer) != installation:
        return [
            failed(
                "server",
                f"{url} answers, but it is not a server of this installation",
                "start this installation's server, or correct its address (BLOCKYARD_PUBLIC_URL)",
            )
        ]
    return [_readiness(url, answer), _clock_of(answer)]


def _id_of(answer: httpx2.Response) -> str | None:
    try:
        document = answer.json()
    except ValueError:
        return None
    return document.get("installation") if isinstance(document, dict) else None


def _readiness(url: str, answer: httpx2.Response) -> Finding:
    if answer.status_code == httpx2.codes.OK:
        return ok("server", f"{url} answers")
    if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
        return failed("server", f"{url} answers, but cannot do its work", f"see what {url}/readyz says")
    return failed(
        "server",
        f"{url}/readyz answers {answer.status_code}",
        "something else than Blockyard answers there: correct the address or the proxy",
    )


def _clock_of(answer: httpx2.Response) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return warning(
            "clock of the server", "the server does not tell its time", "have the proxy pass the Date header"
        )
    return clock("clock of the server", theirs)


def clock(name: str, theirs: datetime) -> Finding:
    """Check that another machine's clock, read just now, agrees with this one's."""
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    text = f"{apart:.0f} s apart from the clock of this machine"
    remedy = "synchronize both clocks (NTP): leases, tokens and sign-ins depend on them"
    if apart > _FAR_OFF_SECONDS:
        return failed(name, text, remedy)
    if apart > _OFF_SECONDS:
        return warning(name, text, remedy)
    return ok(name, text)
