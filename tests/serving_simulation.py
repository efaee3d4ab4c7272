"""A continuous-batching server, step by step: the second opinion on the formulas of a load. Plain Python, seeded.

A step with B sequences takes a + bB seconds, or cB where arithmetic binds; a prompt takes t_p seconds of work, alone ("whole"),
inside the next step ("mixed"), or in chunks of a part of it in every step ("chunked"). First come, first served; of at most so many
sequences at a time those that come later wait.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

#: Variance of the times between arrivals over their mean squared.
ARRIVALS = {"poisson": 1.0, "constant": 0.0, "uniform": 1 / 12, "bursty": 4.0}
#: Variance of the lengths of answers over their mean squared, and the mean of the shorter of two over the mean.
LENGTHS = {"constant": (0.0, 1.0), "geometric": (1.0, 0.5), "uniform": (1 / 12, 5 / 6), "bimodal": (9 / 16, 5 / 8)}


@dataclass(frozen=True)
class Server:
    """A step takes ``max(a + b B, c B)``; ``chunks`` are the steps that a prompt is spread over, ``slots`` the most sequences."""

    a: float
    b: float
    t_p: float
    mode: str = "whole"
    c: float = 0.0
    chunks: float = 1.0
    slots: float = math.inf

    def step(self, running: int) -> float:
        return max(self.a + self.b * running, self.c * running)


@dataclass(frozen=True)
class Request:
    """One request that ended: when it came, when its first token came, when its last, and how many tokens that were."""

    came: float
    first: float
    last: float
    tokens: int


@dataclass(frozen=True)
class Run:
    """What happened after warming up: requests that ended, time, idle time, decode steps, the sum of sequences over time."""

    requests: list[Request]
    time: float
    idle: float
    steps: int
    area: float

    @property
    def rate(self) -> float:
        return len(self.requests) / self.time

    @property
    def tokens(self) -> float:
        """Mean tokens of an answer."""
        return sum(r.tokens for r in self.requests) / len(self.requests)

    @property
    def token_time(self) -> float:
        """Mean time per token after the first, over tokens."""
        return sum(r.last - r.first for r in self.requests) / sum(r.tokens - 1 for r in self.requests)

    @property
    def first_token(self) -> float:
        return sum(r.first - r.came for r in self.requests) / len(self.requests)

    @property
    def end_to_end(self) -> float:
        return sum(r.last - r.came for r in self.requests) / len(self.requests)

    @property
    def running(self) -> float:
        return self.area / self.time

    def first_within(self, share: float) -> float:
        """The time that the first token of this share of requests stays below."""
        return sorted(r.first - r.came for r in self.requests)[int(share * len(self.requests))]


def gaps_of(kind: str, rate: float, rng: random.Random) -> Callable[[], float]:
    """Times between arrivals, by name; "bursty" are two-phase hyperexponential with balanced means."""
    if kind == "poisson":
        return lambda: rng.expovariate(rate)
    if kind == "constant":
        return lambda: 1 / rate
    if kind == "uniform":
        return lambda: rng.uniform(0.5, 1.5) / rate
    share = 0.5 * (1 + math.sqrt(3 / 5))
    return lambda: rng.expovariate(2 * share * rate if rng.random() < share else 2 * (1 - share) * rate)


def lengths_of(kind: str, mean: int, rng: random.Random) -> Callable[[], int]:
    """Tokens of an answer, by name; "bimodal" are a quarter and 1.75 of the mean."""
    if kind == "constant":
        return lambda: mean
    if kind == "geometric":  # 1, 2, ...
        return lambda: 1 + int(math.log(1 - rng.random()) / math.log(1 - 1 / mean))
    if kind == "uniform":
        return lambda: rng.randint(mean // 2, mean + mean // 2)
    return lambda: max(2, round(mean * (0.25 if rng.random() < 0.5 else 1.75)))


class _Loop:
    """The state of a server: the clock, who waits, who runs and until which decode step."""

    def __init__(self, server: Server, gap: Callable[[], float], length: Callable[[], int]) -> None:
        self.server, self.gap, self.length = server, gap, length
        self.now, self.came = 0.0, gap()
        self.waiting: deque[tuple[float, float]] = deque()  # came, work of the prompt that is left
        self.running: list[tuple[int, float, float, int]] = []  # decode step it ends in, came, first token, tokens
        self.ended: list[Request] = []
        self.idle = self.area = 0.0
        self.steps = 0

    def arrive(self) -> None:
        while self.came <= self.now:
            self.waiting.append((self.came, self.server.t_p))
            self.came += self.gap()

    def spend(self, time: float) -> None:
        self.area += len(self.running) * time
        self.now += time

    def begin(self, came: float) -> None:
        tokens = self.length()
        if tokens > 1:
            heapq.heappush(self.running, (self.steps + tokens - 1, came, self.now, tokens))
        else:
            self.ended.append(Request(came, self.now, self.now, 1))

    def read(self, budget: float) -> tuple[list[float], float]:
        """The prompts that are read in a step, up to a budget of work, and what work that is."""
        admitted, work, free = [], 0.0, self.server.slots - len(self.running)
        while self.waiting and budget > 1e-15 and len(admitted) < free:
            came, left = self.waiting[0]
            part = min(left, budget)
            budget, work = budget - part, work + part
            if left - part <= 1e-12 * self.server.t_p:
                self.waiting.popleft()
                admitted.append(came)
            else:
                self.waiting[0] = (came, left - part)
        return admitted, work

    def turn(self) -> None:
        """One prompt that is read alone, or one step."""
        server = self.server
        self.arrive()
        if not self.waiting and not self.running:
            self.idle += self.came - self.now
            self.now = self.came
            return
        if server.mode == "whole" and self.waiting and len(self.running) < server.slots:
            came, work = self.waiting.popleft()
            self.spend(work)
            self.begin(came)
            return
        budget = {"whole": 0.0, "mixed": math.inf, "chunked": server.t_p / server.chunks}[server.mode]
        admitted, work = self.read(budget)
        self.spend(server.step(len(self.running)) + work)
        self.steps += 1
        while self.running and self.running[0][0] <= self.steps:
            _, came, first, tokens = heapq.heappop(self.running)
            self.ended.append(Request(came, first, self.now, tokens))
        for came in admitted:
            self.begin(came)


def serve(server: Server, gap: Callable[[], float], length: Callable[[], int], count: int) -> Run:
    """Serve ``count`` requests in the order they come; a fifth of them warms up."""
    loop = _Loop(server, gap, length)
    while len(loop.ended) < count // 5:
        loop.turn()
    begun, now, idle, steps, area = len(loop.ended), loop.now, loop.idle, loop.steps, loop.area
    while len(loop.ended) < count:
        loop.turn()
    return Run(loop.ended[begun:], loop.now - now, loop.idle - idle, loop.steps - steps, loop.area - area)
