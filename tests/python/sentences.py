"""Checks that are sentences, and days ahead of today."""

import datetime
import traceback
from collections.abc import Callable


class Sentences:
    """Counts and prints verdicts; a failing check does not stop the next."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, sentence: str, test: Callable[[], None]) -> None:
        try:
            test()
        except Exception:  # whatever a foreign client raises is a verdict
            self.failed += 1
            print(f"FAILED  {sentence}\n{traceback.format_exc()}", flush=True)
        else:
            self.passed += 1
            print(f"ok      {sentence}", flush=True)


def day_ahead(days: int) -> datetime.date:
    return datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=days)
