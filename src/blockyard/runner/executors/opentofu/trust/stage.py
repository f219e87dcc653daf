"""The one stage of a trust test."""

from pathlib import PurePath

from blockyard.protocol.run import InputType
from blockyard.runner.executors.opentofu.given.environment import input_environment
from blockyard.runner.executors.opentofu.given.files import write_files
from blockyard.runner.executors.opentofu.trust.exchanges import carry_out, exchanges
from blockyard.runner.executors.opentofu.work import ModuleWork
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.made_files import read_made
from blockyard.runner.frame.stages import Left

_MOST_BYTES = 1024 * 1024


def try_identity(work: ModuleWork) -> Left:
    """Exchange the token of each cloud that the run's environment names; tell all of them before failing. Raises StepFailed."""
    work.reporter.confirm_registration()
    opened = work.open_inputs(given for given in work.inputs() if given.is_environment or given.type is InputType.FILE)
    work.provide_identity(())
    write_files(work.run_dir, opened, work.say)
    environment = input_environment(opened)
    accepted: list[str] = []
    refused: list[StepFailed] = []
    for exchange in exchanges(environment, lambda path: _read(work, path)):
        work.reporter.add_secrets([exchange.token])
        work.check_stopped()
        try:
            accepted.append(carry_out(exchange, work.http, work.reporter.mask))
        except StepFailed as failure:
            refused.append(failure)
    for sentence in accepted:
        work.say(sentence)
    if refused:
        system = "\n".join(failure.system_message or failure.user_message for failure in refused)
        raise StepFailed("\n".join(failure.user_message for failure in refused), system)
    if not accepted:
        raise StepFailed(
            "the building block signs in to no cloud by an identity token",
            "Its version needs AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, ARM_OIDC_TOKEN_FILE_PATH, or "
            "GOOGLE_APPLICATION_CREDENTIALS with a file of type external_account as environment inputs.",
        )
    return Left(user_message="\n".join(accepted))


def _read(work: ModuleWork, path: str) -> bytes:
    """Return what a path leads to: a token of this run, or a file in its directory. Nothing else is told to whom a version names."""
    token = work.context.identity.located(path)
    if token is not None:
        return token.read_bytes()
    name = PurePath(path)
    inside = name.relative_to(work.run_dir) if name.is_relative_to(work.run_dir) else name
    return read_made(work.run_dir, inside, max_bytes=_MOST_BYTES)
