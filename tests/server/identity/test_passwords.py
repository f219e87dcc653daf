"""Passwords: what is compared where there is no account takes as long as what is compared where there is one."""

from blockyard.server.identity.service import passwords


def test_a_name_of_nobody_costs_as_much_as_one_of_somebody() -> None:
    of_somebody = passwords.hash_password("four random words")

    def costs(stored: str) -> str:
        return stored.rpartition("$")[0].rpartition("$")[0]

    assert costs(passwords._NOBODY) == costs(of_somebody)
    assert not passwords.verify_password(None, "four random words")
    assert passwords.verify_password(of_somebody, "four random words")
