"""Why a repository, or a reference in it, could not be fetched, in words for consumers: git's own go to the log."""

import re

from blockyard.runner.frame.failures import StepFailed

_OFFERED_BY = "the team that offers this building block can correct it"
_MAX_REFERENCE = 100

_CAUSES = (
    (r"certificate|SSL|TLS", "the certificate of its host is not trusted"),
    (
        (
            r"Could not resolve host|[Ff]ailed to connect|Couldn't connect|Connection (?:refused|reset|closed)|timed out"
            "|unreachable|No route"
        ),
        "its host cannot be reached",
    ),
    (
        r"Authentication failed|could not read (?:Username|Password)|Permission denied|error: 40[13]|[Aa]ccess denied",
        f"it denied access; {_OFFERED_BY}",
    ),
    (
        r"not found|does not exist|does not appear to be a git repository|error: 404|No such file",
        f"there is no repository at its address, or none that may be read; {_OFFERED_BY}",
    ),
    (r"error: 5\d\d", "its host had a fault"),
)


def clone_failure(said: str) -> StepFailed:
    """Return the failure for what git said: the cause for people, git's words, which hold paths of this machine, for the log."""
    cause = next((words for pattern, words in _CAUSES if re.search(pattern, said)), "the log has what git said")
    return StepFailed(f"the repository could not be cloned: {cause}", said)


def no_reference(ref: str, said: str) -> StepFailed:
    """Return the failure for a reference that is not there. Its first words are the official runner's."""
    is_fit = ref.isprintable() and 0 < len(ref) <= _MAX_REFERENCE
    what = f"the module has no branch, tag or commit '{ref}'" if is_fit else "that of the module is empty or malformed"
    return StepFailed(f"reference not found: {what}; {_OFFERED_BY}", said)
