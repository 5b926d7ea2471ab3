"""Clients written by others against a running Fareway, unmodified.

FAREWAY_URL is the address of the API, SANDBOX_URL that of the simulated market. Each check is a
sentence; the last line is `N passed, N failed`, and the exit code is 1 if anything failed.
"""

import os
import sys

import amadeus_market
import skyscanner_api
from sentences import Sentences


def main() -> int:
    sentences = Sentences()
    fareway = os.environ["FAREWAY_URL"].rstrip("/")
    sandbox = os.environ["SANDBOX_URL"].rstrip("/")
    skyscanner_api.check(fareway, sentences)
    amadeus_market.check(fareway, sandbox, sentences)
    print(f"{sentences.passed} passed, {sentences.failed} failed", flush=True)
    return 1 if sentences.failed else 0


if __name__ == "__main__":
    sys.exit(main())
