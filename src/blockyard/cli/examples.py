"""An example or two of every command; its help shows them, and so does the reference."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "help": ("help", "help blocks order"),
    "version": ("version",),
    "login": (
        "login --url https://blockyard.example.org --user anna",
        "login --key-file ~/.local/share/blockyard/admin-key.json",
    ),
    "logout": ("logout",),
    "whoami": ("whoami",),
    "up": ("up", "up --data-dir /var/lib/blockyard --port 8600"),
    "demo": ("demo", "demo --exit"),
    "serve": ("serve --host 0.0.0.0",),
    "runner": ("runner --concurrency 4",),
    "migrate": ("migrate",),
    "admin-password": ("admin-password --data-dir /var/lib/blockyard",),
    "sign-in-link": ("sign-in-link --data-dir /var/lib/blockyard",),
    "backup": ("backup /backup/monday --data-dir /var/lib/blockyard --passphrase-file passphrase",),
    "restore": ("restore /backup/monday --data-dir /var/lib/blockyard-new --passphrase-file passphrase",),
    "doctor": ("doctor --data-dir /var/lib/blockyard", "doctor --runner"),
    "openapi": ("openapi",),
    "context list": ("context list",),
    "context use": ("context use blockyard.example.org", "context use --workspace shop"),
    "definitions import": (
        "definitions import https://git.example.org/modules.git --path bucket --ref v1.2.0 -w platform",
        "definitions import bucket -w platform --file bucket.toml --release",
    ),
    "definitions list": ("definitions list --workspace platform",),
    "definitions show": ("definitions show Bucket",),
    "definitions release": ("definitions release Bucket",),
    "definitions new-draft": ("definitions new-draft Bucket",),
    "definitions delete": ("definitions delete Bucket",),
    "blocks order": (
        "blocks order Bucket -w shop --name logs -i region=eu -i versioned=yes",
        "blocks order Bucket -w shop -f deploy_token=token.txt --no-wait",
    ),
    "blocks update": ("blocks update logs -i versioned=no", "blocks update logs --upgrade"),
    "blocks list": ("blocks list --workspace shop --status FAILED",),
    "blocks show": ("blocks show logs",),
    "blocks outputs": ("blocks outputs logs", "blocks outputs logs url"),
    "blocks logs": ("blocks logs logs --follow",),
    "blocks run": ("blocks run logs",),
    "blocks detect": ("blocks detect logs",),
    "blocks apply-plan": ("blocks apply-plan logs",),
    "blocks delete": ("blocks delete logs", "blocks delete logs --yes --no-wait"),
    "runs list": ("runs list logs", "runs list --status FAILED --limit 10"),
    "runs show": ("runs show 1f0c5a9e",),
    "runs logs": ("runs logs 1f0c5a9e --follow",),
    "runs abort": ("runs abort 1f0c5a9e",),
    "state list": ("state list logs",),
    "state show": ("state show logs 3",),
    "state pull": ("state pull logs logs.tfstate", "state pull logs logs.tfstate --version 3"),
    "state restore": ("state restore logs 3",),
    "state lock": ("state lock logs",),
    "state unlock": ("state unlock logs",),
    "runners list": ("runners list",),
    "runners show": ("runners show cloud",),
    "runners create": ("runners create cloud --workspace platform --type TERRAFORM --dir cloud-runner",),
    "runners key": ("runners key cloud --key-file runner-api-key.json",),
    "runners delete": ("runners delete cloud",),
    "workspaces list": ("workspaces list",),
    "workspaces create": ('workspaces create platform --display-name "Platform team" --builder',),
    "workspaces update": ('workspaces update shop --display-name "Web shop"',),
    "workspaces show": ("workspaces show shop",),
    "payment-methods list": ("payment-methods list --workspace shop",),
    "payment-methods show": ("payment-methods show budget-2026",),
    "payment-methods create": (
        "payment-methods create budget-2026 -w shop --amount 25000 --expires 2026-12-31 --tag cost-center=4711",
    ),
    "payment-methods update": ("payment-methods update budget-2026 --amount 30000 --expires none",),
    "payment-methods delete": ("payment-methods delete budget-2026",),
    "service-instances list": ("service-instances list --workspace shop --service postgres",),
    "service-instances show": ("service-instances show 9d3f5a9e",),
    "keys list": ("keys list --workspace shop",),
    "keys create": ("keys create ci -w shop -p BUILDINGBLOCK_LIST -p BUILDINGBLOCK_SAVE --key-file ci.json",),
    "keys delete": ("keys delete 6f0c5a9e",),
    "events list": ("events list --workspace shop", 'events list --title "Project Deleted" --from 2026-11-01'),
    "events show": ("events show 0197b2c4-5a3e-7c1d-9a51-3a8f6f0c5a9e",),
}
"""By the words of the command, without the name of the program."""


def shown(path: str) -> str:
    """Return the examples of a command as its help shows them; empty if it has none."""
    found = EXAMPLES.get(path, ())
    lines = [f"blockyard {words}" for words in found]
    return "\n\n".join([f"Example{'s' if len(lines) > 1 else ''}:", *lines]) if lines else ""
