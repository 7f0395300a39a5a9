API=http://127.0.0.1:8000/api

# 1. An account, and a token for it.
TOKEN=$(curl -s "$API/seats/register/" --json '{"username": "ada", "email": "ada@example.org", "password": "velvet tram piano"}' | jq -r .token)

# 2. An event with numbered seats: the first film or play that is on sale.
EVENT=$(curl -s "$API/events/?limit=100" | jq '[.events[] | select(.sale == "on_sale" and (.kind | IN("film", "theatre")))][0].id')

# 3. Hold the two best seats together. Sent again with the same key it is still two seats.
curl -s "$API/events/$EVENT/best-available/" -H "Authorization: Bearer $TOKEN" \
     -H "Idempotency-Key: $(date +%s%N)" --json '{"quantity": 2}' | tee held.json | jq .message

# 4. Reserve what is held. Where it has to be paid online, the answer has a pay_url.
curl -s "$API/events/$EVENT/reserve/" -H "Authorization: Bearer $TOKEN" \
     --json "$(jq '{seat_ids: [.seats[].id]}' held.json)" | tee reserved.json | jq .message

# 5. What is mine.
curl -s "$API/reservations/" -H "Authorization: Bearer $TOKEN" | jq '.reservations[] | [.id, .status, .seats, .total_price]'

# 6. Cancel it: its seats are on sale again.
curl -s -X POST "$API/reservations/$(jq -r .reservation_id reserved.json)/cancel/" -H "Authorization: Bearer $TOKEN" | jq .message
