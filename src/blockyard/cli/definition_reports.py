"""What is printed about a definition: for those who order it, and more for the team that wrote it."""

from rich.text import Text

from blockyard.cli.documents import flag, members, objects, text, texts
from blockyard.cli.model import OPERATOR_INPUT, USER_INPUT, Definition, Input, Version
from blockyard.cli.output import Printer, shown, status_text


def print_definition(printer: Printer, item: Definition, offered: Version, written: Version | None) -> None:
    """Print a definition and what an order of a version takes and gives; of an own one also how it is done."""
    printer.facts(_facts(item, offered))
    if written is not None:
        _print_implementation(printer, written)
    printer.say("")
    printer.table(
        ("INPUT", "TYPE", "NEEDED", "DEFAULT", "OPTIONS", "ABOUT"),
        [_input_row(known) for known in offered.inputs],
        title="Inputs",
    )
    if written is not None and (rest := [known for known in written.inputs if known.key not in offered.inputs_by_key]):
        printer.say("")
        rows = [(known.key, _type(known), known.assignment, _default(known)) for known in rest]
        printer.table(("INPUT", "TYPE", "FROM", "VALUE"), rows, title="Inputs that nobody fills in")
    printer.say("")
    printer.table(
        ("OUTPUT", "NAME", "TYPE", "USED AS"),
        [
            (text(known, "key"), text(known, "displayName"), text(known, "type"), text(known, "assignmentType"))
            for known in objects(offered.document, "outputs")
        ],
        title="Outputs",
    )
    if readme := text(offered.document, "readme").strip():
        printer.say(f"\n{readme}")


def may_of(offered: Version) -> list[str]:
    """Return what the API key of a run may do in the workspace of the block, in sentences."""
    return texts(offered.document, "permissionsInWords")


def _facts(item: Definition, offered: Version) -> list[tuple[str, str | Text]]:
    latest = "" if item.latest in {None, offered.number} else f" (v{item.latest} is the latest)"
    transparent = flag(offered.document, "runTransparency")
    facts: list[tuple[str, str | Text]] = [
        ("name", item.name),
        ("id", item.id),
        ("description", item.description or "-"),
        ("offered by", item.workspace),
        ("target", item.target_type),
        ("version", Text.assemble(f"v{offered.number} ", status_text(offered.state), latest)),
        ("runs and logs", "visible to those who order" if transparent else "visible to the platform team only"),
    ]
    if may := may_of(offered):
        facts.append(("its runs may", "; ".join(may)))
    links = (("support", "supportUrl"), ("documentation", "documentationUrl"))
    return facts + [(name, text(offered.document, key)) for name, key in links if text(offered.document, key)]


def _print_implementation(printer: Printer, written: Version) -> None:
    spec = members(written.document, "spec")
    kind = text(spec, "implementation", "type")
    printer.say("")
    content = members(spec, "implementation", kind).items()
    facts = [(name, shown(value)) for name, value in content if name != "sshPrivateKey"]
    printer.facts([("implementation", kind), *facts])


def _input_row(item: Input) -> tuple[str, ...]:
    about = item.description.strip() or (item.name if item.name != item.key else "")
    if item.regex:
        rule = item.regex_message or f"matches {item.regex}"
        about = f"{about}{' ' if about.endswith(('.', '!', '?')) else '; '}{rule}" if about else rule
    return (item.key, _type(item), _needed(item), _default(item), ", ".join(item.options) or "-", about or "-")


def _needed(item: Input) -> str:
    if item.assignment == OPERATOR_INPUT:
        return "from the platform team"
    if item.assignment == USER_INPUT and item.condition:
        return f"if {item.condition}"
    return "yes" if item.is_needed else "no"


def _type(item: Input) -> str:
    return item.type + (" (sensitive)" if item.sensitive else "")


def _default(item: Input) -> str:
    return "(secret)" if item.sensitive and item.has_default else shown(item.default)
