"""Which executors a runner has, and their settings: the one place, beside the doctor, that knows them.

To add one: its settings here, if it has some, and itself in `executors`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from blockyard.protocol.run import ImplementationType
from blockyard.runner.executors.manual import ManualExecutor
from blockyard.runner.executors.opentofu.executor import OpenTofuExecutor
from blockyard.runner.executors.opentofu.settings import OpenTofuSettings
from blockyard.runner.frame.executor import AnyExecutor
from blockyard.runner.settings import RunnerSettings, SettingsError, problem_with, read_values, taken_by

MODELS = (RunnerSettings, OpenTofuSettings)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a runner process and of each of its executors."""

    runner: RunnerSettings
    opentofu: OpenTofuSettings

    def executors(self) -> dict[ImplementationType, AnyExecutor]:
        """Return the executors by what they execute."""
        return {
            ImplementationType.TERRAFORM: OpenTofuExecutor(self.opentofu, os.environ),
            ImplementationType.MANUAL: ManualExecutor(),
        }


def load_configuration(environ: Mapping[str, str]) -> Configuration:
    """Return the settings that the environment and its configuration file give. Raises SettingsError."""
    values = read_values(environ, MODELS)
    if problems := [problem for model in MODELS if (problem := problem_with(model, values))]:
        raise SettingsError("; ".join(problems))
    return Configuration(
        runner=RunnerSettings.model_validate(taken_by(RunnerSettings, values)),
        opentofu=OpenTofuSettings.model_validate(taken_by(OpenTofuSettings, values)),
    )
