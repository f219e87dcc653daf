"""What a definition's reference means: a branch, else a tag, else a commit or an expression for one. Pure.

An import and a run read the same words, so that both take the same commit.
"""

import re

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_EXPRESSION = re.compile(r"[0-9a-f]{4,63}|HEAD.*|refs/.+|origin/.+|.*[~^].*")
_OF_ONE_CHECKOUT = "@{"
"""What follows asks for the upstream or the past of a local branch; git would answer with the default branch."""


def names(ref: str | None) -> tuple[str, ...]:
    """Return what to ask a repository for, the first that is there counts; None stands for the default branch."""
    if ref is None:
        return ("HEAD",)
    full = (f"{ref}^{{}}", ref) if ref.startswith("refs/") else ()
    return (f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", *full)


def chosen(listing: str, ref: str | None) -> tuple[str, str] | None:
    """Return name and commit of what `ref` means, given what `git ls-remote` says of its names; None if it is none of them."""
    lines = (line.partition("\t") for line in listing.splitlines())
    found = {name: commit for commit, _, name in lines}
    return next(((name.removesuffix("^{}"), found[name]) for name in names(ref) if name in found), None)


def is_commit(ref: str) -> bool:
    """Tell whether this is the whole id of a commit."""
    return _COMMIT.fullmatch(ref) is not None


def needs_history(ref: str) -> bool:
    """Tell whether only the whole history can answer: short ids of commits and expressions."""
    return _EXPRESSION.fullmatch(ref) is not None and not is_of_one_checkout(ref)


def is_of_one_checkout(ref: str) -> bool:
    """Tell whether a reference is about the history of a checkout, so that it means nothing elsewhere."""
    return _OF_ONE_CHECKOUT in ref


def expressions(ref: str) -> tuple[str, str]:
    """Return how to ask a clone of the whole history for a commit, one after the other."""
    return (f"{ref}^{{commit}}", f"refs/remotes/origin/{ref.removeprefix('refs/heads/')}^{{commit}}")
