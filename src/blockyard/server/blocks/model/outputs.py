"""Outputs of a block: what a run must deliver, and what a manual block derives from its inputs.

Source: concepts.md 7, runner.md 1.7, 4.6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType, OutputType
from blockyard.server.blocks.model.block import BlockOutput
from blockyard.server.blocks.model.resolution import ResolvedInput
from blockyard.server.definitions.model import OutputAssignment, OutputSpec
from blockyard.server.definitions.model.values import check_output
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import StoredSecret

_DERIVED = {
    InputType.STRING: OutputType.STRING,
    InputType.SINGLE_SELECT: OutputType.STRING,
    InputType.FILE: OutputType.STRING,
    InputType.INTEGER: OutputType.INTEGER,
    InputType.BOOLEAN: OutputType.BOOLEAN,
    InputType.CODE: OutputType.CODE,
    InputType.LIST: OutputType.CODE,
    InputType.MULTI_SELECT: OutputType.CODE,
}
_NO_TENANT_REMEDY = "Give the output another assignment in a new version of the definition."


@dataclass(frozen=True, slots=True)
class CheckedOutputs:
    """The declared outputs of a run, and one sentence for each that is missing or wrong."""

    outputs: Mapping[str, BlockOutput]
    problems: Sequence[str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each declared output whose value nobody gets, since it is sensitive."""
        return tuple(
            f"The value of output '{key}' is sensitive: it stays in the state and was not handed on."
            for key, output in sorted(self.outputs.items())
            if output.is_sensitive
        )


def check_outputs(specs: Mapping[str, OutputSpec], reported: Mapping[str, BlockOutput]) -> CheckedOutputs:
    """Compare what an APPLY run reported with what its version declares; undeclared outputs are dropped.

    An optional output may be absent. A link that is no address is kept: it is shown as the text it is.
    """
    outputs: dict[str, BlockOutput] = {}
    problems: list[str] = []
    for key, spec in specs.items():
        output = reported.get(key)
        if output is not None and output.is_sensitive:
            outputs[key] = BlockOutput(None, spec.type.run_type, is_sensitive=True)
            continue
        if (output is None or output.value is None) and spec.is_optional:
            continue
        if output is None or output.value is None:
            problems.append(f"Output '{key}' was expected but not provided.")
            continue
        try:
            _check_assignment(spec)
            value = check_output(spec, output.value)
        except Invalid as error:
            problems.append(f"Output '{key}' cannot be used: {error.message}.")
            continue
        outputs[key] = BlockOutput(value, spec.type.run_type)
    return CheckedOutputs(outputs, problems)


def derived_outputs(inputs: Sequence[ResolvedInput]) -> dict[str, BlockOutput]:
    """Return the outputs of a manual block: one per input that is not hidden, under its key; a secret is not shown."""
    return {
        item.spec.key: BlockOutput(
            None if item.spec.is_sensitive else _plain(item), _DERIVED[item.spec.type], item.spec.is_sensitive
        )
        for item in inputs
        if not item.is_hidden
    }


def _plain(item: ResolvedInput) -> Json:
    return None if isinstance(item.value, StoredSecret) else item.value


def _check_assignment(spec: OutputSpec) -> None:
    if spec.assignment_type is OutputAssignment.PLATFORM_TENANT_ID:
        raise Invalid("a building block of a workspace has no tenant whose id it could set", remedy=_NO_TENANT_REMEDY)
