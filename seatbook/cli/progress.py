"""Progress bars. They go to standard error and vanish when done, so that output can be piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def progress_bar() -> Progress:
    """A bar for rich's context; on what is no terminal it stays silent."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def steps(*descriptions: str) -> Iterator[Callable[[], None]]:
    """A bar of as many steps as there are descriptions; call what it yields when the next one begins."""
    with progress_bar() as progress:
        task = progress.add_task(descriptions[0], total=len(descriptions))
        begun = 0

        def next_step() -> None:
            nonlocal begun
            progress.update(task, description=descriptions[begun], completed=begun)
            begun += 1

        yield next_step
        progress.update(task, completed=len(descriptions))


@contextmanager
def counted(description: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that counts; call what it yields with how many are done."""
    with progress_bar() as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def counting(description: str) -> Iterator[Callable[[int, int], None]]:
    """The same where nobody knows yet how many there are: call what it yields with how many are done, and of
    how many."""
    with progress_bar() as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
