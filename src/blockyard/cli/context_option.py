"""The option `--context`, which every command of the client takes."""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Annotated

import typer

_chosen: ContextVar[str | None] = ContextVar("chosen", default=None)


def taking_context(command: Callable[..., None], names: Callable[..., list[tuple[str, str]]]) -> Callable[..., None]:
    """Return a command that takes `--context`, too; `names` completes it."""

    @wraps(command)
    def with_context(*arguments: object, context: str | None = None, **options: object) -> None:
        before = _chosen.set(context)
        try:
            command(*arguments, **options)
        finally:
            _chosen.reset(before)

    help_ = "Name of the context to use instead of the current one ('blockyard context list')."
    kind = Annotated[str | None, typer.Option("--context", help=help_, autocompletion=names)]
    option = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
    with_context.__annotations__ = {**command.__annotations__, "context": kind}
    parameters = [*inspect.signature(command).parameters.values(), option]
    vars(with_context)["__signature__"] = inspect.Signature(parameters)  # what Typer reads
    return with_context


def chosen_context() -> str | None:
    """Return what `--context` of the command that runs names."""
    return _chosen.get()
