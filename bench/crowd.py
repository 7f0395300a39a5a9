"""Many who ask one web process without a pause: how many answers a second, how long each took, what it cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from bench.house import Web
from bench.report import quantiles_ms


def crowd(
    web: Web,
    members: Sequence[tuple[Callable[[], object], Callable[[], float]]],
    *,
    warm_up_seconds: float,
    seconds: float,
    what: str = "",
) -> str:
    """Each member arrives, and then asks again and again; asking returns its seconds. `what`: "clicks "."""
    times: list[list[float]] = [[] for _ in members]
    all_here, stop = threading.Barrier(len(members) + 1), threading.Event()

    def take_part(arrive: Callable[[], object], ask: Callable[[], float], own_times: list[float]) -> None:
        arrive()
        all_here.wait()
        while not stop.is_set():
            own_times.append(ask())

    threads = [
        threading.Thread(target=take_part, args=(arrive, ask, own_times))
        for (arrive, ask), own_times in zip(members, times, strict=True)
    ]
    for thread in threads:
        thread.start()
    all_here.wait()
    time.sleep(warm_up_seconds)
    for own_times in times:
        own_times.clear()
    cpu_before, began = web.process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    elapsed, cpu_after = time.monotonic() - began, web.process.cpu_times()
    answered = [one for own_times in times for one in own_times]
    stop.set()
    for thread in threads:
        thread.join()
    cpu = cpu_after.user + cpu_after.system - cpu_before.user - cpu_before.system
    return (
        f"{len(answered) / elapsed:,.0f} {what}a second, {quantiles_ms(answered)}, "
        f"{cpu / max(1, len(answered)) * 1000:.1f} ms of the process each"
    )
