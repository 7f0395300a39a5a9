API=http://127.0.0.1:8000/api
call() { curl -s --fail-with-body -H "Authorization: Bearer $1" -H "Idempotency-Key: $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" "${@:2}"; }

# 1. Somebody of the box office signs in; these two are of the demonstration.
STAFF=$(curl -s "$API/seats/login/" --json '{"username": "boxoffice", "password": "curtain-goes-up", "scopes": ["read", "book", "staff"]}' | jq -r .token)
BUYER=$(curl -s "$API/seats/login/" --json '{"username": "alice", "password": "curtain-goes-up"}' | jq -r .token)

# 2. A hall: 26 numbered seats in two rows.
PLAN=$(call "$STAFF" "$API/staff/plans/" --json '{"name": "Great hall", "venue": "Lyric Hall", "time_zone": "Europe/Berlin",
  "file": "zone,row,start,end\nStalls,A,1,12\nStalls,B,1,14\n"}' | jq .plan_id)

# 3. An event in it with standing places beside the seats, at its prices. A child pays half; EARLY10 takes 10 % off.
EVENT=$(call "$STAFF" "$API/staff/events/" --json '{"show": {"title": "The Quiet Hour", "kind": "theatre"}, "plan_id": '"$PLAN"',
  "areas": [{"kind": "standing", "name": "Floor", "capacity": 40}], "starts_at": "2040-03-14T18:30:00Z",
  "ends_at": "2040-03-14T21:00:00Z", "price": "45.00", "prices": [{"category": "Floor", "price": "20.00"}],
  "payment": "counter"}' | jq .event.id)
call "$STAFF" "$API/staff/events/$EVENT/concessions/" --json '{"name": "Child", "percent_off": 50}' | jq -c .concessions
call "$STAFF" "$API/staff/events/$EVENT/codes/" --json '{"code": "EARLY10", "percent_off": 10}' | jq -c '.codes[].code'

# 4. Publish it: now it is on sale.
call "$STAFF" -X POST "$API/staff/events/$EVENT/publish/" | jq .message

# 5. Somebody buys two seats, one for a child, with the code; they pay at your window.
call "$BUYER" "$API/events/$EVENT/best-available/" --json '{"quantity": 2}' | tee held.json | jq .message
CHILD=$(curl -s "$API/events/$EVENT/" | jq '.event.concessions[0].id')
call "$BUYER" "$API/events/$EVENT/basket/concessions/" \
   --json "$(jq -c --argjson child "$CHILD" '{choices: [{seat_id: .seats[0].id, concession_id: $child}]}' held.json)" | jq .basket.total_price
call "$BUYER" "$API/events/$EVENT/basket/code/" --json '{"code": "EARLY10"}' | jq .basket.total_price
call "$BUYER" "$API/events/$EVENT/reserve/" --json "$(jq -c '{seat_ids: [.seats[].id]}' held.json)" | tee reserved.json | jq .message
ORDER=$(jq -r .reservation_id reserved.json)
call "$STAFF" "$API/staff/reservations/$ORDER/take/" --json '{"how": "cash"}' | jq .message

# 6. And three standing places, sold at the window to whoever stands there.
FLOOR=$(curl -s "$API/events/$EVENT/" | jq '.event.areas[] | select(.kind == "standing") | .id')
call "$STAFF" "$API/events/$EVENT/areas/$FLOOR/hold/" --json '{"quantity": 3}' | jq .message
call "$STAFF" "$API/staff/events/$EVENT/sell/" --json '{"how": "card"}' | jq .message

# 7. What it brought.
call "$STAFF" "$API/staff/events/$EVENT/" | jq -c '.event | [.orders, .value, .takings.came_in]'

# 8. The buyer cannot come: the order is cancelled, and you give the money back.
call "$STAFF" -X POST "$API/staff/reservations/$ORDER/cancel/" | jq .message
REFUND=$(call "$STAFF" "$API/staff/reservations/$ORDER/" | jq '.reservation.payments[0].refunds[0].id')
call "$STAFF" -X POST "$API/staff/reservations/$ORDER/refunds/$REFUND/paid-out/" | jq .message

# 9. Sell nothing more; and if it does not take place at all, everybody gets their money back.
call "$STAFF" -X POST "$API/staff/events/$EVENT/sale/close/" | jq .message
call "$STAFF" -X POST "$API/staff/events/$EVENT/cancel/" | jq .message
