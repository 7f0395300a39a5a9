"""What a browser has to complain about while somebody uses it: every word of it is a fault of ours.

Collected are errors and warnings of the console (which is also where Chromium
reports what the Content Security Policy blocked), exceptions that no script
caught, violations of the policy as the page hears of them, and answers that no
page of ours should ask for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Response, WebError

# The statuses that a page asks for knowingly: a refusal, told on the page in a sentence.
REFUSALS = {409, 410, 422}
# Chromium writes down every refused answer, too.
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")

LISTEN = """
document.addEventListener("securitypolicyviolation", (event) => {
  const where = `${event.sourceFile ?? ""}:${event.lineNumber}`;
  console.error(`policy: ${event.violatedDirective} blocked ${event.blockedURI} ${where} ${event.sample}`);
});
"""


@dataclass
class Complaints:
    """`found` fills up while pages of the context are used. `expected` are statuses that a test provokes."""

    found: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, context: BrowserContext) -> Complaints:
        complaints = cls()
        context.add_init_script(LISTEN)
        context.on("console", complaints._console)
        context.on("weberror", complaints._exception)
        context.on("response", complaints._answer)
        return complaints

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        refused = _REFUSED.match(message.text)
        if refused and int(refused[1]) in REFUSALS | self.expected:
            return
        self.found.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _exception(self, error: WebError) -> None:
        self.found.append(f"exception: {error.error}")

    def _answer(self, response: Response) -> None:
        if response.status >= 400 and response.status not in REFUSALS | self.expected:
            self.found.append(f"status: {response.status} for {response.request.method} {response.url}")
