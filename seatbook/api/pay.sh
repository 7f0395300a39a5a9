API=http://127.0.0.1:8000/api
TOKEN=$(curl -s "$API/seats/login/" --json '{"username": "alice", "password": "curtain-goes-up"}' | jq -r .token)

# 1. The first event on sale whose places are paid online; two of them are held and reserved.
for EVENT in $(curl -s "$API/events/?limit=100" | jq '.events[] | select(.sale == "on_sale" and .lowest_price != null).id'); do
  [ "$(curl -s "$API/events/$EVENT/" | jq -r '.event | select(any(.areas[]; .kind == "seated")).payment')" != online ] || break
done
curl -s "$API/events/$EVENT/best-available/" -H "Authorization: Bearer $TOKEN" --json '{"quantity": 2}' > held.json
curl -s "$API/events/$EVENT/reserve/" -H "Authorization: Bearer $TOKEN" \
     --json "$(jq '{seat_ids: [.seats[].id]}' held.json)" | tee reserved.json | jq -r '.status, .expires_in_seconds'

# 2. pay_url is a page for a person: the buyer opens it in a browser and pays there.
PAGE=$(jq -r .pay_url reserved.json)

# 3. Where payments are on trial (PAYMENT_PROVIDER=sandbox) a script can press its button; becomes=failed lets it fail.
CSRF=$(curl -s -c cookies.txt "$PAGE" | grep -o 'name="csrf_token" value="[^"]*"' | head -n 1 | cut -d '"' -f 4)
curl -s -o answer.html -b cookies.txt -e "$PAGE" "$PAGE" --data-urlencode "csrf_token=$CSRF" -d becomes=paid -d stay=1

# 4. The places are the buyer's as soon as the box office has heard of the money: seconds later.
ORDER=$(jq -r .reservation_id reserved.json)
for _ in $(seq 30); do
  curl -s "$API/reservations/$ORDER/" -H "Authorization: Bearer $TOKEN" > order.json
  [ "$(jq -r .reservation.status order.json)" = pending ] || break
  sleep 1
done
jq -r '.reservation | .status, .payment.status' order.json
curl -s "$API/reservations/$ORDER/tickets/" -H "Authorization: Bearer $TOKEN" | jq -r '.tickets[] | [.seat_number, .section, .code] | @tsv'
