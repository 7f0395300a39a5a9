"""axe-core looks over a page: the rules for people who see, hear or move differently, as far as a program can tell.

It comes by npm as a package for development, and runs from node_modules/.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from seatbook.config import PROJECT_DIR

AXE = PROJECT_DIR / "node_modules" / "axe-core" / "axe.min.js"

RUN = """
async () => {
  // Contrast is computed in contrast.py, in light and dark.
  const options = { resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } } };
  const { violations } = await axe.run(document, options);
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(node => node.html.slice(0, 160)) }));
}
"""


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page as it now is: rule, meaning, and the first places."""
    if not AXE.is_file():
        pytest.skip("needs npm's packages in node_modules, which `make test` brings")
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [f"{one['id']}: {one['help']}: {' | '.join(one['nodes'][:3])}" for one in found]
