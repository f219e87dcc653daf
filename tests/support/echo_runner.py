"""A runner program whose only executor is the echo."""

import os
import sys

from blockyard.protocol.run import ImplementationType
from blockyard.runner.configuration import load_configuration
from blockyard.runner.executors.echo import EchoExecutor
from blockyard.runner.main import run

if __name__ == "__main__":
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    sys.exit(
        run(load_configuration(os.environ).runner, dict.fromkeys(ImplementationType, EchoExecutor()), parent=parent)
    )
