"""`issuer …` and `runners identity`, on a real server."""

import json
from pathlib import Path

from tests.cli.conftest import Cli


def test_keys_follow_each_other_and_are_written_for_clouds_that_cannot_ask(cli: Cli, tmp_path: Path) -> None:
    first = cli.does("issuer", "export", "--to", str(tmp_path)).out
    discovery = json.loads((tmp_path / ".well-known" / "openid-configuration").read_text())
    before = json.loads((tmp_path / "oidc" / "jwks").read_text())["keys"]
    rotated = cli.does("issuer", "rotate", "-o", "json").documents
    refused = cli("issuer", "rotate")
    cli.does("issuer", "export", "--to", str(tmp_path))
    after = json.loads((tmp_path / "oidc" / "jwks").read_text())["keys"]
    unasked = cli("issuer", "withdraw", before[0]["kid"])
    cli.does("issuer", "withdraw", before[0]["kid"], "--yes")

    assert "Clouds trust https addresses only." in first
    assert discovery["jwks_uri"] == f"{discovery['issuer']}/oidc/jwks"
    assert [one["kid"] for one in after][:1] == [before[0]["kid"]]
    assert len(after) == 2
    assert len(rotated) == 2
    assert (refused.code, "a day after" in refused.err) == (1, True)
    assert unasked.code == 2
    assert [line.split()[0] for line in cli.does("issuer", "keys").out.splitlines()[1:]] == [after[1]["kid"]]
    assert cli("issuer", "export", "--to", str(tmp_path / "missing")).code == 2


def test_a_runner_shows_who_its_runs_are_and_changes_their_subjects(cli: Cli, tmp_path: Path) -> None:
    cli.does("runners", "create", "Border", "-w", "shop", "--dir", str(tmp_path / "edge"))
    new = cli.does("runners", "identity", "Border").out
    both = cli.does("runners", "identity", "Border", "--subjects", "both", "--on", "2999-01-01T00:00:00Z").out

    assert "workspace.{{ workspaceIdentifier }}.buildingblockdefinition" in new
    assert "api://AzureADTokenExchange" in new
    assert "/var/run/secrets/workload-identity/gcp/token" in new
    assert "also trusted" in both
    assert "2999-01-01" in both
    assert cli("runners", "identity", "Border", "--on", "2999-01-01T00:00:00Z").code == 2
