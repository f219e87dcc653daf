"""Settings come from the environment or one file; what is misspelt is refused; secrets never show."""

from pathlib import Path

import pytest

from blockyard.protocol.run import ImplementationType
from blockyard.runner import settings
from blockyard.runner.configuration import load_configuration
from blockyard.runner.executors.opentofu import settings as opentofu_settings
from blockyard.runner.executors.opentofu.settings import EngineFallback, OpenTofuSettings
from blockyard.runner.frame.settings import SharedSettings
from blockyard.runner.settings import RunnerSettings, SettingsError
from blockyard.runner.slots import slots_of
from tests.support import forked

REQUIRED = {
    "BLOCKYARD_RUNNER_SERVER_URL": "https://cp.example.org/",
    "BLOCKYARD_RUNNER_RUNNER_UUID": "7909f3d2-2d4b-4b0c-8e4a-000000000001",
    "BLOCKYARD_RUNNER_CLIENT_ID": "c",
    "BLOCKYARD_RUNNER_CLIENT_SECRET": "not-to-be-shown",
}


def test_every_setting_is_documented_with_its_module() -> None:
    assert documented(settings.__doc__) == set(RunnerSettings.model_fields)
    of_modules = set(OpenTofuSettings.model_fields) - set(SharedSettings.model_fields)
    assert documented(opentofu_settings.__doc__) == of_modules


def documented(text: str | None) -> set[str]:
    """Return the settings that the table in a docstring has."""
    return {line.split("`")[1] for line in (text or "").splitlines() if line.startswith("| `")}


def test_no_executor_sees_what_is_the_runners() -> None:
    loaded = load_configuration(REQUIRED).opentofu

    assert not {"client_secret", "private_key_file", "server_url"} & set(loaded.model_dump())


def test_four_settings_are_enough() -> None:
    configuration = load_configuration(REQUIRED)
    loaded, opentofu = configuration.runner, configuration.opentofu

    assert loaded.server_url == "https://cp.example.org"
    assert opentofu.engine_dir == loaded.work_dir / "engines"
    assert opentofu.plugin_cache_dir == loaded.work_dir / "plugins"
    assert loaded.run_timeout_minutes == 60
    assert "HTTPS_PROXY" in opentofu.pass_environment


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "runner.toml"
    file.write_text('concurrency = 4\nengine_fallback = "warn"\npass_environment = ["A"]\nwork_dir = "/srv/runner"\n')

    configuration = load_configuration(
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

    loaded, opentofu = configuration.runner, configuration.opentofu
    assert (loaded.concurrency, opentofu.engine_fallback, opentofu.offline) == (2, EngineFallback.WARN, True)
    assert opentofu.pass_environment == ("A",)
    assert loaded.implementation_types == (ImplementationType.TERRAFORM, ImplementationType.GITLAB_CICD)
    assert opentofu.plugin_cache_dir is None
    assert opentofu.engine_dir == Path("/srv/runner/engines")
    assert opentofu.known_hosts_file is None


def test_types_share_the_concurrency_but_those_with_slots_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "runner.toml"
    file.write_text(
        'implementation_types = ["TERRAFORM", "MANUAL", "GITHUB_WORKFLOW"]\nslots = { GITHUB_WORKFLOW = 200 }\n'
    )
    in_file = load_configuration(REQUIRED | {"BLOCKYARD_RUNNER_CONFIG_FILE": str(file)}).runner
    given = {"IMPLEMENTATION_TYPES": "TERRAFORM,GITLAB_CICD", "SLOTS": "TERRAFORM=2, GITLAB_CICD=50"}
    in_environment = load_configuration(REQUIRED | {f"BLOCKYARD_RUNNER_{name}": text for name, text in given.items()})

    assert numbers(load_configuration(REQUIRED).runner) == {"TERRAFORM,MANUAL": 1}
    assert numbers(in_file) == {"TERRAFORM,MANUAL": 1, "GITHUB_WORKFLOW": 200}
    assert numbers(in_environment.runner) == {"TERRAFORM": 2, "GITLAB_CICD": 50}


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--slots=TERRAFORM", "--slots: 'TERRAFORM' is not NAME=NUMBER, such as TERRAFORM=2"),
        ("--slots=TERRAFORM=1,TERRAFORM=2", "--slots names TERRAFORM twice"),
        ("--slots=TERRAFORM=x", "--slots: TERRAFORM must be a whole number"),
        ("--slots=GITLAB_PIPELINE=2", "--slots names GITLAB_CICD, which this runner does not claim"),
    ],
)
def test_what_is_wrong_with_an_option_is_told_by_its_name(option: str, sentence: str) -> None:
    ended = forked.run(["runner", option], env=REQUIRED)

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"blockyard: {sentence}")


def test_types_have_the_names_of_runs_and_of_runners() -> None:
    given = {"IMPLEMENTATION_TYPES": "TERRAFORM,GITLAB_PIPELINE", "SLOTS": "GITLAB_PIPELINE=50"}
    loaded = load_configuration(REQUIRED | {f"BLOCKYARD_RUNNER_{name}": text for name, text in given.items()}).runner

    assert loaded.implementation_types == (ImplementationType.TERRAFORM, ImplementationType.GITLAB_CICD)
    assert numbers(loaded) == {"TERRAFORM": 1, "GITLAB_CICD": 50}


def numbers(runner: RunnerSettings) -> dict[str, int]:
    """Return how many slots there are, by the types that share them."""
    return {slots.name: slots.number for slots in slots_of(runner)}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"BLOCKYARD_RUNNER_CONCURENCY": "2"}, "BLOCKYARD_RUNNER_CONCURENCY"),
        ({"BLOCKYARD_RUNNER_CONCURRENCY": "0"}, "BLOCKYARD_RUNNER_CONCURRENCY"),
        ({"BLOCKYARD_RUNNER_SLOTS": "TERRAFORM=0"}, "BLOCKYARD_RUNNER_SLOTS: TERRAFORM must be at least 1"),
        ({"BLOCKYARD_RUNNER_SLOTS": "TERRAFORM=x"}, "BLOCKYARD_RUNNER_SLOTS: TERRAFORM must be a whole number"),
        ({"BLOCKYARD_RUNNER_SLOTS": "TERRAFORM"}, "BLOCKYARD_RUNNER_SLOTS: 'TERRAFORM' is not NAME=NUMBER"),
        ({"BLOCKYARD_RUNNER_SLOTS": "TERRAFORM=1,TERRAFORM=2"}, "BLOCKYARD_RUNNER_SLOTS names TERRAFORM twice"),
        ({"BLOCKYARD_RUNNER_SLOTS": "GITLAB_CICD=1,GITLAB_PIPELINE=2"}, "SLOTS names GITLAB_CICD twice"),
        ({"BLOCKYARD_RUNNER_SLOTS": "NOTHING=2"}, "BLOCKYARD_RUNNER_SLOTS names NOTHING, which must be 'TERRAFORM'"),
        ({"BLOCKYARD_RUNNER_SLOTS": "GITLAB_CICD=2"}, "SLOTS names GITLAB_CICD, which this runner does not claim"),
        ({"BLOCKYARD_RUNNER_RUN_TIMEOUT_MINUTES": "181"}, "BLOCKYARD_RUNNER_RUN_TIMEOUT_MINUTES"),
        ({"BLOCKYARD_RUNNER_SERVER_URL": "ftp://x"}, "BLOCKYARD_RUNNER_SERVER_URL"),
        ({"BLOCKYARD_RUNNER_CLIENT_SECRET": ""}, "BLOCKYARD_RUNNER_CLIENT_SECRET"),
        ({"BLOCKYARD_RUNNER_CONFIG_FILE": "/nowhere/runner.toml"}, "BLOCKYARD_RUNNER_CONFIG_FILE"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_without_secrets(changes: dict[str, str], names: str) -> None:
    with pytest.raises(SettingsError, match=names) as refused:
        load_configuration(REQUIRED | changes)

    assert "not-to-be-shown" not in str(refused.value)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "runner.toml"
    file.write_text("concurency = 4\n")

    with pytest.raises(SettingsError, match="CONCURENCY"):
        load_configuration(REQUIRED | {"BLOCKYARD_RUNNER_CONFIG_FILE": str(file)})


def test_secrets_never_show() -> None:
    loaded = load_configuration(REQUIRED).runner

    assert "not-to-be-shown" not in repr(loaded) + str(loaded.model_dump())
    assert loaded.read_client_secret() == "not-to-be-shown"


def test_a_secret_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    loaded = load_configuration(REQUIRED | {"BLOCKYARD_RUNNER_CLIENT_SECRET_FILE": str(file)}).runner

    assert loaded.read_client_secret() == "first"
    file.write_text("second\n")
    assert loaded.read_client_secret() == "second"
    file.unlink()
    with pytest.raises(SettingsError, match="client_secret_file"):
        loaded.read_client_secret()


def test_the_official_single_run_variables_are_understood() -> None:
    loaded = load_configuration(
        {
            "EXECUTION_MODE": "single-run",
            "RUN_JSON_FILE_PATH": "/var/run/run.json",
            "RUNNER_UUID": "r",
            "RUNNER_API_URL": "https://cp.example.org",
        }
    ).runner

    assert loaded.run_json_file == Path("/var/run/run.json")
    assert loaded.client_id is None
