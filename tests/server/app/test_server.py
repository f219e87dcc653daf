"""The server process: what it keeps, where it listens."""

import gc
import re
import socket
from pathlib import Path

import pytest

from blockyard.server.app.server import AddressError, bind, keep_for_good
from blockyard.server.app.settings import SettingsError, load_settings


def test_what_is_there_before_the_first_request_is_no_garbage_to_look_for() -> None:
    there: list[list[int]] = [[] for _ in range(1000)]
    frozen = gc.get_freeze_count()  # of all modules and tests: to take those out again would take long

    keep_for_good()

    assert gc.get_freeze_count() > frozen + len(there)
    assert {id(one) for one in gc.get_objects()}.isdisjoint(map(id, there))


def test_where_a_port_is_taken_a_free_one_is_offered(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        with pytest.raises(AddressError, match="another program uses this port") as refusal:
            bind(load_settings({}, {"data_dir": str(tmp_path), "port": taken}))

    offered = re.search(r"pass --port (\d+)$", str(refusal.value))
    assert offered is not None
    listener, _ = bind(load_settings({}, {"data_dir": str(tmp_path), "port": int(offered[1])}))
    listener.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_where_an_address_is_not_this_machines_another_host_is_asked_for(tmp_path: Path, host: str) -> None:
    with pytest.raises(AddressError, match="not an address of this machine; choose another --host"):
        bind(load_settings({}, {"data_dir": str(tmp_path), "host": host, "port": 0}))


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("BLOCKYARD_PORT", "99999", "BLOCKYARD_PORT must be at most 65535"),
        ("BLOCKYARD_PORT", "many", "BLOCKYARD_PORT must be a whole number"),
        ("BLOCKYARD_PUBLIC_URL", "blockyard", "BLOCKYARD_PUBLIC_URL must be an address such as"),
        ("BLOCKYARD_DATABASE_URL", "mysql://x", "BLOCKYARD_DATABASE_URL must be sqlite://"),
        ("BLOCKYARD_LOG_LEVEL", "loud", "BLOCKYARD_LOG_LEVEL must be 'auto', 'debug'"),
        ("BLOCKYARD_EMBEDDED_RUNNER", "perhaps", "BLOCKYARD_EMBEDDED_RUNNER must be true or false"),
        ("BLOCKYARD_FOO", "1", "unknown setting BLOCKYARD_FOO; docs/operating.md lists all settings"),
    ],
)
def test_an_unusable_setting_is_named_by_its_variable_and_says_what_it_must_be(
    variable: str, value: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as refusal:
        load_settings({variable: value})

    assert "Input should" not in str(refusal.value)
