"""One run of a module in progress: what its stages share."""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import httpx2

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.run import Behavior, Link, RunInput, TerraformImplementation
from blockyard.runner.executors.opentofu.engine.conclusions import conclusion
from blockyard.runner.executors.opentofu.settings import OpenTofuSettings
from blockyard.runner.executors.opentofu.state.client import StateClient
from blockyard.runner.executors.opentofu.steps import plan_steps
from blockyard.runner.frame.executor import Conclude, Reporter, RunContext
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.identity import IdentityError
from blockyard.runner.frame.inputs import PlainInput, secrets
from blockyard.runner.frame.work import Work

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BASE64 = ";base64,"


class ModuleWork(Work):
    """The work on a module: what the definition and the runner's settings say about it, and its state."""

    def __init__(
        self,
        context: RunContext,
        reporter: Reporter,
        *,
        implementation: TerraformImplementation,
        settings: OpenTofuSettings,
        http: httpx2.Client,
    ) -> None:
        super().__init__(context, reporter)
        self.implementation = implementation
        self.settings = settings
        self._http = http

    @property
    def owner_folder(self) -> str | None:
        """The name of the folder for what runs of one workspace share: the one that owns the definition; None if unknown."""
        owner = self.context.document.spec.building_block_definition.spec.workspace_identifier
        if not owner:
            return None
        return owner if _PLAIN.fullmatch(owner) else f"_{hashlib.sha256(owner.encode()).hexdigest()[:32]}"

    @property
    def plan_link(self) -> Link | None:
        """Where the saved plan is that shall be applied, if one shall."""
        link = self.context.document.links.plan_artifact
        return link if link is not None and link.href and self.behavior is Behavior.APPLY else None

    def state(self, address: str) -> StateClient:
        """Return the state at `address`, read and written with the run's token."""
        return StateClient(self._http, address, self.run_token)

    @property
    def http(self) -> httpx2.Client:
        """The client that all runs share."""
        return self._http

    @property
    def is_trust_test(self) -> bool:
        """Whether the run only tries its identity."""
        return self.context.document.spec.trust_test is True

    def begin_registration(self) -> None:
        """Announce the steps. What comes before the first command can be thrown away and is done meanwhile."""
        is_async, is_test = self.implementation.is_async, self.is_trust_test
        self.reporter.begin_registration(plan_steps(self.behavior, is_async=is_async, is_trust_test=is_test))

    def conclusion(self, argv: Sequence[str]) -> Conclude:
        """Return what tells from the engine's words how it ended."""
        return conclusion(argv)

    def open_inputs(self, inputs: Iterable[RunInput]) -> list[PlainInput]:
        """Return inputs in clear, with the paths of identity tokens that this run sees. Raises StepFailed."""
        pairs = [(plain, self._placed(plain)) for plain in super().open_inputs(inputs)]
        changed = (placed for plain, placed in pairs if placed is not plain)
        self.reporter.add_secrets(text for placed in changed for text in secrets(placed))
        return [placed for _, placed in pairs]

    def provide_identity(self, texts: Iterable[str]) -> None:
        """Bring the identity tokens that inputs, the script and the `texts` of the module name. Raises StepFailed."""
        identity = self.context.identity
        for text in (self.implementation.pre_run_script or "", *texts):
            identity.placed(text)
        try:
            said = identity.provide()
        except IdentityError as error:
            raise StepFailed("The run got no identity token.", f"{error}.") from error
        for line in said:
            self.say(line)

    def _placed(self, plain: PlainInput) -> PlainInput:
        value = _placed_value(plain.value, self.context.identity.placed)
        return plain if value == plain.value else replace(plain, value=value)


def _placed_value(value: Json, placed: Callable[[str], str]) -> Json:
    """Return a value with its paths replaced, within the content of a file, too."""
    if not isinstance(value, str):
        text = json.dumps(value)
        return value if (changed := placed(text)) == text else _loaded(changed)
    head, marker, payload = value.partition(_BASE64)
    if not (marker and head.startswith("data:")):
        return placed(value)
    try:
        content = b64decode(payload).decode()
    except ValueError:  # no text, or broken: its step says so
        return value
    changed = placed(content)
    return value if changed == content else f"{head}{marker}{b64encode(changed.encode()).decode()}"


def _loaded(text: str) -> Json:
    value: Json = json.loads(text)
    return value
