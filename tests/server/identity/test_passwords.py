"""Passwords: what is compared where there is no account takes as long as what is compared where there is one."""

import pytest

from blockyard.server.identity.service import passwords
from tests.support.quick_passwords import REAL, REAL_NOBODY


@pytest.fixture(autouse=True)
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as the product does."""
    monkeypatch.setattr(passwords, "_HASHER", REAL)
    monkeypatch.setattr(passwords, "_NOBODY", REAL_NOBODY)


def test_a_password_costs_who_guesses_what_owasp_asks_for() -> None:
    assert passwords.hash_password("four random words").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_name_of_nobody_costs_as_much_as_one_of_somebody() -> None:
    of_somebody = passwords.hash_password("four random words")

    def costs(stored: str) -> str:
        return stored.rpartition("$")[0].rpartition("$")[0]

    assert costs(passwords._NOBODY) == costs(of_somebody)
    assert not passwords.verify_password(None, "four random words")
    assert passwords.verify_password(of_somebody, "four random words")
