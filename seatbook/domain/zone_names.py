"""What the name of a zone says: its side of the hall, which zones belong together, and its kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

# English, Finnish, Swedish, Norwegian, Danish, German, Dutch, French, Spanish, Italian, Portuguese,
# Estonian, Polish, Czech. A word counts only as a whole: "Rightmost" or "Linkstraße" say nothing.
_WORDS = {
    "left": "left vasen vasemmalla links linke linker linkes vänster venstre gauche izquierda izquierdo "
    "sinistra sinistro esquerda esquerdo vasak lewa lewy levá levý",
    "right": "right oikea oikealla rechts rechte rechter rechtes höger høyre højre droite derecha derecho "
    "destra destro direita direito parem prawa prawy pravá pravý",
    "centre": "centre center middle keski keskellä mitte mitten midten milieu centro kesk",
}
SIDE_WORDS = {word: side for side, words in _WORDS.items() for word in words.split()}

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class ZoneName:
    """A zone's name, read.

    side      left, right or centre; None where the name says none of them, or several
    partners  equal for zones that differ only in their side: "Stalls left (1st floor)"
              and "Stalls right (1st floor)", but not "Stalls left (2nd floor)"
    kind      the name without its side and without what stands in brackets: "Stalls".
              Empty where nothing else is left
    """

    name: str
    side: str | None
    partners: str
    kind: str


def read_zone_name(name: str) -> ZoneName:
    """Read a zone's name; any text is fine."""
    sides = {SIDE_WORDS[word] for word in _words(name) if word in SIDE_WORDS}
    if len(sides) != 1:
        return ZoneName(name, None, name.casefold(), _tidied(_BRACKETS.sub(" ", name)))
    bare = _WORD.sub(lambda match: "" if match[0].casefold() in SIDE_WORDS else match[0], name)
    return ZoneName(name, sides.pop(), _tidied(bare).casefold(), _tidied(_BRACKETS.sub(" ", bare)))


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(name)]


def _tidied(name: str) -> str:
    """Without the holes, the empty brackets and the loose signs that a removed word leaves."""
    without_empty = re.sub(r"\(\s*\)|\[\s*\]", " ", name)
    return re.sub(r"\s+", " ", without_empty).strip(" -–—,;:/|·")
