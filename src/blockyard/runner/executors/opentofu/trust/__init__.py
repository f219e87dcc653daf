"""The trust test: exchanges the identity tokens of a run for credentials as its module would, and throws these away.

`exchanges` says what is sent where, and what of the answer is told; `verdicts` reads from a refusal which claim does not match.
Nothing is planned and no state is read.
"""
