"""Ctrl-C as a request to come to an end, so that it never falls in between two steps that belong together."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

_TWICE = 1.0  # seconds within which a second Ctrl-C is the first one again


class Interrupts:
    """Within it Ctrl-C only sets ``pressed``; the next one, a second later or more, is a KeyboardInterrupt as ever.

    In a thread, or where the program has its own handler, nothing changes.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._first = 0.0
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, *_: object) -> None:
        now = time.monotonic()
        if self.pressed and now - self._first > _TWICE:
            raise KeyboardInterrupt
        self._first = self._first if self.pressed else now
        self.pressed = True
