"""Forms of a page as a browser without scripts fills and sends them: what it strips, normalises and leaves out.

Source: the HTML standard, "constructing the entry list", "value sanitization algorithm", "multipart/form-data encoding".
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urlencode

File = tuple[str, bytes, str]
"""Name, content and media type."""

_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)


@dataclass
class Control:
    """One control of a form; `value` is what a script would read."""

    kind: str
    name: str
    value: str = ""
    checked: bool = False
    options: list[str] = field(default_factory=list)
    disabled: bool = False

    def enter(self, text: str) -> None:
        """Let a person type, paste or choose `text`."""
        if self.kind == "select":
            assert text in self.options, f"{self.name} offers {self.options}"
        self.value = _sanitised(self.kind, text)


@dataclass
class PageForm:
    """A form with its controls."""

    action: str
    multipart: bool
    controls: list[Control] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)

    def names(self) -> set[str]:
        """Return the names of the controls."""
        return {control.name for control in self.controls}

    def control(self, name: str) -> Control:
        """Return the only control of a name."""
        found = [control for control in self.controls if control.name == name]
        assert len(found) == 1, f"{name}: {len(found)} controls among {sorted(self.names())}"
        return found[0]

    def fill(self, changes: Mapping[str, "str | list[str] | File"]) -> "PageForm":
        """Enter texts, tick exactly the boxes of a list, turn switches to "true" or "false", choose files."""
        for name, value in changes.items():
            if isinstance(value, tuple):
                self.files[self.control(name).name] = value
            elif isinstance(value, list):
                boxes = [control for control in self.controls if control.name == name]
                assert {*value} <= {box.value for box in boxes}, f"{name} offers {[box.value for box in boxes]}"
                for box in boxes:
                    box.checked = box.value in value
            elif {control.kind for control in self.controls if control.name == name} <= {"radio", "checkbox"}:
                self._choose(name, value)
            else:
                self.control(name).enter(value)
        return self

    def pressed(self, name: str, value: str) -> "PageForm":
        """Return the form as it is sent by one of several buttons."""
        return replace(self, controls=[*self.controls, Control("submit", name, value)])

    def _choose(self, name: str, value: str) -> None:
        offered = [control for control in self.controls if control.name == name]
        assert offered, f"{name} is not among {sorted(self.names())}"
        assert value in {control.value for control in offered} | {"false"}, f"{name} offers no {value}"
        for control in offered:
            control.checked = control.value == value

    def encoded(self) -> tuple[str, bytes]:
        """Return the content type and the body that the browser sends."""
        if not self.multipart:
            return "application/x-www-form-urlencoded", urlencode(self.fields(), doseq=True).encode()
        boundary = f"----{secrets.token_hex(16)}"
        parts: list[bytes] = []
        for control in self.controls:
            if control.disabled or (control.kind in {"checkbox", "radio"} and not control.checked):
                continue
            head = f'Content-Disposition: form-data; name="{_escaped(control.name)}"'
            if control.kind == "file":
                name, content, media_type = self.files.get(control.name, ("", b"", "application/octet-stream"))
                head += f'; filename="{_escaped(name)}"\r\nContent-Type: {media_type}'
            else:
                content = _with_crlf(control.value).encode()
            parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
        return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()

    def fields(self) -> dict[str, list[str]]:
        """Return the texts that are sent, by name."""
        found: dict[str, list[str]] = {}
        for control in self.controls:
            is_left_out = control.kind in {"checkbox", "radio"} and not control.checked
            if not (control.disabled or is_left_out or control.kind == "file"):
                found.setdefault(control.name, []).append(_with_crlf(control.value))
        return found


def forms_of(page: str) -> list[PageForm]:
    """Return the forms of a page."""
    reader = _Reader()
    reader.feed(page.replace("\r\n", "\n").replace("\r", "\n"))
    reader.close()
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._area: Control | None = None
        self._area_text = ""
        self._select: Control | None = None
        self._has_choice = False
        self._option: dict[str, str | None] | None = None
        self._option_text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").replace("\0", "\ufffd") for name, value in attrs}
        if tag == "form":
            multipart = given.get("enctype") == "multipart/form-data"
            self._form = PageForm(given.get("action", ""), multipart)
            self.forms.append(self._form)
        if self._form is None:
            return
        if tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            value = given.get("value", "on" if kind in {"checkbox", "radio"} else "")
            control = Control(kind, given["name"], _sanitised(kind, value), checked="checked" in given)
            control.disabled = "disabled" in given
            self._form.controls.append(control)
        if tag == "textarea":
            self._area, self._area_text = Control("textarea", given["name"], disabled="disabled" in given), ""
            self._form.controls.append(self._area)
        if tag == "select":
            self._select, self._has_choice = Control("select", given["name"], disabled="disabled" in given), False
            self._form.controls.append(self._select)
        if tag == "option":
            self._option, self._option_text = {**given}, ""

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area_text += data
        if self._option is not None:
            self._option_text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea" and self._area is not None:
            text = self._area_text.removeprefix("\n").replace("\0", "\ufffd")
            self._area.value, self._area = _sanitised("textarea", text), None
        if tag == "option" and self._option is not None and self._select is not None:
            value = self._option.get("value")
            value = " ".join(self._option_text.split()) if value is None else value
            if not self._select.options or "selected" in self._option:
                self._select.value = value
            self._select.options.append(value)
            self._option = None
        if tag == "select":
            self._select = None


def _sanitised(kind: str, text: str) -> str:
    if kind in {"text", "password", "search"}:
        return text.replace("\r", "").replace("\n", "")
    if kind == "number":
        return text if _NUMBER.match(text) else ""
    if kind == "textarea":
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _with_crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


def _escaped(name: str) -> str:
    return _with_crlf(name).replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
