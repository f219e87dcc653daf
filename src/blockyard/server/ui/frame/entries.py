"""What was entered for an input, judged by the same rules as the API has, in sentences that stand beside the field."""

from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.definitions.model import InputSpec
from blockyard.server.definitions.model.json_schemas import misfit
from blockyard.server.definitions.model.values import check_value
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.ui.frame import controls
from blockyard.server.ui.frame.controls import Entry, Unreadable
from blockyard.server.ui.frame.refusals import sentence

NEEDED = "This is required: without it the building block cannot run."


def entry_of(form: Form, name: str, was: str) -> Entry:
    """Return what came back from the control `name`, which held what the mark `was` stands for."""
    return Entry(
        was=was,
        text=controls.as_sent(form.texts.get(name, "")),
        chosen=[controls.as_sent(item) for item in form.lists.get(name, [])],
        file=form.files.get(name),
    )


def sent_of(spec: InputSpec, entry: Entry, before: InputValue) -> SentInput:
    """Return the value that an entry asks for. Raises Unreadable."""
    if controls.is_empty(spec, entry) and not controls.may_be_empty(spec):
        raise Unreadable(NEEDED)
    if spec.is_optional and controls.is_empty(spec, entry):
        return SentInput(None, spec.is_sensitive)
    value = controls.data_uri(entry.file) if entry.file is not None else controls.value_of(spec, entry, before)
    try:
        check_value(spec, value, pointer="")
    except Invalid as refusal:
        raise Unreadable(problem_of(spec, refusal)) from refusal
    if spec.json_schema and isinstance(value, str) and (problem := misfit(spec.json_schema, value)) is not None:
        raise Unreadable("This is not what is asked for" + ("." if spec.is_sensitive else f": {problem}."))
    return SentInput({"plaintext": value} if spec.is_sensitive else value, spec.is_sensitive)


def problem_of(spec: InputSpec, refusal: Refusal) -> str:
    """Return what a refusal of a value says, beside the field that it is about."""
    if refusal.code == "PatternMismatch" and spec.validation_regex_error_message:
        return sentence(spec.validation_regex_error_message)
    return sentence(refusal.message.removeprefix(f"the value of input '{spec.label}' "))
