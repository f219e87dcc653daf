"""Why an attempt failed, in words for whoever ordered: a class of causes, a sentence, a remedy."""

from collections.abc import Sequence
from dataclasses import dataclass

from blockyard.protocol.names import FailureCause
from blockyard.server.kit.errors import Invalid

MAX_PATTERNS = 50
MAX_PATTERN_CHARACTERS = 200
MAX_WORDS_CHARACTERS = 300
_FEWEST_LETTERS = 4
"""A pattern of fewer letters fits nearly every failure."""


RETRIED = frozenset({FailureCause.TRANSIENT, FailureCause.CAPACITY})
"""What may be gone when it is tried again. All others fail the same way again, or change something twice."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What became known of a failure.

    Attributes:
        code: which rule told it; failures of one code are alike.
    """

    cause: FailureCause
    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """What the owner of a definition knows of its failures: a text that tells one, and what to say then.

    Attributes:
        text: what the error says, upper and lower case alike; `*` stands for any characters.
    """

    text: str
    cause: FailureCause
    message: str
    remedy: str

    def fits(self, said: str) -> bool:
        """Whether the error says this. Each part is looked for once, so the time grows with the length of `said` only."""
        at = 0
        for part in self.text.casefold().split("*"):
            found = said.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return True


def check_patterns(patterns: Sequence[FailurePattern]) -> None:
    """Refuse patterns that are too many, too long, or fit nearly everything. Raises Invalid."""
    if len(patterns) > MAX_PATTERNS:
        raise Invalid(
            f"there are more than {MAX_PATTERNS} patterns",
            code="TooManyPatterns",
            field="/patterns",
            remedy="Join those that say the same with '*'.",
        )
    for index, pattern in enumerate(patterns):
        if sum(letter.isalnum() for letter in pattern.text) < _FEWEST_LETTERS:
            raise Invalid(
                "the pattern would fit nearly every failure",
                code="PatternTooWide",
                field=f"/patterns/{index}/text",
                remedy=f"Write at least {_FEWEST_LETTERS} letters or digits of what the error says.",
            )
