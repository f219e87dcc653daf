"""What went wrong, in one sentence per error, from what the engine printed.

The consumer gets summary and place, not the detail: details repeat values and whole answers of services. Only messages
a module's author wrote for consumers (validations, conditions) are handed on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blockyard.runner.executors.opentofu.own_names import VARIABLE_FILE
from blockyard.runner.frame.values import ending

MAX_ERRORS = 5
MAX_CHARACTERS = 500
_ERROR = re.compile(
    r"(?m)(?:\A|^(?:[│╵╷]?[ \t]*\n))(?:│ )?Error: (?P<summary>(?!\w+ encountered problems during init).+)$"
    r"(?P<has_place>\n[│ \t]*\n(?:│)? +(?:with|on) )?"
)
"""The heading of an error: at the left edge, behind a blank line. What commands print within an error looks otherwise."""

_SHOWS_OUTPUT = re.compile(r"(?:\S+-exec|file) provisioner error")
"""An error whose detail holds all that a module's command has printed, whatever it looks like."""

_ADDRESS = re.compile(r"^with (?P<address>.+),$")
_PLACE = re.compile(r"^on (?P<place>\S.* line \d+)(?:, in .*|:|,)?$")
_SOURCE_LINE = re.compile(r"^(?:\d+:|[├│]).*")
_VARIABLE_LINE = re.compile(r'^\d+:\s+"(?P<name>[^"\\]+)":')
_AUTHORS_MESSAGES = re.compile(
    r"Invalid value for variable|Resource (?:pre|post)condition failed|Module output value precondition failed"
    r"|Check block assertion failed"
)
_PROVIDER = re.compile(
    r"for provider (?P<wanted>[^\s:]+(?::\d+/[^\s:]+)?)|[Ee]rror while installing (?P<installed>\S+) v"
    r'|provider source address "(?P<given>[^"]+)"|[Pp]rovider (?P<found>[\w.:-]+(?:/[\w.-]+){1,2}):? '
)
"""Which provider an error of `init` is about; its words may be wrapped over lines."""

_CAUSES = (
    ("No value for required variable", re.compile(r'variable ("[^"]+")'), "{}"),
    ("Unreadable module directory", re.compile(r"\blstat ([^:]+): |directory (\S+) could not|for (module .+)\."), "{}"),
    (
        r"Unsupported \w+ Core version",
        re.compile(r'required_version += +("[^"]+").* support \w+ version (\d[\w.+-]*\w)'),
        "the module asks for {}, this is {}",
    ),
    (r".*: \d+ problems:", re.compile(r"(?:^| )- ([^:]+): "), "{}"),
)
"""What of an error's detail tells its cause: names and versions, no values."""

_COUNT = re.compile(r": \d+ problems:\Z")

_ASKS_FOR_INIT = re.compile(
    r"Backend initialization required.*|Inconsistent dependency lock file|Required plugins are not installed"
    r"|Module not installed|Module source has changed|Module version requirements have changed|Initialization required.*"
    r"|Provider requirements cannot be satisfied by locked dependencies"
)

_TRANSIENT = re.compile(
    r"connection (?:reset|refused|timed out)|i/o timeout|TLS handshake timeout|no such host|unexpected EOF"
    r"|server misbehaving|network is unreachable|Client\.Timeout|context deadline exceeded|too many requests"
    r"|\b(?:429|500|502|503|504)\b (?:Too Many|Internal|Bad Gateway|Service|Gateway)"
    r"|returned (?:unexpected )?(?:status|response)(?: code)?:? (?:429|5\d\d)|giving up after \d+ attempt",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error."""

    summary: str
    address: str | None = None
    place: str | None = None
    authors_message: str | None = None
    provider: str | None = None
    cause: str | None = None

    def __str__(self) -> str:
        """Return one sentence."""
        where = ", ".join(part for part in (self.address, self.place) if part)
        told = self.authors_message or self.provider or self.cause
        said = f": {told}" if told else ""
        return f"{self.summary}{said}{f' ({where})' if where else ''}"[:MAX_CHARACTERS]


def read_errors(output: str) -> list[Diagnostic]:
    """Return the errors in the engine's output, each once."""
    return list(dict.fromkeys(_diagnostics(output)))


def is_transient(output: str) -> bool:
    """Tell whether the output speaks of trouble that passes by itself, such as a network's."""
    return bool(_TRANSIENT.search(output))


def asks_for_init(output: str) -> bool:
    """Tell whether the engine refused to work because the folder is not prepared for it."""
    return any(_ASKS_FOR_INIT.fullmatch(error.summary) for error in read_errors(output))


def user_message(what: str, exit_code: int, output: str) -> str:
    """Return what to tell the consumer about a failed command."""
    errors = read_errors(output)
    if not errors:
        return f"{what} failed ({ending(exit_code)}). The log has more."
    told = [str(error) for error in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        told.append(f"and {len(errors) - MAX_ERRORS} more")
    return f"{what} failed ({ending(exit_code)}): " + "; ".join(told) + ". The log has more."


def _diagnostics(output: str) -> Iterator[Diagnostic]:
    found: list[re.Match[str]] = []
    for match in _ERROR.finditer(output):
        if not found or match["has_place"] or not _SHOWS_OUTPUT.fullmatch(found[-1]["summary"].strip()):
            found.append(match)
    ends = [*(match.start() for match in found[1:]), len(output)]
    for match, end in zip(found, ends, strict=False):
        body = output[match.end("summary") : end]
        yield _diagnostic(match["summary"].strip(), [line.removeprefix("│").strip() for line in body.splitlines()])


def _diagnostic(summary: str, lines: list[str]) -> Diagnostic:
    address = next((match["address"] for line in lines if (match := _ADDRESS.match(line))), None)
    place = next((match["place"] for line in lines if (match := _PLACE.match(line))), None)
    if place is not None and place.startswith(VARIABLE_FILE):
        names = (match["name"] for line in lines if (match := _VARIABLE_LINE.match(line)))
        place = next((f"variable '{name}'" for name in names), None)
    message = _authors_message(lines) if _AUTHORS_MESSAGES.fullmatch(summary) else None
    text = " ".join(lines)
    return Diagnostic(_COUNT.sub("", summary), address, place, message, _provider(summary, text), _cause(summary, text))


def _cause(summary: str, text: str) -> str | None:
    """Return the words of an error's detail without which its summary says too little."""
    for summaries, pattern, words in _CAUSES:
        if re.fullmatch(summaries, summary) and (found := pattern.search(text)):
            return words.format(*(group for group in found.groups() if group))
    return None


def _authors_message(lines: list[str]) -> str | None:
    """Return the first paragraph that is neither place nor source, as one line: the engine breaks it at its width."""
    is_text = [bool(line) and not any(p.match(line) for p in (_ADDRESS, _PLACE, _SOURCE_LINE)) for line in lines]
    begin = is_text.index(True) if True in is_text else len(lines)
    end = next((at for at in range(begin, len(lines)) if not lines[at]), len(lines))
    return " ".join(lines[begin:end]).rstrip(".") or None


def _provider(summary: str, text: str) -> str | None:
    """Return the provider an error about providers names."""
    match = _PROVIDER.search(text) if "provider" in summary.lower() else None
    return next((name for name in match.groups() if name), None) if match else None
