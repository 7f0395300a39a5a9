from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatbook.config import PROJECT_DIR
from seatbook.embedded.frontend import FILES, copy_files
from seatbook.embedded.refusal import CannotRun


@pytest.fixture
def packages_dir(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "packages"


def test_pages_find_every_file_in_one_folder_and_nothing_from_before(
    packages_dir: Path, tmp_path: Path
) -> None:
    vendor_dir = tmp_path / "vendor"
    vendor_dir.mkdir()
    (vendor_dir / "htmx-2.min.js").write_text("old")
    copy_files(packages_dir, vendor_dir)
    assert {path.name: path.read_text() for path in vendor_dir.iterdir()} == {
        Path(name).name: name for name in FILES
    }


def test_a_missing_file_is_named_and_what_was_there_stays(packages_dir: Path, tmp_path: Path) -> None:
    vendor_dir = tmp_path / "vendor"
    copy_files(packages_dir, vendor_dir)
    (packages_dir / "htmx.org/dist/htmx.min.js").unlink()
    with pytest.raises(CannotRun, match=r"lack htmx\.org/dist/htmx\.min\.js\."):
        copy_files(packages_dir, vendor_dir)
    assert (vendor_dir / "htmx.min.js").exists()


def test_the_lock_file_has_exact_versions_and_hashes_and_no_addresses() -> None:
    lock = json.loads((PROJECT_DIR / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages["node_modules/htmx.org"]["version"] == "4.0.1"
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
