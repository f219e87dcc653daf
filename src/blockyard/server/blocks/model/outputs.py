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
from blockyard.server.definitions.model.values import check_output, is_web_address
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model import StoredSecret
from blockyard.server.tenants.model import Tenant, check_platform_tenant_id

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


def check_outputs(
    specs: Mapping[str, OutputSpec], reported: Mapping[str, BlockOutput], tenant: Tenant | None = None
) -> CheckedOutputs:
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
            value = check_output(spec, output.value)
            _check_assignment(spec, value, tenant)
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


def check_assignments(
    specs: Mapping[str, OutputSpec], outputs: Mapping[str, BlockOutput], tenant: Tenant | None
) -> Sequence[str]:
    """Return one sentence for each output of a manual block that cannot be used for what it is assigned to."""
    problems: list[str] = []
    for key, output in outputs.items():
        try:
            if key in specs:
                _check_assignment(specs[key], output.value, tenant)
        except Invalid as error:
            problems.append(f"Output '{key}' cannot be used: {error.message}.")
    return problems


def tenant_id_in(specs: Mapping[str, OutputSpec], outputs: Mapping[str, BlockOutput]) -> str | None:
    """Return what the outputs say that the platform calls the tenant."""
    found = _assigned(OutputAssignment.PLATFORM_TENANT_ID, specs, outputs)
    return found if isinstance(found, str) else None


def sign_in_url_in(specs: Mapping[str, OutputSpec], outputs: Mapping[str, BlockOutput]) -> str | None:
    """Return where the outputs say that people sign in to the tenant; what is no web address is none."""
    found = _assigned(OutputAssignment.SIGN_IN_URL, specs, outputs)
    return found if isinstance(found, str) and is_web_address(found) else None


def _assigned(
    assignment: OutputAssignment, specs: Mapping[str, OutputSpec], outputs: Mapping[str, BlockOutput]
) -> Json:
    keys = [key for key, spec in specs.items() if spec.assignment_type is assignment and key in outputs]
    return outputs[min(keys)].value if keys else None


def _check_assignment(spec: OutputSpec, value: Json, tenant: Tenant | None) -> None:
    if spec.assignment_type is not OutputAssignment.PLATFORM_TENANT_ID:
        return
    if tenant is None:
        raise Invalid("a building block of a workspace has no tenant whose id it could set", remedy=_NO_TENANT_REMEDY)
    check_platform_tenant_id(value if isinstance(value, str) else "")
    if tenant.platform_tenant_id not in {None, value}:
        raise Invalid(
            f"the tenant has the id '{tenant.platform_tenant_id}', which never changes", remedy=_NO_TENANT_REMEDY
        )
