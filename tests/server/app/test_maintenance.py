"""What an operator runs once in a while."""

from collections.abc import Callable

import pytest

from blockyard.server.app import maintenance
from blockyard.server.app.settings import Settings, SettingsError

NewTarget = Callable[[str], Settings]


def test_where_no_server_has_been_nothing_is_made_and_nothing_dangerous_is_advised(new_target: NewTarget) -> None:
    settings = new_target("sqlite")

    for command in (
        maintenance.reset_admin_password,
        maintenance.print_sign_in_link,
        lambda at: maintenance.migrate(at, check=False, message=""),
    ):
        with pytest.raises(SettingsError, match=r"there is no database in .*name the installation's --data-dir"):
            command(settings)

    assert list(settings.data_dir.iterdir()) == []


def test_a_link_of_a_server_that_does_not_run_says_so(installed: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    maintenance.print_sign_in_link(installed)

    told = capsys.readouterr()
    assert "/sign-in/link?token=" in told.out
    assert ("No server runs on this directory now" in told.err) is not bool(installed.database_url)


def test_the_administrators_password_is_printed_once(installed: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    maintenance.reset_admin_password(installed)
    maintenance.reset_admin_password(installed)

    first, second = [
        line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.startswith("new password")
    ]
    assert first != second
