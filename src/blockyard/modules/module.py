"""An OpenTofu module as its files declare it: variables, outputs, backend, required versions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.modules import conversion, literals, validation
from blockyard.modules.guessing import guess
from blockyard.modules.syntax import Block, UnreadableError, read_json, read_native

SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
"""Names of configuration files end so. Other `.json` files are data. Source: runner.md 7.2 #18."""

MAX_FILE_BYTES = 256 * 1024
"""Larger files are not read: people write far smaller ones. Reading this much takes less than a second."""

MAX_JSON_BYTES = 1024 * 1024
"""The same for JSON, which programs write and which is read faster."""

MAX_MODULE_BYTES = 2 * 1024 * 1024
"""The files of one module together; those beyond are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A condition a variable's value must meet."""

    condition: str
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An input variable. `type_text` and `default_text` are source text, None where absent.

    `sensitive` is what the engine makes of the source: it takes `"true"` for true.
    """

    name: str
    type_text: str | None = None
    default_text: str | None = None
    description: str | None = None
    sensitive: bool = False
    nullable: bool = True
    validations: tuple[Validation, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the variable is declared as text."""
        return self.type_text == "string"

    @property
    def options(self) -> tuple[str, ...]:
        """The texts the validations allow, each once; none if they do not name them."""
        named = [found for rule in self.validations if (found := validation.options(rule.condition, self.name))]
        return tuple(text for text in named[0] if all(text in others for others in named)) if named else ()

    @property
    def pattern(self) -> tuple[str, str | None] | None:
        """The regular expression a validation asks for, and its message."""
        for rule in self.validations:
            if found := validation.pattern(rule.condition, self.name):
                return found, rule.error_message
        return None

    def default(self) -> literals.Literal:
        """Return the default in the declared type; None too where it must be computed."""
        try:
            value = None if self.default_text is None else literals.parse(self.default_text)
        except literals.NotLiteralError:
            return None
        return conversion.converted(value, self.type_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output of the root module."""

    name: str
    value_text: str = ""
    """Source text of the expression."""
    description: str | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that could not be read, from `line` on if it is known where."""

    name: str
    why: str
    line: int | None = None

    @property
    def sentence(self) -> str:
        """What is wrong with the file."""
        where = f" line {self.line}" if self.line else ""
        return f"{self.name}{where} {self.why}"


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
    texts: Mapping[str, str] = field(default_factory=dict)
    """Source texts of its locals and of arguments of its resources, by what refers to them, as far as its files could be read."""
    module_sources: tuple[str, ...] = ()
    """Where the modules that it calls come from, as far as that is written down."""
    unread: tuple[Unread, ...] = ()
    """Files that could not be read; what they seem to declare is among the rest."""
    warnings: tuple[str, ...] = ()
    """One sentence for each thing that could not be told."""

    @property
    def own_backend(self) -> str | None:
        """The backend that keeps the module's state; None where the control plane can do that."""
        return None if self.is_backend_open else self.backend


def read(files: Mapping[str, str], *, opentofu: bool = True, with_texts: bool = False) -> Module:
    """Return the module that `files` (name to text) declare, read as OpenTofu or as Terraform would.

    With `with_texts` files that only make things are read, too.
    """
    module, total = Module(), 0
    declared: dict[tuple[str, str], str] = {}
    for name in _in_engine_order(files, opentofu=opentofu):
        text = files[name]
        is_text = not _NOT_TEXT.search(text)
        if is_text and not _DECLARES.search(text):
            module = _with_texts(module, name, text, total) if with_texts else module
            continue
        total += len(text)
        problem = _too_large(name, text, total) or (None if is_text else Unread(name=name, why="is not UTF-8"))
        if problem is None:
            try:
                blocks = read_json(text) if name.endswith(".json") else read_native(text)
                problem = None if _is_override(name) else _declared_again(name, blocks, declared)
                module = module if problem else _with(module, blocks, overrides=_is_override(name))
            except UnreadableError as error:
                language = "JSON" if name.endswith(".json") else "HCL"
                problem = Unread(name=name, why=f"is not valid {language}: {error.why}", line=error.line)
        if problem is not None:
            module = _without(module, problem, text if total <= MAX_MODULE_BYTES else "")
    return module


def _with_texts(module: Module, name: str, text: str, total: int) -> Module:
    """Return the module with the locals and resources of a file that declares nothing else; nobody needs to be able to read it."""
    if name.endswith(".json") or not _HINTS.search(text) or _too_large(name, text, total + len(text)):
        return module
    try:
        return replace(module, texts={**module.texts, **_texts_of(read_native(text))})
    except UnreadableError:
        return module


def _texts_of(blocks: Iterable[Block]) -> dict[str, str]:
    found: dict[str, str] = {}
    for block in blocks:
        if block.kind in {"locals", "resource"}:
            prefix = ".".join(("local",) if block.kind == "locals" else block.labels)
            found |= {f"{prefix}.{name}": text for name, text in block.attributes.items()}
    return found


def decoded(content: bytes) -> str:
    """Return the text of a file for `read`, which notices what is not UTF-8."""
    return content.decode(errors="surrogateescape")


_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
"""What other encodings leave, UTF-16 among them: engines refuse it, and nothing would be found in it."""


def _declared_again(name: str, blocks: Iterable[Block], declared: dict[tuple[str, str], str]) -> Unread | None:
    """Note what a file declares; return the problem if that was declared before. Only override files may do so."""
    own: set[tuple[str, str]] = set()
    for kind, label in ((block.kind, block.labels[0]) for block in blocks if block.labels):
        if kind not in {"variable", "output"}:
            continue
        if (kind, label) in own:
            return Unread(name=name, why=f"declares the {kind} '{label}' twice")
        own.add((kind, label))
        before = declared.setdefault((kind, label), name)
        if before != name:
            return Unread(name=name, why=f"declares the {kind} '{label}', which {before} declares as well")
    return None


def _too_large(name: str, text: str, total: int) -> Unread | None:
    limit = MAX_JSON_BYTES if name.endswith(".json") else MAX_FILE_BYTES
    if len(text) > limit:
        return Unread(name=name, why=f"is larger than {limit // 1024} KiB")
    if total > MAX_MODULE_BYTES:
        return Unread(name=name, why=f"makes the module larger than {MAX_MODULE_BYTES // 1024} KiB")
    return None


def _without(module: Module, problem: Unread, text: str) -> Module:
    """Return the module with what an unread file seems to declare, so that a run puts nothing beside it twice."""
    found = guess(text)
    guessed = {name: Variable(name=name) for name in found.variables}
    backend = _Declared(module.backend, is_open=module.is_backend_open)
    if found.backend is not None:
        backend = _Declared(found.backend, is_open=_is_open(found.backend, has_address=found.has_address))
    return replace(
        module,
        unread=(*module.unread, problem),
        backend=backend.type,
        is_backend_open=backend.is_open,
        variables={**guessed, **module.variables},
    )


_DECLARES = re.compile(r"\b(?:variable|output|terraform|module)\b")
"""Files without these words declare nothing that is looked at here; reading them would only cost time."""


_HINTS = re.compile(r"\b(?:locals|resource)\b")
"""Files with these words may say what outputs are."""


def _in_engine_order(files: Iterable[str], *, opentofu: bool) -> list[str]:
    """Return the names that count, override files last. A `.tofu` file replaces its `.tf` twin in OpenTofu."""
    names = {name for name in files if name.endswith(SUFFIXES) and not name.startswith(".")}
    if opentofu:
        names -= {name.replace(".tofu", ".tf") for name in names if name.endswith((".tofu", ".tofu.json"))}
    else:
        names = {name for name in names if name.endswith((".tf", ".tf.json"))}
    return sorted(names, key=lambda name: (_is_override(name), name))


@dataclass(frozen=True, slots=True)
class _Declared:
    """A backend as a file declares it."""

    type: str | None
    is_open: bool = False


def _is_open(backend: str, *, has_address: bool) -> bool:
    return backend == "local" or (backend == "http" and not has_address)


def _is_override(name: str) -> bool:
    """Tell whether what a file declares replaces parts of what others declare."""
    stem = name.removesuffix(".json").rpartition(".")[0]
    return stem == "override" or stem.endswith("_override")


def _with(module: Module, blocks: Sequence[Block], *, overrides: bool) -> Module:
    variables, outputs = dict(module.variables), dict(module.outputs)
    versions, providers = list(module.required_versions), dict(module.providers)
    backend = _Declared(module.backend, is_open=module.is_backend_open)
    sources, warnings = list(module.module_sources), list(module.warnings)
    for block in blocks:
        name = block.labels[0] if block.labels else ""
        if block.kind == "variable" and name:
            variables[name] = _variable(block, variables.get(name), warnings)
        elif block.kind == "output" and name:
            outputs[name] = _output(block, outputs.get(name), warnings)
        elif block.kind == "module":
            sources += _texts(block.literal("source"))
        elif block.kind == "terraform":
            asked = _texts(block.literal("required_version"))
            versions = asked if overrides and asked else versions + asked
            providers |= _providers(block)
            backend = _backend(block) or backend
    return replace(
        module,
        variables=variables,
        outputs=outputs,
        backend=backend.type,
        is_backend_open=backend.is_open,
        required_versions=tuple(versions),
        providers=providers,
        texts={**module.texts, **_texts_of(blocks)},
        module_sources=tuple(sources),
        warnings=tuple(warnings),
    )


def _variable(block: Block, overridden: Variable | None, warnings: list[str]) -> Variable:
    base = overridden or Variable(name=block.labels[0])
    validations = tuple(
        Validation(condition=rule.attributes.get("condition", ""), error_message=_text(rule.literal("error_message")))
        for rule in block.of_kind("validation")
    )
    type_text = block.attributes.get("type")
    return Variable(
        name=base.name,
        type_text=base.type_text if type_text is None else type_text.strip('"'),
        default_text=block.attributes.get("default", base.default_text),
        description=_text(block.literal("description")) or base.description,
        sensitive=_is_sensitive(block, base.sensitive, warnings),
        nullable=conversion.truth(block.attributes["nullable"]) is not False
        if "nullable" in block.attributes
        else base.nullable,
        validations=base.validations + validations,
    )


def _output(block: Block, overridden: Output | None, warnings: list[str]) -> Output:
    base = overridden or Output(name=block.labels[0])
    return Output(
        name=base.name,
        value_text=block.attributes.get("value", base.value_text),
        description=_text(block.literal("description")) or base.description,
        sensitive=_is_sensitive(block, base.sensitive, warnings),
    )


def _is_sensitive(block: Block, before: bool, warnings: list[str]) -> bool:  # noqa: FBT001  what the overridden block says
    """Tell what the engine makes of `sensitive`, which it converts; what cannot be told counts as sensitive."""
    if "sensitive" not in block.attributes:
        return before
    found = conversion.truth(block.attributes["sensitive"])
    if found is None:
        text = block.attributes["sensitive"].strip()
        why = "is neither true nor false" if _is_literal(text) else "must be computed"
        warnings.append(f"{block.kind} '{block.labels[0]}' counts as sensitive: 'sensitive = {text}' {why}")
    return found is not False


def _is_literal(text: str) -> bool:
    try:
        literals.parse(text)
    except literals.NotLiteralError:
        return False
    return True


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
