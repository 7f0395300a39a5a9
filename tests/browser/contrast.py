"""Whether text can be read: its contrast with what it stands on, as WCAG 2 computes it.

Colours are those that the browser arrived at, blended over everything below
them. Of a gradient, the colour counts that it ends in: ours begin with a stripe.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

ENOUGH = 4.5

TEXTS = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = (colour) => {
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.slice(0, 3).map(v => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const canvasOfPage = rgba("Canvas");
  // What an element stands on.
  const ground = (element) => {
    if (!element) return canvasOfPage;
    const style = getComputedStyle(element);
    const stops = style.backgroundImage.match(/(?:rgba?|color|oklch|oklab|lab|lch)\\([^()]*\\)/g);
    const colours = [rgba(style.backgroundColor), ...(stops ? [rgba(stops.at(-1))] : [])];
    const below = colours.some(colour => colour[3] === 1) ? canvasOfPage : ground(element.parentElement);
    return colours.reduce((under, colour) => over(colour, under), below);
  };
  const opacity = (element) =>
    element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1;
  const faults = [];
  let looked = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    // For ears only, or too small a hall for numbers.
    if (box.width <= 1 || box.height <= 1 || parseFloat(style.fontSize) < 6) continue;
    const colour = rgba(style.color);
    if (colour[3] === 0) continue;
    looked += 1;
    const alpha = colour[3] * opacity(element);
    const under = ground(element);
    const found = contrast(over([...colour.slice(0, 3), alpha], under), under);
    const where = `${element.tagName.toLowerCase()}.${element.className}`;
    if (found < ENOUGH) faults.push(`${text.slice(0, 40)} (${where}): ${found.toFixed(2)}`);
  }
  return { faults: [...new Set(faults)], looked };
})()
""".replace("ENOUGH", str(ENOUGH))


def hard_to_read(page: Page) -> list[str]:
    """Every text of the page with less contrast than is enough. Fails when it finds no text at all."""
    seen: dict[str, Any] = page.evaluate(TEXTS)
    assert seen["looked"] > 5, "no text was looked at"
    return list(seen["faults"])
