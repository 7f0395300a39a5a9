"""The type face of the PDFs: Inter, in two weights, with the letters of all of Europe.

Its npm package has a file for each script, for browsers, which fetch what they
need. A PDF wants one font, so the files are put together once, in about two
seconds, and kept beside the other things that can be made again.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from functools import cache
from pathlib import Path

from fontTools.merge import Merger, Options
from fontTools.ttLib import TTFont

from seatbook.config import PROJECT_DIR, VAR_DIR

log = logging.getLogger(__name__)

SOURCES_DIR = PROJECT_DIR / "static" / "vendor"
SCRIPTS = ("latin", "latin-ext", "greek", "cyrillic")
# Kerning, and hints for screens of long ago: fpdf2 uses none of them, and they take most of the time.
_UNUSED_TABLES = ("GSUB", "GPOS", "GDEF", "STAT", "gasp", "prep", "fpgm", "cvt ", "meta")


@cache
def font_file(weight: int) -> Path:
    """A TrueType file with one weight of Inter: 400 or 700. Safe to ask for in any number of processes."""
    sources = [SOURCES_DIR / f"inter-{script}-{weight}-normal.woff2" for script in SCRIPTS]
    made_of = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    name = f"inter-{weight}-{made_of}.ttf"
    for folder in (VAR_DIR / "fonts", Path(tempfile.gettempdir()) / "seatbook-fonts"):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (folder / name).exists():
                _merge(sources, folder / name)
        except OSError as error:
            # A service may run where it may not write; then the system's temporary folder will do.
            log.info("Fonts can't be kept in %s: %s", folder, error)
        else:
            return folder / name
    raise OSError("there is no folder to keep fonts in")


def _merge(sources: list[Path], target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        plain = []
        for source in sources:
            font = TTFont(source)
            font.flavor = None
            for table in _UNUSED_TABLES:
                if table in font:
                    del font[table]
            plain.append(str(Path(folder) / source.with_suffix(".ttf").name))
            font.save(plain[-1])
        merged = Merger(options=Options(drop_tables=list(_UNUSED_TABLES))).merge(plain)
        merged.save(Path(folder) / target.name)
        # Whoever looks meanwhile sees the whole file or none.
        (Path(folder) / target.name).replace(target)
