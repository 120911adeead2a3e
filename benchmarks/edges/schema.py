"""`python -m benchmarks.edges.schema --examples N`: the OpenAPI document asked long, as every kind of caller.

The long lane of the tests asks each operation once or thrice (tests/contracts/test_openapi.py); this asks N times.
"""

import argparse
import os
import subprocess
import sys

from benchmarks import servers

TEST = "tests/contracts/test_openapi.py"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edges.schema", description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="of each kind, at most 200")
    parser.add_argument("--minutes", type=float, default=25.0, help="given up after this, at most 120")
    chosen = parser.parse_args()
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-s", "-p", "no:cacheprovider", "--show-capture=no", TEST]
    env = {**os.environ, "STEWARD_TEST_LANES": "long", "STEWARD_TEST_EXAMPLES": str(min(chosen.examples, 200))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        seconds = min(chosen.minutes, 120) * 60
        return subprocess.run(
            [*command, "--timeout", "0"], cwd=servers.ROOT, env=env, check=False, timeout=seconds
        ).returncode
    except subprocess.TimeoutExpired:
        print("Given up for want of time; --minutes gives it more.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
