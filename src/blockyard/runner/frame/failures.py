"""Why a step ends early."""


class StepFailed(Exception):
    """The step cannot be done. `user_message` is for the consumer, `system_message` for who maintains the definition."""

    def __init__(self, user_message: str, system_message: str | None = None) -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.system_message = system_message


class Stopped(Exception):
    """The run was told to stop: aborted, out of time, or the runner shuts down."""
