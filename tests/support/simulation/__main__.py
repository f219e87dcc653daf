"""`make simulate`: simulations of a seed with its trace, or of many seeds, until one fails."""

import argparse
import sys

from tests.support.simulation.simulate import simulate
from tests.support.simulation.simulation import Violation


def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seed", type=int, help="repeat this one and show what happens")
    parser.add_argument("--seeds", type=int, default=5000, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds) if chosen.seed is None else [chosen.seed]
    for seed in seeds:
        try:
            done = simulate(seed)
        except Violation as violation:
            sys.stdout.write(f"{violation}\n")
            return 1
        if chosen.seed is not None:
            sys.stdout.writelines(f"{line}\n" for line in done.trace)
    sys.stdout.write(f"{len(seeds)} simulations, nothing that must not be\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
