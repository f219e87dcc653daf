"""Secrets never get through, wherever a stream is cut."""

import base64
import html
import json
import re
import sys
import textwrap
from collections.abc import Callable
from itertools import pairwise
from types import FrameType
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockyard.protocol.masking import MaskedStream, Masker
from blockyard.protocol.spellings import SHORTEST


def as_go_quotes(text: str) -> str:
    """Return JSON as Go writes it."""
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", quoted)


def wrapped(text: str) -> str:
    """Return a text in lines, as the engine shows messages."""
    return "│ " + re.sub(r"[^\S\x1c-\x1f]+", "\n│ ", text)  # separators of records are blanks to Python only


SPELLINGS: list[Callable[[str], str]] = [
    str,
    wrapped,
    repr,
    as_go_quotes,
    json.dumps,
    quote,
    quote_plus,
    lambda text: as_go_quotes(as_go_quotes(text)),
    lambda text: json.dumps(as_go_quotes(as_go_quotes(text))),
    lambda text: quote(json.dumps(text), safe=""),
    lambda text: text.replace("'", "'\\''"),
    lambda text: text.replace("${", "$${").replace("%{", "%%{"),
    html.escape,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.encodebytes(f"more {text} and more".encode()).decode(),
]

SECRET = 'p@ss/w0rd "ü+'


def test_a_secret_is_masked_in_every_form_it_travels_in() -> None:
    masker = Masker([SECRET])
    shown = [
        SECRET,
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
    ]

    for text in shown:
        masked = masker.mask(f"before {text} after")
        assert masked.startswith("before ")
        assert masked.endswith(" after")
        assert text not in masked
        assert "***" in masked


@given(st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_is_masked_inside_longer_base64(before: bytes, after: bytes) -> None:
    secret = "correct-horse-battery"
    text = base64.b64encode(before + secret.encode() + after).decode()

    masked = Masker([secret]).mask(text)

    assert "***" in masked
    assert len(masked) - 3 <= len(base64.b64encode(before)) + len(base64.b64encode(after)) + 4


@pytest.mark.parametrize("width", [64, 76])
def test_base64_that_is_broken_into_lines_is_masked(width: int) -> None:
    secret = "correct-horse-battery-staple and more than fits into one line of sixty-four characters"
    masker = Masker([secret])
    for before in range(70):
        encoded = base64.b64encode(b"x" * before + secret.encode() + b"y" * 9).decode()

        masked = masker.mask("\n".join(textwrap.wrap(encoded, width)))

        left = sum(map(str.isalnum, masked))
        assert left <= len(base64.b64encode(b"x" * (before + 9))) + 8


def test_short_values_are_left_alone() -> None:
    assert Masker(["true", "12345"]).mask("true 12345") == "true 12345"


def test_blanks_are_left_alone_whatever_secret_has_them() -> None:
    secrets = [
        " " * 20,
        json.dumps(["\t" * 9, " " * 9, "a        b", "\u00a0" * 9]),
        "key-of-many-lines\n a       b \n",
    ]
    ordinary = f"if {{{' ' * 20}x{chr(9) * 20}{chr(0xA0) * 20} a        b }}"

    assert Masker(secrets).mask(ordinary) == ordinary
    assert Masker(["a        b"]).mask(ordinary) != ordinary


@pytest.mark.parametrize(
    ("secret", "printed"),
    [
        (r'en\v"S3cr et', 'en\v"S3cr et'),
        (r"C:\new\top", "C:\new\top"),
        (r"a\a\b\e\fbcdefgh", "a\a\b\x1b\fbcdefgh"),
        (r"\101\0102cdefgh", "ABcdefgh"),
        (r"\303\274ber-secret", "über-secret"),
        (r"one\\two\\nine", r"one\two\nine"),
        (r"one\\two\\nine", "one\two\nine"),
        (r"the-first\cthe-second", "the-first"),
    ],
)
def test_a_secret_whose_backslashes_echo_has_read_is_masked(secret: str, printed: str) -> None:
    assert Masker([secret]).mask(f"<{printed}>") == "<***>"
    assert Masker([secret]).mask(f"<{base64.b64encode(printed.encode()).decode()}>").startswith("<***")


def test_what_echo_leaves_of_a_secret_is_not_masked_where_it_is_too_short() -> None:
    assert Masker([r"\n\n\n\nab", r"corp\console", "\\" * 6]).mask("corp \n\n\n\nab \\\\") == "corp \n\n\n\nab \\\\"


def test_lines_of_a_secret_are_masked_alone() -> None:
    masker = Masker(["-----BEGIN KEY-----\nabcdefghijklmnop\nqrstuvwxyzabcdef\n-----END KEY-----\n"])

    assert masker.mask("  | abcdefghijklmnop\n  | qrstuvwxyzabcdef\n") == "  | ***\n  | ***\n"


def test_the_userinfo_of_a_url_is_redacted() -> None:
    masked = Masker().mask(
        "clone https://bot:t0k:e@n@git.example.org/a.git and mail ada@example.org, https://x.org?mail=me@x.org"
    )

    assert masked == "clone https://***@git.example.org/a.git and mail ada@example.org, https://x.org?mail=me@x.org"


def assert_as_if_uncut(given_out: bytes, masked: bytes, pieces: list[bytes]) -> None:
    """A finished line is not held back for fewer characters than are ever masked; everything else is as if nothing was cut."""
    ends_of_lines = sum(piece.endswith(b"\n") for piece in pieces)
    if not ends_of_lines:
        assert given_out == masked
    more = len(given_out.replace(b"*", b"")) - len(masked.replace(b"*", b""))
    assert abs(more) < SHORTEST * max(ends_of_lines, 1)


def test_a_finished_line_is_given_out_though_a_secret_may_begin_in_it_and_the_rest_of_that_is_masked() -> None:
    stream = MaskedStream(Masker(["top secret words"]))

    assert stream.feed(b"at the top\n") == b"at the top\n"
    assert stream.feed(b"secret words, and more\n") == b"***, and more\n"
    assert stream.feed(b"at the top\n") + stream.feed(b"of it\n") == b"at the top\nof it\n"
    assert stream.feed(b"top secret\n") == b"", "so much of it is held back"
    assert stream.flush() == b"top secret\n"


@given(
    secrets=st.lists(st.text("abc:/@", min_size=6, max_size=9), max_size=3),
    text=st.text("abc:/@ \n", max_size=80),
    cuts=st.lists(st.integers(0, 80), max_size=8),
)
def test_what_comes_out_does_not_depend_on_where_the_stream_is_cut(
    secrets: list[str], text: str, cuts: list[int]
) -> None:
    data = text.encode()
    masker = Masker(secrets)
    stream = MaskedStream(masker)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    pieces = [data[a:b] for a, b in pairwise(edges)]
    given_out = b"".join(map(stream.feed, pieces)) + stream.flush()

    assert_as_if_uncut(given_out, masker.mask(text).encode(), pieces)


@settings(max_examples=50, deadline=None)
@given(
    secrets=st.lists(st.text('ab \\"<\n+%é', min_size=6, max_size=12), max_size=3),
    text=st.text('ab \\"<\n+%é-│', max_size=60),
    spelled=st.sampled_from(SPELLINGS),
    chunk=st.integers(1, 20),
)
def test_what_comes_out_of_quoted_text_does_not_depend_on_where_the_stream_is_cut(
    secrets: list[str], text: str, spelled: Callable[[str], str], chunk: int
) -> None:
    shown = spelled(text + "".join(secrets) + text)
    data = shown.encode()
    masker = Masker(secrets)
    stream = MaskedStream(masker)

    pieces = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    given_out = b"".join(map(stream.feed, pieces)) + stream.flush()

    assert_as_if_uncut(given_out, masker.mask(shown).encode(), pieces)


@given(
    secret=st.text(st.characters(exclude_categories=("Cs", "Cn")), min_size=6, max_size=40),
    spelled=st.sampled_from(SPELLINGS),
)
def test_no_spelling_of_a_secret_shows_its_words(secret: str, spelled: Callable[[str], str]) -> None:
    words = f"begin-word {secret} end.word"

    masked = Masker([words]).mask(f"before {spelled(words)} after")

    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert "begin-word" not in masked
    assert "end.word" not in masked


@pytest.mark.parametrize("shown", ["\\" * 5000, "%25" * 5000, "\\u00" * 3000, "a\n" * 5000, " " * 5000, "'\\''" * 3000])
def test_text_that_could_be_read_in_many_ways_is_read_in_one(shown: str) -> None:
    masker = Masker([" ".join(["a"] * 9) + "<'\\'>", "%20%25\\\\<secret>", "'quoted'\\"])
    stream = MaskedStream(masker)

    given_out = stream.feed(shown.encode()) + stream.flush()

    assert given_out.decode() == masker.mask(shown)


@given(st.integers(1, 30), st.binary(max_size=40), st.binary(max_size=40))
def test_a_secret_cut_in_two_never_gets_through(at: int, before: bytes, after: bytes) -> None:
    secret = "s3cr3t-value-of-31-characters!!"
    stream = MaskedStream(Masker([secret]))

    out = stream.feed(before + secret.encode()[:at]) + stream.feed(secret.encode()[at:] + after) + stream.flush()

    assert secret.encode() not in out
    assert b"***" in out


def test_text_without_a_secret_is_given_out_at_once() -> None:
    stream = MaskedStream(Masker(["topsecret"]))

    assert stream.feed(b"progress 10%\n") == b"progress 10%\n"
    assert stream.feed(b"tops") == b""
    assert stream.feed(b"oil\n") == b"topsoil\n"
    assert stream.held == 0


def test_a_degenerate_secret_does_not_hold_a_stream_for_ever() -> None:
    stream = MaskedStream(Masker(["aaaaaa"]))

    out = stream.feed(b"a" * 200_000)

    assert stream.held < 70_000
    assert b"aaaaaa" not in out + stream.flush()


MOST_CALLS = 500
"""For each byte of a text, whatever is in it and in the secret; another start in the text must not begin everything anew."""


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("a " * 3000, "a "),
        ("a " * 3000, "a " * 20 + "\n"),
        ("a " * 3000, "YSBh"),
        ("a " * 62 + "b", "a "),
        ("ab," * 1000, "ab,"),
        ('"' * 3000, '"'),
        ("- " * 3000, "- "),
        ("- x y zzzz", "- "),
        ("- x y zzzz", "- " + "\n" * 14),
        ("\\" * 300 + "a", "\\"),
    ],
)
def test_a_text_that_repeats_what_a_secret_repeats_is_masked_in_few_steps(secret: str, text: str) -> None:
    data = (text * 4000)[:4000].encode()
    stream = MaskedStream(Masker([secret]))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        stream.feed(data)
        stream.flush()
    finally:
        sys.setprofile(None)

    assert calls < MOST_CALLS * len(data)


def test_secrets_side_by_side_are_two_masks_and_overlapping_ones_are_one() -> None:
    masker = Masker(["hunter22", "aba ab"])

    assert masker.mask("hunter22hunter22") == "******"
    assert masker.mask("xaba aba abx") == "x***x"
    assert masker.mask("xaba ab aba abx") == "x*** ***x"


def test_blanks_in_which_a_stream_is_cut_may_go_on() -> None:
    masker = Masker(["first second"])
    text = "x first\n   \n \\n  second y"

    for cut in range(len(text)):
        stream = MaskedStream(masker)
        given = [stream.feed(text[:cut].encode()), stream.feed(text[cut:].encode()), stream.flush()]
        assert b"".join(given) == b"x *** y"
