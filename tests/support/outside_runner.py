"""A runner program whose only executor has its work done outside, in the folder of the second argument."""

import os
import sys
from pathlib import Path

from blockyard.protocol.run import ImplementationType
from blockyard.runner.configuration import load_configuration
from blockyard.runner.main import run

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[2]))
    from tests.support.outside import Outside, OutsideExecutor

    executor = OutsideExecutor(Outside(Path(sys.argv[2])))
    settings = load_configuration(os.environ).runner
    sys.exit(run(settings, dict.fromkeys(ImplementationType, executor), parent=int(sys.argv[1])))
