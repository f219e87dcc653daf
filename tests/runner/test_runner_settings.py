"""Settings come from the environment or one file; what is misspelt is refused; secrets never show."""

from pathlib import Path

import pytest

from blockyard.protocol.run import ImplementationType
from blockyard.runner import settings
from blockyard.runner.settings import EngineFallback, RunnerSettings, SettingsError, load_settings

REQUIRED = {
    "BLOCKYARD_RUNNER_SERVER_URL": "https://cp.example.org/",
    "BLOCKYARD_RUNNER_RUNNER_UUID": "7909f3d2-2d4b-4b0c-8e4a-000000000001",
    "BLOCKYARD_RUNNER_CLIENT_ID": "c",
    "BLOCKYARD_RUNNER_CLIENT_SECRET": "not-to-be-shown",
}


def test_every_setting_is_documented_with_the_module() -> None:
    documented = {line.split("`")[1] for line in (settings.__doc__ or "").splitlines() if line.startswith("| `")}

    assert documented == set(RunnerSettings.model_fields)


def test_four_settings_are_enough() -> None:
    loaded = load_settings(REQUIRED)

    assert loaded.server_url == "https://cp.example.org"
    assert loaded.engine_dir == loaded.work_dir / "engines"
    assert loaded.plugin_cache_dir == loaded.work_dir / "plugins"
    assert loaded.run_timeout_minutes == 60
    assert "HTTPS_PROXY" in loaded.pass_environment


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "runner.toml"
    file.write_text('concurrency = 4\nengine_fallback = "warn"\npass_environment = ["A"]\nwork_dir = "/srv/runner"\n')

    loaded = load_settings(
        REQUIRED
        | {
            "BLOCKYARD_RUNNER_CONFIG_FILE": str(file),
            "BLOCKYARD_RUNNER_CONCURRENCY": "2",
            "BLOCKYARD_RUNNER_OFFLINE": "true",
            "BLOCKYARD_RUNNER_PLUGIN_CACHE_DIR": "none",
            "BLOCKYARD_RUNNER_IMPLEMENTATION_TYPES": "TERRAFORM, GITLAB_CICD",
            "BLOCKYARD_RUNNER_KNOWN_HOSTS_FILE": "",
        }
    )

    assert (loaded.concurrency, loaded.engine_fallback, loaded.offline) == (2, EngineFallback.WARN, True)
    assert loaded.pass_environment == ("A",)
    assert loaded.implementation_types == (ImplementationType.TERRAFORM, ImplementationType.GITLAB_CICD)
    assert loaded.plugin_cache_dir is None
    assert loaded.engine_dir == Path("/srv/runner/engines")
    assert loaded.known_hosts_file is None


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"BLOCKYARD_RUNNER_CONCURENCY": "2"}, "BLOCKYARD_RUNNER_CONCURENCY"),
        ({"BLOCKYARD_RUNNER_CONCURRENCY": "0"}, "BLOCKYARD_RUNNER_CONCURRENCY"),
        ({"BLOCKYARD_RUNNER_RUN_TIMEOUT_MINUTES": "181"}, "BLOCKYARD_RUNNER_RUN_TIMEOUT_MINUTES"),
        ({"BLOCKYARD_RUNNER_SERVER_URL": "ftp://x"}, "BLOCKYARD_RUNNER_SERVER_URL"),
        ({"BLOCKYARD_RUNNER_CLIENT_SECRET": ""}, "BLOCKYARD_RUNNER_CLIENT_SECRET"),
        ({"BLOCKYARD_RUNNER_CONFIG_FILE": "/nowhere/runner.toml"}, "BLOCKYARD_RUNNER_CONFIG_FILE"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_without_secrets(changes: dict[str, str], names: str) -> None:
    with pytest.raises(SettingsError, match=names) as refused:
        load_settings(REQUIRED | changes)

    assert "not-to-be-shown" not in str(refused.value)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "runner.toml"
    file.write_text("concurency = 4\n")

    with pytest.raises(SettingsError, match="CONCURENCY"):
        load_settings(REQUIRED | {"BLOCKYARD_RUNNER_CONFIG_FILE": str(file)})


def test_secrets_never_show() -> None:
    loaded = load_settings(REQUIRED)

    assert "not-to-be-shown" not in repr(loaded) + str(loaded.model_dump())
    assert loaded.read_client_secret() == "not-to-be-shown"


def test_a_secret_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    loaded = load_settings(REQUIRED | {"BLOCKYARD_RUNNER_CLIENT_SECRET_FILE": str(file)})

    assert loaded.read_client_secret() == "first"
    file.write_text("second\n")
    assert loaded.read_client_secret() == "second"
    file.unlink()
    with pytest.raises(SettingsError, match="client_secret_file"):
        loaded.read_client_secret()


def test_the_official_single_run_variables_are_understood() -> None:
    loaded = load_settings(
        {
            "EXECUTION_MODE": "single-run",
            "RUN_JSON_FILE_PATH": "/var/run/run.json",
            "RUNNER_UUID": "r",
            "RUNNER_API_URL": "https://cp.example.org",
        }
    )

    assert loaded.run_json_file == Path("/var/run/run.json")
    assert loaded.client_id is None
