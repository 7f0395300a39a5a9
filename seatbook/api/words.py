"""Sentences of the API. They are English, whatever a browser speaks: programs read codes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

# A list of more names than this ends with how many more there are.
MOST_NAMES = 10


def span(seconds: float) -> str:
    """ "5 minutes"; what is left of a minute that has begun counts as one. Below a minute: "42 seconds"."""
    if seconds > 59.5:
        minutes = ceil(seconds / 60)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    whole = max(0, round(seconds))
    return "1 second" if whole == 1 else f"{whole} seconds"


def listed(names: Sequence[str]) -> str:
    """ "A1, A2 and A3"; places that are alike are counted: "3 × Standing". Names with commas get semicolons."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    parts = [name if count == 1 else f"{count} × {name}" for name, count in counts.items()]
    if len(parts) > MOST_NAMES:
        parts = [*parts[:MOST_NAMES], f"{len(parts) - MOST_NAMES} more"]
    between, last = ("; ", "; and ") if any("," in part for part in parts) else (", ", " and ")
    return parts[0] if len(parts) == 1 else f"{between.join(parts[:-1])}{last}{parts[-1]}"


# What the page /api/docs/ says around the description.
DOCS = {
    "title": "The API",
    "lead": "Hold, reserve and cancel places of events by program, and follow what happens to them. "
    "Every address is below, with a form to try it here and now: it works on the real box office.",
    "openapi": "The same for programs: OpenAPI 3.1",
    "tokens": "Make a token on your account page",
    "token": "Token",
    "token hint": "For the forms below. It stays in this page and is forgotten when you leave it.",
    "begin": "From nothing to a reservation",
    "begin lead": "Six commands for a terminal. They need curl and jq.",
    "sell": "From nothing to a sold hall",
    "sell lead": "A hall, an event, a sale, its takings and its end, for whoever works at the box office. "
    "They need bash, curl and jq.",
    "pay": "Paying",
    "pay lead": "Where an event is paid online, reserving answers pending with a pay_url: a page for a "
    "person. They open "
    "it in a browser, and pay there until expires_at. This is all of it from a shell, as alice of the "
    "demonstration.",
    "copy": "Copy",
    "copied": "Copied",
    "everywhere": "What holds everywhere",
    "verify": "Verifying a webhook",
    "verify lead": "Whoever knows the address of your receiver can send it something. So look at the "
    "signature before you "
    "believe a message. In Python, with body as the bytes that came, before any parsing:",
    "chapters": "Chapters",
    "codes": "Problems",
    "codes lead": "Every failure is application/problem+json (RFC 9457). code stays as it is; detail is for "
    "people; what else the refusal knows, such as seat_ids or how many are left, stands in data; "
    "request_id finds it in the log of the box office.",
    "needs": "needs a token with",
    "open": "open to everybody",
    "try": "Try it",
    "send": "Send",
    "body": "Body (JSON)",
    "key": "Idempotency-Key",
    "key hint": "Optional. Sent again with the same content it has one effect, and gets the first answer.",
    "takes": "Takes",
    "gives": "Answers",
    "such as": "For example",
    "streams": "text/event-stream: each message is a JSON text with",
    "stop": "Stop",
    "refuses": "Refuses with",
    "required": "required",
    "optional": "optional",
    "command": "As a command",
    "answer": "Answer",
    "waiting": "Waiting for the answer",
    "away": "No answer came. Is the box office still there?",
    "no script": "Forms to try it need JavaScript. All else on this page does not.",
    "list of": "list of",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "date-time": "instant (RFC 3339)",
    "date": "day (YYYY-MM-DD)",
    "email": "mail address",
}

# What holds for every address, as that page says it.
EVERYWHERE = (
    (
        "Sending again",
        "Every POST takes an `Idempotency-Key`: 1 to 255 visible characters, such as a random UUID. For a "
        "day the same "
        "key with the same content has one effect and gets the first answer again, with "
        "`Idempotency-Replayed: true`. "
        "Spaces and the order of names make no other content. Other content under the key is 422 "
        "`key_reused`; while "
        "the first is worked on, 409 `key_in_flight`.",
    ),
    (
        "Refusals under a key",
        "409 and 410 are kept as answers are: who was told that it is taken does not get it after all by a "
        "repetition. "
        "All other refusals are forgotten, so the same key may be sent again once their reason is gone.",
    ),
    (
        "How often",
        "1,200 requests a minute with a token, 2,400 from an address. Of one holder 300 holds a minute. Of "
        "an address 30 "
        "sign-ins a minute and 300 an hour, 10 new accounts a minute and 60 an hour, 20 wrong codes a "
        "minute and 100 an "
        "hour; 10 wrong passwords a minute for one name. `RateLimit-Limit`, `-Remaining` and `-Reset` "
        "(seconds) tell of "
        "the narrowest; 429 `too_often` says in `Retry-After` when to go on.",
    ),
    (
        "How large",
        "A body is at most 64 kB, also in chunks; above that it is 413 `too_large`. It is one JSON object; "
        "fields that are not "
        "described are refused.",
    ),
    (
        "Tokens",
        "One of `POST /api/seats/login/` is good for 30 days, one of the account page as long as it says "
        "there. A new "
        "password ends all of them.",
    ),
    (
        "Money and time",
        'Prices are decimal texts of the event\'s currency (`"45.00"`); fields in `_minor` are whole numbers of '
        "its smallest unit (4500). Times are RFC 3339 in UTC; those that you send say their offset and are in the "
        "years 2000 to 2200. Of times that run out, `…_in_seconds` says "
        "how long is left, "
        "so that your clock does not matter.",
    ),
)

VERIFY_RULES = (
    "Answer with any status from 200 to 299 within 10 seconds, and work on it afterwards. All else comes "
    "again, after 5, 10, "
    "20 seconds and so on, for three days.",
    "The same message may come twice: its `webhook-id` is the same. Keep the ids of the last days, and drop "
    "what you know.",
    "The order is not promised. When in doubt, ask the API how things are now.",
    "The `secret` comes with `POST /api/webhooks/`, once. After `rotate-secret/` each message has two "
    "signatures for a day.",
)
