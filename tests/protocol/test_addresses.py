"""Addresses taken apart: malformed ones have no parts, and raise nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockyard.protocol import addresses

MALFORMED = [
    "http://[bad",
    "https://[bad]/x",
    "http://a\uff0fb/",
    "ssh://git@[bad/x",
    "http://host:99999/",
    "http://host:abc/",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_address_has_no_parts(text: str) -> None:
    assert addresses.split(text) is None


@given(st.text(alphabet="htps:/[]@#?%.;\uff0f\u2100:019abc\x00 \n"))
def test_no_text_raises_an_error(text: str) -> None:
    for address in (addresses.split(text), addresses.split(f"https://{text}")):
        assert address is None or address.has_host in {True, False}


def test_an_address_has_its_parts() -> None:
    address = addresses.split("HTTPS://me:pw@Git.Example.org:8443/a?b=c#d")

    assert address is not None
    assert (address.scheme, address.user, address.password, address.host) == ("https", "me", "pw", "git.example.org")
    assert (address.port, address.path, address.query, address.fragment) == (8443, "/a", "b=c", "d")
    assert address.place == "Git.Example.org:8443"


@pytest.mark.parametrize(
    ("text", "is_host"),
    [
        ("https://git.example.org", True),
        ("https://git_1", True),
        ("https://bücher.example", True),
        ("https://[::1]:80/", True),
        ("https://", False),
        ("https://evil.test%2f.example.org/", False),
        ("https://evil.test;.example.org/", False),
        ("https://[fe80::1%25.example.org]/", False),
        ("https://-x/", False),
    ],
)
def test_only_what_hosts_consist_of_is_a_host(text: str, *, is_host: bool) -> None:
    address = addresses.split(text)

    assert (address is not None and address.has_host) is is_host
