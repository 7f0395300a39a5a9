"""What a finger presses is at least 44 pixels wide and high."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

LEAST = 44
# Smaller on purpose: seats of a hall (the part that is looked at closely is for fingers, see test_phone.py); links
# within a sentence, or on lines of their own between text, which are as high as their line; and what a label opens.
LEFT_OUT = ".hall *, .map svg *, p a, .skip, .sheet-switch, input[type=hidden]"

LOOK = """
([leftOut, least]) => {
  const found = [];
  const isField = (element) => element?.matches("select, input:not(.sheet-switch)");
  for (const one of document.querySelectorAll("a[href], button, select, input, summary, label[for]")) {
    if (one.matches(leftOut) || !one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    // A field's own label is pressed with it, and a box to tick with its label.
    if (one.matches("label") && isField(document.getElementById(one.htmlFor))) continue;
    const pressed = one.matches("[type=checkbox], [type=radio]") ? one.closest("label") ?? one : one;
    const box = pressed.getBoundingClientRect();
    if (!box.width || box.right < 0 || getComputedStyle(one).clipPath !== "none") continue;
    if (box.height < least - 0.5 || box.width < least - 0.5) {
      const size = `${Math.round(box.width)} × ${Math.round(box.height)}`;
      const name = (one.ariaLabel || one.textContent).trim().slice(0, 40);
      found.push(`${size}: ${name} <${one.tagName} ${one.className}>`);
    }
  }
  return found;
}
"""


def faults(page: Page) -> Iterator[str]:
    """What is too small for a finger, on the page as it now is."""
    yield from (f"too small to press, {fault}" for fault in page.evaluate(LOOK, [LEFT_OUT, LEAST]))
