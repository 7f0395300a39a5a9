"""Whether the books are right: seats, claims, reservations and the log must tell one story.

Written apart from `seatbook.queries.audit`, in another language and from the
product's words alone, so that each of the two may find what the other misses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from seatbook.queries.audit import audit_books
from tests.snapshot import all_rows, rows_of

Row = dict[str, Any]
Key = tuple[int, int]

# Seat states and the reasons that may lead from one to the next. Nothing else.
STEPS = {
    ("available", "held"): {"hold", "move"},
    ("held", "available"): {"release", "expire", "move"},
    ("held", "reserved"): {"reserve", "move"},
    ("reserved", "available"): {"cancel", "move"},
    ("available", "blocked"): {"block"},
    ("blocked", "available"): {"unblock"},
}
OUTCOMES = {"release": "released", "expire": "expired", "cancel": "cancelled", "move": "moved"}
OPEN = ("held", "pending")
LIVE = ("held", "pending", "confirmed")


def assert_books_are_right() -> None:
    """Fail with every contradiction that can be found."""
    faults = list(find_faults())
    assert faults == [], faults
    assert audit_books().findings == ()


def find_faults(event_id: int | None = None) -> Iterator[str]:
    """Every contradiction, of one event or of all, as a sentence."""
    books = all_rows(event_id)
    seats = {_key(row): row for row in books["seat"]}
    reservations = {_key(row): row for row in books["reservation"]}
    lines: dict[Key, list[Row]] = defaultdict(list)
    lines_of_reservation: dict[Key, list[Row]] = defaultdict(list)
    for line in books["reservation_seat"]:
        lines[line["event_id"], line["seat_id"]].append(line)
        lines_of_reservation[line["event_id"], line["reservation_id"]].append(line)
    log: dict[Key, list[Row]] = defaultdict(list)
    for change in books["seat_change"]:
        log[change["event_id"], change["seat_id"]].append(change)

    for key, seat in seats.items():
        yield from _faults_of_seat(seat, lines[key], reservations)
        yield from _faults_of_log(seat, log[key], lines[key])
    for key, reservation in reservations.items():
        yield from _faults_of_reservation(reservation, lines_of_reservation[key])
    yield from _faults_of_holders(books["event"], reservations, lines_of_reservation)
    yield from _faults_of_money(books, reservations)
    yield from _faults_of_codes(books)
    yield from _faults_of_parties(books, reservations)


def _faults_of_seat(seat: Row, lines: list[Row], reservations: dict[Key, Row]) -> Iterator[str]:
    name = f"seat {seat['id']}"
    claims = [line["reservation_id"] for line in lines if line["ended_at"] is None]
    owners = [seat["reservation_id"]] if seat["status"] in ("held", "reserved") else []
    if claims != owners:
        yield f"{name} is {seat['status']} by {owners} and claimed by {claims}"
    for owner in owners:
        reservation = reservations[seat["event_id"], owner]
        if seat["status"] == "reserved" and reservation["status"] != "confirmed":
            yield f"{name} is reserved by a reservation that is {reservation['status']}"
        if seat["status"] == "held" and (
            reservation["status"] not in OPEN or reservation["expires_at"] != seat["held_until"]
        ):
            yield f"{name} is held until {seat['held_until']} by {reservation}"


def _faults_of_log(seat: Row, log: list[Row], lines: list[Row]) -> Iterator[str]:
    """Replay the log, which must lead to the seat as it is, and through every line that it ever had."""
    name = f"seat {seat['id']}"
    status = log[0]["from_status"] if log else seat["status"]
    if status not in ("available", "blocked"):
        yield f"{name} began as {status}"
    owner: int | None = None
    told: list[tuple[int | None, str | None]] = []
    for change in log:
        step = (change["from_status"], change["to_status"])
        if change["from_status"] != status:
            yield f"{name} was {status} when change {change['id']} says {step}"
        if change["reason"] not in STEPS.get(step, ()):
            yield f"{name}: change {change['id']} is {step} for the reason {change['reason']}"
        if owner is not None and change["reservation_id"] != owner:
            yield f"{name} was of reservation {owner} when change {change['id']} names another"
        status = change["to_status"]
        if status == "held":
            owner = change["reservation_id"]
            told.append((owner, None))
        elif status == "available" and owner is not None:
            told[-1] = (owner, OUTCOMES[change["reason"]])
            owner = None
    if (status, owner) != (seat["status"], seat["reservation_id"]):
        yield f"{name} is {seat['status']} of {seat['reservation_id']}, and its log says {status} of {owner}"
    # Another party is another line, and no change of the seat.
    written = [
        (line["reservation_id"], line["outcome"])
        for line, after in zip_longest(lines, lines[1:])
        if not (after and line["outcome"] == "moved" and _says_another_party(after, line))
    ]
    if told != written:
        yield f"{name} has the lines {written}, and its log says {told}"


def _says_another_party(line: Row, before: Row) -> bool:
    is_same = line["reservation_id"] == before["reservation_id"]
    return (
        is_same
        and None not in (line["party_size"], before["party_size"])
        and line["party_size"] != before["party_size"]
    )


def _faults_of_reservation(reservation: Row, lines: list[Row]) -> Iterator[str]:
    name, status = f"reservation {reservation['id']}", reservation["status"]
    open_lines = [line for line in lines if line["ended_at"] is None]
    if bool(open_lines) != (status in LIVE):
        yield f"{name} is {status} and has {len(open_lines)} open claims"
    paid_for = open_lines if status == "confirmed" else [x for x in lines if x["outcome"] == "cancelled"]
    due = sum(line["price_minor"] for line in paid_for) if status in ("confirmed", "cancelled") else None
    if reservation["total_minor"] != due:
        yield f"{name} is {status} for {reservation['total_minor']}, and its seats cost {due}"
    # Who pays is kept longer than the deadline, and gets places that nobody took also after the end.
    end = reservation["payment_due_at"] or reservation["expires_at"]
    if reservation["confirmed_at"] and not reservation["checkout_at"] and reservation["confirmed_at"] >= end:
        yield f"{name} was confirmed after its end"
    if status == "pending" and not reservation["checkout_at"]:
        yield f"{name} is pending and never began to be paid"
    for line in lines:
        if line["outcome"] == "expired" and line["ended_at"] < end:
            yield f"{name} lost seat {line['seat_id']} by time before its end"


def _faults_of_holders(
    events: list[Row], reservations: dict[Key, Row], lines: dict[Key, list[Row]]
) -> Iterator[str]:
    most = {event["id"]: event["max_seats"] for event in events}
    now = datetime.now(UTC)
    places: Counter[Key] = Counter()
    holds: Counter[Key] = Counter()
    for key, reservation in reservations.items():
        holder = (reservation["event_id"], reservation["holder_id"])
        holds[holder] += reservation["status"] == "held"
        # A basket whose time is over is nobody's, whether or not that was written down.
        is_over = reservation["status"] == "held" and reservation["expires_at"] <= now
        if reservation["status"] in LIVE and not is_over:
            places[holder] += sum(line["ended_at"] is None for line in lines[key])
    for holder, count in places.items():
        if count > most[holder[0]]:
            yield f"holder {holder[1]} has {count} places of event {holder[0]}"
    for holder, count in holds.items():
        if count > 1:
            yield f"holder {holder[1]} has {count} open holds of event {holder[0]}"


def _faults_of_money(books: dict[str, list[Row]], reservations: dict[Key, Row]) -> Iterator[str]:
    """Every cent is with us for places that somebody has, or on its way back, or on a person's desk."""
    back: Counter[Key] = Counter()
    for refund in books["refund"]:
        back[refund["event_id"], refund["payment_id"]] += refund["amount_minor"]
    steps: dict[Key, list[str]] = defaultdict(list)
    for step in books["payment_step"]:
        steps[step["event_id"], step["payment_id"]].append(step["step"])
    paid_for: Counter[Key] = Counter()
    for payment in books["payment"]:
        name, event_id = f"payment {payment['id']}", payment["event_id"]
        came = payment["received_minor"] or payment["amount_minor"]
        kept = came - back[_key(payment)]
        if payment["status"] != "paid":
            if back[_key(payment)] or payment["settlement"]:
                yield f"{name} is {payment['status']}, {payment['settlement']}, and {kept} of it is kept"
            continue
        if steps[_key(payment)].count("paid") != 1:
            yield f"{name} has the steps {steps[_key(payment)]}"
        match payment["settlement"]:
            case "refunded":
                if kept:
                    yield f"{name} is refunded, and {kept} of it is kept"
            case "confirmed":
                bought = reservations[event_id, payment["settled_reservation_id"]]
                paid_for[_key(bought)] += 1
                value = bought["total_minor"] if bought["status"] == "confirmed" else 0
                if kept != value:
                    yield f"{name} keeps {kept} for {bought}"
            case "offered" | "review":
                if kept != came:
                    yield f"{name} is {payment['settlement']}, and some of it went back"
            case other:
                yield f"{name} is paid and settled as {other}"
    online = {event["id"] for event in books["event"] if event["payment"] == "online"}
    for key, reservation in reservations.items():
        is_due = reservation["status"] == "confirmed" and key[0] in online and reservation["total_minor"] > 0
        if is_due and paid_for[key] != 1:
            yield f"reservation {key} was bought with {paid_for[key]} payments"


def _faults_of_codes(books: dict[str, list[Row]]) -> Iterator[str]:
    """A code is in no more purchases, and baskets on their way to one, than it may be, in all and of one buyer."""
    live = {_key(row): row for row in books["reservation"] if row["status"] in ("pending", "confirmed")}
    uses: Counter[Key] = Counter()
    by_holder: Counter[tuple[int, int, int]] = Counter()
    for use in rows_of("discount_use", order_by="reservation_id"):
        event_id, code_id = use["event_id"], use["discount_code_id"]
        if (event_id, use["reservation_id"]) in live:
            holder_id = live[event_id, use["reservation_id"]]["holder_id"]
            uses[event_id, code_id] += 1
            by_holder[event_id, code_id, holder_id] += 1
    codes = {_key(code): code for code in books["discount_code"]}
    for key, code in codes.items():
        if code["max_uses"] is not None and uses[key] > code["max_uses"]:
            yield f"code {code['code']} may be used {code['max_uses']} times, and is {uses[key]} times"
    for (event_id, code_id, holder_id), count in by_holder.items():
        most = codes[event_id, code_id]["max_uses_per_holder"]
        if most is not None and count > most:
            yield f"holder {holder_id} uses code {code_id} {count} times, and may {most} times"


def _faults_of_parties(books: dict[str, list[Row]], reservations: dict[Key, Row]) -> Iterator[str]:
    """Of a party no more pay less than come, and each of them pays their own part: a basket costs just that, and a
    code or late money that was too little only makes it less."""
    less_by = {_key(one): one["percent_off"] for one in books["concession"]}
    fewer: dict[Key, list[Row]] = defaultdict(list)
    for row in books["party_concession"]:
        fewer[row["event_id"], row["reservation_seat_id"]].append(row)
    lines = {_key(line): line for line in books["reservation_seat"]}
    has_code = {(use["event_id"], use["reservation_id"]) for use in rows_of("discount_use", order_by="1, 2")}
    for key, rows in fewer.items():
        line, name = lines[key], f"line {key[1]}"
        people = sum(row["people"] for row in rows)
        if line["party_size"] is None or people > line["party_size"]:
            yield f"{name} is for {line['party_size']}, and {people} of them pay less"
            continue
        if line["concession_id"] is not None:
            yield f"{name} has the concession {line['concession_id']} and those of {people} people"
        price = line["price_minor"] - line["fee_minor"]
        full = price if line["full_price_minor"] is None else line["full_price_minor"]
        unit = full // line["party_size"]
        # A half is rounded upwards, for each of them.
        off = sum(
            row["people"]
            * (unit - (unit * (100 - less_by[row["event_id"], row["concession_id"]]) + 50) // 100)
            for row in rows
        )
        reservation = (key[0], line["reservation_id"])
        is_basket = reservations[reservation]["status"] == "held" and line["ended_at"] is None
        if price > full - off or (price != full - off and is_basket and reservation not in has_code):
            yield f"{name} costs {price} of {full}, and its party's concessions take off {off}"


def _key(row: Row) -> Key:
    return row["event_id"], row["id"]
