"""What schemathesis cannot know: a key of a request is its own, and good once; and where there is something."""

from __future__ import annotations

import json
import os
import random
import re
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis.core.parameters import ParameterLocation

KEY = "Idempotency-Key"
GOOD = re.compile(r"[\x21-\x7e]{1,255}")
KNOWN = json.loads(os.environ.get("SEATBOOK_KNOWN", "[]"))
DICE = random.Random(0)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    _give_a_key_of_its_own(case)
    _lead_to_what_is_there(case)


def _give_a_key_of_its_own(case: Any) -> None:
    """Two requests with one key and other content are refused, and rightly."""
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and GOOD.fullmatch(key):
        case.headers[KEY] = str(uuid4())


def _lead_to_what_is_there(case: Any) -> None:
    """Two of three addresses that are well formed lead to something: by chance nobody meets a reference."""
    names = set(case.path_parameters or {})
    if not names or case.meta is None or case.meta.is_negative_at(ParameterLocation.PATH):
        return
    fitting = [address for address in KNOWN if names <= set(address)]
    if fitting and DICE.random() < 2 / 3:
        address = DICE.choice(fitting)
        for name in names:
            case.path_parameters[name] = address[name]
