"""Configuration text as tokens, as the engine's own scanner cuts it: strings, heredocs and what is computed inside them.

One pass, each character looked at once: no text can make it slow. Source: HCL native syntax specification, lexical elements.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple


class SyntaxProblem(ValueError):
    """The text is not valid configuration from `position` on."""

    def __init__(self, why: str, position: int) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


class Token(NamedTuple):
    """A piece of text. `kind` is `name`, `number`, `text`, `end`, the newline, or what the piece itself is."""

    kind: str
    start: int
    end: int


NAME, NUMBER, TEXT, NEWLINE, END = "name", "number", "text", "\n", "end"
QUOTE, CLOSING_QUOTE, HEREDOC, CLOSING_HEREDOC = '"', 'closing "', "<<", "closing <<"
INTERPOLATION, DIRECTIVE, CLOSING_TEMPLATE = "${", "%{", "closing }"

_CODE = re.compile(
    r"(?P<skip>[ \t]+|#[^\n]*|//[^\n]*)"
    r"|(?P<name>[^\W\d][\w-]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<comment>/\*)"
    r"|(?P<heredoc><<-?[^\W\d][\w-]*\n)"
    r"|(?P<sign>\.\.\.|=>|==|!=|<=|>=|&&|\|\||::|[{}\[\]().,:?=<>!+\-*/%\n\"]|~(?=\}))"
)
_SIGNS = r"\$\$\{|%%\{|[$%](?!\{)"
_QUOTED = re.compile(
    rf"(?P<text>(?:[^\"\\$%\n]++|\\[nrt\"\\]|\\u[0-9a-fA-F]{{4}}|\\U[0-9a-fA-F]{{8}}|{_SIGNS})++)"
    r"|(?P<opening>[$%]\{~?)"
    r"|(?P<quote>\")"
)
_HEREDOC_TEXT = re.compile(rf"(?P<text>(?:[^$%\n]++|{_SIGNS})++\n?|\n)|(?P<opening>[$%]\{{~?)")


@dataclass(slots=True)
class _Frame:
    """Where the scanner is: in code, in a quoted template, or in a heredoc with its `marker`."""

    kind: str
    opened: int
    braces: int = 0
    marker: str = ""


class Scanner:
    """A position in a text whose line ends are newlines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.frames = [_Frame("code", 0)]

    def next(self) -> Token:
        """Pass the next token and return it; at the end of the text that is its end. Raises SyntaxProblem."""
        while self.position < len(self.text):
            frame = self.frames[-1]
            if frame.kind == "code":
                found = self._code(frame)
            elif frame.kind == QUOTE:
                found = self._quoted(frame)
            else:
                found = self._heredoc(frame)
            if found is not None:
                return found
        if len(self.frames) > 1:
            raise SyntaxProblem("a string or a template has no end", self.frames[-1].opened)
        return Token(END, self.position, self.position)

    def _emit(self, kind: str, end: int) -> Token:
        found = Token(kind, self.position, end)
        self.position = end
        return found

    def _code(self, frame: _Frame) -> Token | None:
        match = _CODE.match(self.text, self.position)
        if match is None:
            raise SyntaxProblem(f"{self.text[self.position]!r} is not expected here", self.position)
        group, end = match.lastgroup, match.end()
        if group == "skip":
            self.position = end
            return None
        if group == "comment":
            closing = self.text.find("*/", end)
            if closing < 0:
                raise SyntaxProblem("a comment has no end", self.position)
            self.position = closing + 2
            return None
        if group == "heredoc":
            self.frames.append(_Frame(HEREDOC, self.position, marker=match[0].lstrip("<-").rstrip("\n")))
            return self._emit(HEREDOC, end)
        return self._sign(frame, match[0], end) if group == "sign" else self._emit(str(group), end)

    def _sign(self, frame: _Frame, sign: str, end: int) -> Token | None:
        if sign == QUOTE:
            self.frames.append(_Frame(QUOTE, self.position))
        elif sign == "{":
            frame.braces += 1
        elif sign == "}" and frame.braces == 0 and len(self.frames) > 1:
            self.frames.pop()
            sign = CLOSING_TEMPLATE
        elif sign == "}":
            frame.braces -= 1
        elif sign == "~":
            if frame.braces or len(self.frames) == 1:
                raise SyntaxProblem("'~' is not expected here", self.position)
            self.position = end
            return None
        return self._emit(sign, end)

    def _quoted(self, frame: _Frame) -> Token:
        match = _QUOTED.match(self.text, self.position)
        if match is None:
            why = "a string has no end" if self.text[self.position] == "\n" else "an unknown escape in a string"
            raise SyntaxProblem(why, frame.opened if self.text[self.position] == "\n" else self.position)
        if match.lastgroup == "quote":
            self.frames.pop()
            return self._emit(CLOSING_QUOTE, match.end())
        return self._template(match)

    def _heredoc(self, frame: _Frame) -> Token:
        if self.text[self.position - 1] == "\n":
            line_end = self.text.find("\n", self.position)
            if line_end < 0:
                raise SyntaxProblem("a heredoc has no end", frame.opened)
            if self.text[self.position : line_end].strip(" \t") == frame.marker:
                self.frames.pop()
                return self._emit(CLOSING_HEREDOC, line_end)
        match = _HEREDOC_TEXT.match(self.text, self.position)
        if match is None:  # pragma: no cover  the pattern takes every character
            raise SyntaxProblem("a heredoc cannot be read", self.position)
        return self._template(match)

    def _template(self, match: re.Match[str]) -> Token:
        if match.lastgroup == "opening":
            self.frames.append(_Frame("code", self.position))
            return self._emit(match[0].rstrip("~"), match.end())
        return self._emit(TEXT, match.end())
