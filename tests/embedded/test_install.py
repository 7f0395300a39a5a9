from __future__ import annotations

from importlib.util import find_spec

from seatbook.embedded.install import unusable_python


def test_an_old_python_is_told_which_one_is_needed() -> None:
    assert "needs Python 3.11 or newer, and this is 3.9" in (unusable_python((3, 9, 18), find_spec) or "")


def test_a_missing_venv_module_is_told_with_the_package_that_brings_it() -> None:
    def no_ensurepip(name: str) -> object:
        return None if name == "ensurepip" else find_spec(name)

    assert "apt-get install python3-venv" in (unusable_python((3, 11, 2), no_ensurepip) or "")


def test_a_usable_python_is_used() -> None:
    assert unusable_python((3, 14, 0), find_spec) is None
