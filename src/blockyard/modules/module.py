"""An OpenTofu module as its files declare it: variables, outputs, backend, required versions."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from blockyard.modules import literals, validation
from blockyard.modules.syntax import Block, UnreadableError, read_json, read_native

SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
"""Names of configuration files end so. Other `.json` files are data. Source: runner.md 7.2 #18."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A condition a variable's value must meet."""

    condition: str
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An input variable. `type_text` and `default_text` are source text, None where absent."""

    name: str
    type_text: str | None = None
    default_text: str | None = None
    description: str | None = None
    sensitive: bool = False
    nullable: bool = True
    validations: tuple[Validation, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the variable is declared as text; JSON syntax puts the type in quotes."""
        return (self.type_text or "").strip(' "') == "string"

    @property
    def options(self) -> tuple[str, ...]:
        """The texts a validation allows."""
        return next(
            (found for rule in self.validations if (found := validation.options(rule.condition, self.name))), ()
        )

    @property
    def pattern(self) -> tuple[str, str | None] | None:
        """The regular expression a validation asks for, and its message."""
        for rule in self.validations:
            if found := validation.pattern(rule.condition, self.name):
                return found, rule.error_message
        return None

    def default(self) -> literals.Literal:
        """Return the default; None too where it must be computed."""
        try:
            return None if self.default_text is None else literals.parse(self.default_text)
        except literals.NotLiteralError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output of the root module."""

    name: str
    value_text: str = ""
    description: str | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider the module asks for."""

    source: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What the files of one folder declare."""

    variables: Mapping[str, Variable] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    backend: str | None = None
    """Type of the declared backend; `cloud` for a cloud block; None if state stays local."""
    is_backend_open: bool = False
    """The declared backend keeps no state by itself: `local` leaves it in a folder that goes with the run, and `http` without
    an address waits for one."""
    required_versions: tuple[str, ...] = ()
    providers: Mapping[str, Provider] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """One sentence per file that could not be read."""

    @property
    def own_backend(self) -> str | None:
        """The backend that keeps the module's state; None where the control plane can do that."""
        return None if self.is_backend_open else self.backend


def read(files: Mapping[str, str], *, opentofu: bool = True) -> Module:
    """Return the module that `files` (name to text) declare, read as OpenTofu or as Terraform would."""
    module = Module()
    for name in _in_engine_order(files, opentofu=opentofu):
        text = files[name]
        if not _DECLARES.search(text):
            continue
        try:
            blocks = read_json(text) if name.endswith(".json") else read_native(text)
        except UnreadableError as error:
            warning = f"{name} could not be read: {error}"
            backend = _guessed_backend(text) or _Declared(module.backend, is_open=module.is_backend_open)
            module = replace(
                module, warnings=(*module.warnings, warning), backend=backend.type, is_backend_open=backend.is_open
            )
        else:
            module = _with(module, blocks)
    return module


_DECLARES = re.compile(r"\b(?:variable|output|terraform)\b")
"""Files without these words declare nothing that is looked at here; reading them would only cost time."""


def _in_engine_order(files: Iterable[str], *, opentofu: bool) -> list[str]:
    """Return the names that count, override files last. A `.tofu` file replaces its `.tf` twin in OpenTofu."""
    names = {name for name in files if name.endswith(SUFFIXES) and not name.startswith(".")}
    if opentofu:
        names -= {name.replace(".tofu", ".tf") for name in names if name.endswith((".tofu", ".tofu.json"))}
    else:
        names = {name for name in names if name.endswith((".tf", ".tf.json"))}
    stems = {name: name.removesuffix(".json").rpartition(".")[0] for name in names}
    return sorted(names, key=lambda name: (stems[name] == "override" or stems[name].endswith("_override"), name))


@dataclass(frozen=True, slots=True)
class _Declared:
    """A backend as a file declares it."""

    type: str | None
    is_open: bool = False


def _guessed_backend(text: str) -> _Declared | None:
    """Return the backend an unreadable file seems to declare, so that no second one is put beside it."""
    code = re.sub(r'("(?:[^"\\\n]|\\.)*")|(?:#|//)[^\n]*|/\*.*?\*/', r"\1", text, flags=re.DOTALL)
    if found := re.search(r'\bbackend\s+"([\w-]+)"\s*\{', code):
        has_address = re.search(r"\baddress\b", code[found.end() :]) is not None
        return _Declared(found[1], is_open=_is_open(found[1], has_address=has_address))
    return _Declared("cloud") if re.search(r"(?m)^\s*cloud\s*\{", code) else None


def _is_open(backend: str, *, has_address: bool) -> bool:
    return backend == "local" or (backend == "http" and not has_address)


def _with(module: Module, blocks: Iterable[Block]) -> Module:
    variables, outputs = dict(module.variables), dict(module.outputs)
    versions, providers = list(module.required_versions), dict(module.providers)
    backend = _Declared(module.backend, is_open=module.is_backend_open)
    for block in blocks:
        if block.kind == "variable" and block.labels:
            variables[block.labels[0]] = _variable(block, variables.get(block.labels[0]))
        elif block.kind == "output" and block.labels:
            outputs[block.labels[0]] = _output(block)
        elif block.kind == "terraform":
            versions += _texts(block.literal("required_version"))
            providers |= _providers(block)
            backend = _backend(block) or backend
    return Module(
        variables=variables,
        outputs=outputs,
        backend=backend.type,
        is_backend_open=backend.is_open,
        required_versions=tuple(versions),
        providers=providers,
        warnings=module.warnings,
    )


def _variable(block: Block, overridden: Variable | None) -> Variable:
    base = overridden or Variable(name=block.labels[0])
    validations = tuple(
        Validation(condition=rule.attributes.get("condition", ""), error_message=_text(rule.literal("error_message")))
        for rule in block.of_kind("validation")
    )
    return Variable(
        name=base.name,
        type_text=block.attributes.get("type", base.type_text),
        default_text=block.attributes.get("default", base.default_text),
        description=_text(block.literal("description")) or base.description,
        sensitive=block.literal("sensitive") is True if "sensitive" in block.attributes else base.sensitive,
        nullable=block.literal("nullable") is not False if "nullable" in block.attributes else base.nullable,
        validations=validations or base.validations,
    )


def _output(block: Block) -> Output:
    return Output(
        name=block.labels[0],
        value_text=block.attributes.get("value", ""),
        description=_text(block.literal("description")),
        sensitive=block.literal("sensitive") is True,
    )


def _backend(block: Block) -> _Declared | None:
    """Return the backend that a block declares. Of several the last one counts: override files come last."""
    for backend in block.of_kind("backend"):
        if backend.labels:
            type_ = backend.labels[0]
            return _Declared(type_, is_open=_is_open(type_, has_address="address" in backend.attributes))
    return _Declared("cloud") if any(True for _ in block.of_kind("cloud")) else None


def _providers(block: Block) -> dict[str, Provider]:
    found = {}
    for providers in block.of_kind("required_providers"):
        for name in providers.attributes:
            value = providers.literal(name)
            if isinstance(value, dict):
                found[name] = Provider(source=_text(value.get("source")), version=_text(value.get("version")))
            else:
                found[name] = Provider(version=_text(value))
    return found


def _text(value: literals.Literal) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: literals.Literal) -> list[str]:
    return [value] if isinstance(value, str) else []
