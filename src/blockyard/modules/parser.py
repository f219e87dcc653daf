"""Reads expressions into trees, by the precedence and the rules on line ends that the engine has.

Source: HCL native syntax specification, expressions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from blockyard.modules.expressions import (
    Call,
    Chain,
    Collection,
    Conditional,
    Constant,
    Expression,
    Reference,
    Steps,
    Template,
    Unary,
)
from blockyard.modules.tokens import (
    CLOSING_HEREDOC,
    CLOSING_QUOTE,
    CLOSING_TEMPLATE,
    DIRECTIVE,
    END,
    INTERPOLATION,
    NAME,
    NEWLINE,
    NUMBER,
    QUOTE,
    TEXT,
    Scanner,
    SyntaxProblem,
    Token,
)

MAX_DEPTH = 60
"""Expressions nested more deeply are not read; nobody writes them."""

_BINDING = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_NAMES_OF_VALUES = frozenset({"true", "false", "null"})


def _key(expression: Expression) -> str | None:
    """Return the key that an expression is in an object; None for one that is computed."""
    match expression:
        case Reference(name, ()):
            return name
        case Template():
            return expression.value
        case _:
            return None


@lru_cache(maxsize=64)
def parse(text: str) -> Expression:
    """Return the tree of an expression. Raises SyntaxProblem."""
    parser = Parser(text.replace("\r\n", "\n"))
    found = parser.expression(newlines=False)
    parser.skip_newlines()
    parser.expect(END, "the expression goes on where it should end")
    return found


class Parser:
    """A position among the tokens of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._scanner = Scanner(text)
        self._current = self._scanner.next()
        self._last_end = 0
        self._skips_newlines = False
        self._depth = 0

    def peek(self) -> Token:
        """Return the next token that counts here."""
        if self._skips_newlines:
            self.skip_newlines()
        return self._current

    def next(self) -> Token:
        """Pass the next token that counts here, and return it."""
        token = self.peek()
        self._last_end = token.end
        self._current = self._scanner.next()
        return token

    def skip_newlines(self) -> None:
        """Pass line ends."""
        while self._current.kind == NEWLINE:
            self._current = self._scanner.next()

    def take(self, kind: str) -> bool:
        """Pass the next token if it is of `kind`; tell whether it was."""
        found = self.peek().kind == kind
        if found:
            self.next()
        return found

    def take_name(self, name: str) -> bool:
        """Pass the next token if it is this name; tell whether it was."""
        token = self.peek()
        found = token.kind == NAME and self.text_of(token) == name
        if found:
            self.next()
        return found

    def expect(self, kind: str, why: str) -> Token:
        """Pass the next token, which must be of `kind`. Raises SyntaxProblem."""
        token = self.next()
        if token.kind != kind:
            raise SyntaxProblem(why, token.start)
        return token

    def text_of(self, token: Token) -> str:
        """Return the text of a token."""
        return self.text[token.start : token.end]

    def since(self, start: int) -> str:
        """Return the text from `start` to the end of the last token passed, without line ends."""
        return self.text[start : self._last_end]

    def expression(self, *, newlines: bool) -> Expression:
        """Pass an expression; it goes on behind line ends where `newlines` do not count. Raises SyntaxProblem."""
        if self._depth == MAX_DEPTH:
            raise SyntaxProblem("an expression is nested too deeply", self.peek().start)
        self._depth += 1
        with self._newlines(skipped=newlines):
            found = self._conditional()
        self._depth -= 1
        return found

    @contextmanager
    def _newlines(self, *, skipped: bool) -> Iterator[None]:
        before, self._skips_newlines = self._skips_newlines, skipped
        yield
        self._skips_newlines = before

    def _conditional(self) -> Expression:
        condition = self._chain(1)
        if not self.take("?"):
            return condition
        yes = self.expression(newlines=self._skips_newlines)
        self.expect(":", "':' is missing after '?'")
        return Conditional(condition, yes, self.expression(newlines=self._skips_newlines))

    def _chain(self, least: int) -> Expression:
        found, binding = self._unary(), 0
        operands: list[Expression] = []
        operators: list[str] = []
        while (level := _BINDING.get(self.peek().kind, 0)) >= least:
            if level != binding:
                found = Chain(tuple(operands), tuple(operators)) if operators else found
                operands, operators, binding = [found], [], level
            operators.append(self.next().kind)
            operands.append(self._chain(level + 1))
        return Chain(tuple(operands), tuple(operators)) if operators else found

    def _unary(self) -> Expression:
        signs = []
        while self.peek().kind in {"!", "-"}:
            signs.append(self.next())
            if len(signs) > MAX_DEPTH:
                raise SyntaxProblem("an expression is nested too deeply", signs[0].start)
        found = self._with_steps(self._term())
        for sign in reversed(signs):
            found = Unary(sign.kind, found)
        return found

    def _with_steps(self, base: Expression) -> Expression:
        steps: list[str | Expression] = []
        while True:
            if self.take("."):
                steps.append(self._step())
            elif self.peek().kind == "[":
                self.next()
                steps.append(self._index_step())
            else:
                break
        if not steps:
            return base
        return Reference(base.name, tuple(steps)) if isinstance(base, Reference) else Steps(base, tuple(steps))

    def _step(self) -> str:
        token = self.next()
        if token.kind == "*":
            return "[*]"
        if token.kind not in {NAME, NUMBER}:
            raise SyntaxProblem("a name is missing after '.'", token.start)
        return self.text_of(token)

    def _index_step(self) -> "str | Expression":
        with self._newlines(skipped=True):
            if self.take("*"):
                found: str | Expression = "[*]"
            else:
                found = self.expression(newlines=True)
            self.expect("]", "']' is missing")
        return found

    def _term(self) -> Expression:
        token = self.next()
        match token.kind:
            case "number":
                return Constant(self.text_of(token))
            case "name":
                return self._named(token)
            case "(":
                return self._parenthesis()
            case "[":
                return self._list()
            case "{":
                return self._object()
            case '"' | "<<":
                return self._template(token)
            case _:
                raise SyntaxProblem("a value is missing", token.start)

    def _named(self, token: Token) -> Expression:
        name = self.text_of(token)
        while self.take("::"):
            name += "::" + self.text_of(self.expect(NAME, "a name is missing after '::'"))
        if self.take("("):
            return Call(name, self._arguments())
        if "::" in name:
            raise SyntaxProblem("'(' is missing after the name of a function", token.end)
        return Constant(name) if name in _NAMES_OF_VALUES else Reference(name)

    def _arguments(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        with self._newlines(skipped=True):
            while not self.take(")"):
                found.append(self.expression(newlines=True))
                if self.take("..."):
                    self.expect(")", "')' is missing after '...'")
                    break
                if not self.take(","):
                    self.expect(")", "',' or ')' is missing among the arguments of a function")
                    break
        return tuple(found)

    def _parenthesis(self) -> Expression:
        with self._newlines(skipped=True):
            found = self.expression(newlines=True)
            self.expect(")", "')' is missing")
        return found

    def _list(self) -> Expression:
        found: list[Expression] = []
        with self._newlines(skipped=True):
            if self.take_name("for"):
                self._loop("]")
                return Collection("list", None)
            while not self.take("]"):
                found.append(self.expression(newlines=True))
                if not self.take(","):
                    self.expect("]", "',' or ']' is missing in a list")
                    break
        return Collection("list", tuple(found))

    def _object(self) -> Expression:
        values: list[Expression] = []
        keys: list[str | None] = []
        self.skip_newlines()
        if self.take_name("for"):
            with self._newlines(skipped=True):
                self._loop("}")
            return Collection("object", None)
        with self._newlines(skipped=False):
            while True:
                self.skip_newlines()
                if self.take("}"):
                    break
                keys.append(_key(self.expression(newlines=False)))
                if not (self.take("=") or self.take(":")):
                    raise SyntaxProblem("'=' or ':' is missing after a key", self.peek().start)
                values.append(self.expression(newlines=False))
                if self.take("}"):
                    break
                if not (self.take(",") or self.take(NEWLINE)):
                    raise SyntaxProblem("',' or a line end is missing in an object", self.peek().start)
        return Collection("object", tuple(values), tuple(keys))

    def _loop(self, closing: str) -> None:
        self.expect(NAME, "a name is missing after 'for'")
        if self.take(","):
            self.expect(NAME, "a name is missing after ','")
        if not self.take_name("in"):
            raise SyntaxProblem("'in' is missing after 'for'", self.peek().start)
        self.expression(newlines=True)
        self.expect(":", "':' is missing in a 'for'")
        self.expression(newlines=True)
        if self.take("=>"):
            if closing == "]":
                raise SyntaxProblem("'=>' belongs into an object only", self.peek().start)
            self.expression(newlines=True)
            self.take("...")
        elif closing == "}":
            raise SyntaxProblem("'=>' is missing in a 'for' of an object", self.peek().start)
        if self.take_name("if"):
            self.expression(newlines=True)
        self.expect(closing, f"'{closing}' is missing")

    def _template(self, opening: Token) -> Expression:
        closing = CLOSING_QUOTE if opening.kind == QUOTE else CLOSING_HEREDOC
        parts: list[str | Expression] = []
        open_directives: list[str] = []
        with self._newlines(skipped=True):
            while (token := self.next()).kind != closing:
                if token.kind == TEXT:
                    parts.append(self.text_of(token))
                elif token.kind == INTERPOLATION:
                    parts.append(self.expression(newlines=True))
                    self.expect(CLOSING_TEMPLATE, "'}' is missing after '${'")
                elif token.kind == DIRECTIVE:
                    self._directive(token, open_directives)
                    parts.append(Constant("%{}"))
                else:
                    raise SyntaxProblem("a string cannot be read", token.start)
        if open_directives:
            raise SyntaxProblem(f"'%{{ end{open_directives[-1]} }}' is missing", token.start)
        return Template(tuple(parts), self.text[opening.start : token.end])

    def _directive(self, opening: Token, open_directives: list[str]) -> None:
        word = self.text_of(self.expect(NAME, "a word is missing after '%{'"))
        innermost = open_directives[-1] if open_directives else None
        if word == "if":
            self.expression(newlines=True)
            open_directives.append(word)
        elif word == "for":
            self.expect(NAME, "a name is missing after 'for'")
            if self.take(","):
                self.expect(NAME, "a name is missing after ','")
            if not self.take_name("in"):
                raise SyntaxProblem("'in' is missing after 'for'", self.peek().start)
            self.expression(newlines=True)
            open_directives.append(word)
        elif word in {"endif", "endfor"} and innermost == word[3:]:
            open_directives.pop()
        elif word != "else" or innermost != "if":
            raise SyntaxProblem(f"'%{{ {word} }}' is not expected here", opening.start)
        self.expect(CLOSING_TEMPLATE, "'}' is missing after '%{'")
