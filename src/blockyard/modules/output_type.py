"""What the expression of an output shows: its type, whether it can be null, whether it is the address of a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

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
from blockyard.modules.meanings import Meanings
from blockyard.modules.parser import parse
from blockyard.modules.tokens import SyntaxProblem

_RESULTS = {
    "STRING": "abspath base64decode base64encode base64gzip base64sha256 base64sha512 basename bcrypt chomp cidrhost cidrnetmask"
    " cidrsubnet dirname file filebase64 filebase64sha256 filemd5 filesha1 filesha256 filesha512 format"
    " formatdate indent join jsonencode lower md5 pathexpand replace sha1 sha256 sha512 strrev substr templatefile"
    " textdecodebase64 textencodebase64 timeadd timestamp title tostring trim trimprefix trimspace trimsuffix upper"
    " urlencode uuid uuidv5 yamlencode",
    "INTEGER": "abs ceil floor index length log max min parseint pow signum sum timecmp tonumber",
    "BOOLEAN": "alltrue anytrue can contains endswith fileexists issensitive startswith strcontains tobool",
    "CODE": "chunklist coalescelist compact concat csvdecode distinct fileset flatten formatlist jsondecode keys matchkeys merge"
    " range regexall reverse setintersection setproduct setsubtract setunion slice sort split tolist tomap toset"
    " transpose values yamldecode zipmap",
}
_BY_FUNCTION = {name: type_ for type_, names in _RESULTS.items() for name in names.split()}
"""What functions return, whatever they are given."""

_OF_ARGUMENTS = frozenset({"coalesce", "ephemeralasnull", "nonsensitive", "sensitive", "try"})
"""Functions that return one of their arguments."""

_NEVER = "NEVER"
"""Instead of a type: the engine refuses the expression, so that what is beside it says the type of what comes."""

_LOGIC = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||"})
_NULL = Constant("null")
_ADDRESS = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Shown:
    """What an expression shows. `type` is None where it does not."""

    type: str | None = None
    is_nullable: bool = False
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class KnownVariable:
    """What is known of a variable that an output may hand on."""

    type: str
    """STRING, INTEGER, BOOLEAN, or CODE, which takes everything."""
    is_nullable: bool


_Variables: TypeAlias = Callable[[str], KnownVariable | None]
"""Returns what is known of a variable of the module by its name; None if there is none."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the module says of the names in an expression."""

    variables: _Variables
    meanings: Meanings

    def variable(self, reference: Reference) -> KnownVariable | None:
        match reference.name, reference.steps:
            case "var", (str() as name,):
                return self.variables(name)
            case _:
                return None


def shown(text: str, variables: _Variables, texts: Mapping[str, str] | None = None) -> Shown:
    """Return what the expression `text` shows. `texts` are what locals and arguments of resources are, see `meanings`."""
    try:
        expression = parse(text)
    except SyntaxProblem:
        return Shown()
    type_ = _type(expression, _Known(variables, Meanings(texts or {})))
    return Shown(
        type=None if type_ == _NEVER else type_,
        is_nullable=_is_nullable(expression, _Known(variables, Meanings(texts or {}))),
        is_link=_is_link(expression, Meanings(texts or {})),
    )


def _type(expression: Expression, known: _Known) -> str | None:
    match expression:
        case Template((inner,)) if not isinstance(inner, str):
            return _type(inner, known)  # the engine takes "${x}" for x
        case Reference(_, steps) | Steps(_, steps) if "[*]" in steps:
            return "CODE" if _ends_as_list(steps) else None
        case Reference():
            return _type_of_reference(expression, known)
        case Call(name, arguments) if name in _OF_ARGUMENTS:
            return _type_of_one(name, {_type(one, known) for one in arguments if one != _NULL})
        case Conditional(_, yes, no):
            return _common({_type(one, known) for one in (yes, no) if one != _NULL} - {_NEVER})
        case _:
            is_refused = any(_type(one, known) == _NEVER for one in _parts(expression))
            return _NEVER if is_refused else _type_of_form(expression)


def _type_of_reference(reference: Reference, known: _Known) -> str | None:
    if variable := known.variable(reference):
        return variable.type
    meaning = known.meanings.of(reference)
    return None if meaning is None else _type(meaning, known)


def _type_of_one(function: str, found: set[str | None]) -> str | None:
    """Return the type of what a function picks from arguments of these types."""
    if function == "coalesce":
        return _NEVER if _NEVER in found else _common(found)
    possible = found - {_NEVER}
    return next(iter(possible)) if len(possible) == 1 else None


def _parts(expression: Expression) -> "tuple[Expression, ...]":
    """Return what the engine computes on the way to a value, so that it has none where one of these is refused."""
    match expression:
        case Call("can", _):
            return ()
        case Call(_, parts) | Chain(parts, _):
            return parts
        case Unary(_, operand):
            return (operand,)
        case Template(pieces):
            return tuple(one for one in pieces if not isinstance(one, str))
        case Collection(_, items):
            return items or ()
        case _:
            return ()


def _type_of_form(expression: Expression) -> str | None:
    """Return the type that an expression has whatever its parts are."""
    match expression:
        case Constant(text):
            return {"true": "BOOLEAN", "false": "BOOLEAN", "null": None}.get(text, "INTEGER")
        case Call(name, _):
            return _BY_FUNCTION.get(name.removeprefix("core::"))
        case Chain(_, operators):
            return "BOOLEAN" if set(operators) <= _LOGIC else "INTEGER"
        case Unary(operator, _):
            return "BOOLEAN" if operator == "!" else "INTEGER"
        case Template() | Collection():
            return "STRING" if isinstance(expression, Template) else "CODE"
        case _:
            return None


def _ends_as_list(steps: "tuple[str | Expression, ...]") -> bool:
    """Tell whether steps with a splat give a list: nothing is picked from it afterwards."""
    splat = max(index for index, step in enumerate(steps) if step == "[*]")
    return all(isinstance(step, str) and not step[0].isdigit() for step in steps[splat + 1 :])


def _common(found: set[str | None]) -> str | None:
    """Return the type that the engine unites others to: text takes numbers and truth values, these do not take each other.

    `try` does not unite: it takes one as it is.
    """
    if len(found) <= 1:
        return next(iter(found), None)
    if None in found or "CODE" in found:
        return None
    return "STRING" if "STRING" in found else _NEVER


def _is_nullable(expression: Expression, known: _Known) -> bool:
    match expression:
        case Constant():
            return expression == _NULL
        case Reference():
            if variable := known.variable(expression):
                return variable.is_nullable
            meaning = known.meanings.of(expression)
            return meaning is not None and _is_nullable(meaning, known)
        case Call("one" | "ephemeralasnull", _):
            return True
        case _:
            return any(_is_nullable(one, known) for one in _results(expression))


def _results(expression: Expression) -> "tuple[Expression, ...]":
    """Return the parts of an expression one of which is its value."""
    match expression:
        case Template((inner,)) if not isinstance(inner, str):
            return (inner,)
        case Call("lookup", (_, _, last)):
            return (last,)
        case Call("try" | "nonsensitive" | "sensitive", arguments):
            return arguments
        case Conditional(_, yes, no):
            return yes, no
        case _:
            return ()


def _is_link(expression: Expression, meanings: Meanings) -> bool:
    """Tell whether every value that the expression can have, but none at all, is the address of a page."""
    match expression:
        case Template((str() as first, *_)):
            return first.lower().startswith(_ADDRESS) and "\n" not in first
        case Call("format", (Template() as text, *_)):
            return _is_link(text, meanings)
        case Reference():
            meaning = meanings.of(expression)
            return meaning is not None and _is_link(meaning, meanings)
        case Call("coalesce", arguments):
            parts = arguments
        case _:
            parts = _results(expression)
    values = [one for one in parts if not _is_nothing(one)]
    return bool(values) and all(_is_link(one, meanings) for one in values)


def _is_nothing(expression: Expression) -> bool:
    return expression == _NULL or (isinstance(expression, Template) and not expression.parts)
