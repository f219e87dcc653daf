"""The front matter of a module's README: the few YAML lines the public catalogue uses."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a README says about its module, and the text that follows."""

    name: str | None = None
    description: str | None = None
    supported_platforms: tuple[str, ...] = ()
    body: str = ""


_FENCED = re.compile(r"\ufeff?---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_MEMBER = re.compile(r"(?m)^([A-Za-z_]\w*)[ \t]*:[ \t]*(.*(?:\n(?:[ \t]+.*|[ \t]*-[ \t].*|[ \t]*(?=\n)))*)")


def read_front_matter(text: str) -> FrontMatter:
    """Return the front matter of a README: plain, quoted or folded texts and lists. Without one all is body."""
    unix = text.replace("\r\n", "\n")
    fenced = _FENCED.match(unix)
    if not fenced:
        return FrontMatter(body=unix.strip())
    members = {match[1]: match[2] for match in _MEMBER.finditer(fenced[1])}
    return FrontMatter(
        name=_text(members.get("name", "")),
        description=_text(members.get("description", "")),
        supported_platforms=_list(members.get("supportedPlatforms", "")),
        body=unix[fenced.end() :].strip(),
    )


def _text(value: str) -> str | None:
    first, _, rest = value.partition("\n")
    if first.strip() in {"|", "|-", "|+"}:
        margin = min((len(line) - len(line.lstrip()) for line in rest.splitlines() if line.strip()), default=0)
        return "\n".join(line[margin:] for line in rest.splitlines()).strip() or None
    folded = rest if first.strip() in {">", ">-", ">+"} else value
    return _unquoted(" ".join(folded.split())) or None


def _list(value: str) -> tuple[str, ...]:
    inline = value.strip()
    items = inline.strip("[]").split(",") if inline.startswith("[") else re.findall(r"(?m)^[ \t]*-[ \t]+(.+)$", value)
    return tuple(text for item in items if (text := _unquoted(item.strip())))


def _unquoted(text: str) -> str:
    for quote in ('"', "'"):
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1].replace('\\"', '"') if quote == '"' else text[1:-1].replace("''", "'")
    return re.sub(r"\s+#.*$", "", text)
