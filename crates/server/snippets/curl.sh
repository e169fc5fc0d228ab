#!/usr/bin/env bash
# A token, a push and its status:  TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. bash curl.sh
# Or checks webhooks, each a line of timestamp, signature, body:  WEBHOOK_SECRET=.. bash curl.sh webhooks
# It needs curl and openssl. openssl shows its key to whoever else is on this machine: to try things out, not to receive.
set -euo pipefail

# member NAME: the text of one member of the JSON on standard input. Where there is jq, use that.
member() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'; }

push_and_ask() {
    local token pushed id
    token=$(curl -sS --fail-with-body "$TENURE_URL/api/partner/v1/oauth/token" \
        -d grant_type=client_credentials -d "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" |
        member access_token)

    # An id of your own. The same one again is answered with the same link.
    id="payroll-$(date +%s)-$RANDOM"
    pushed=$(curl -sS -w '\n%{http_code}' "$TENURE_URL/api/partner/v2/add/requests/career_history" \
        -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d @- <<JSON
{
  "credential_id": "$id",
  "fields": {
    "full_name": "Ada Example",
    "employment": [{
      "organisation": "Company A",
      "role_title": "Engineer",
      "start_date": "2021-03",
      "last_processed_month": "2024-05"
    }]
  }
}
JSON
    )
    printf '%s %s\n' "${pushed##*$'\n'}" "$(member redirect_uri <<<"$pushed")"

    curl -sS --fail-with-body "$TENURE_URL/api/partner/v2/submissions/$id/status" \
        -H "Authorization: Bearer $token" | member status
}

digest() { openssl dgst -sha256 "$@" -r | cut -d ' ' -f 1; }

declare -A seen # Event ids that were handled: keep yours in a database.

# check TIMESTAMP SIGNATURE BODY: accepted, repeated or refused.
check() {
    local timestamp=$1 signature=$2 body=$3 age expected id
    [[ $timestamp =~ ^[0-9]{1,12}$ ]] || { echo refused; return; }
    age=$(($(date +%s) - 10#$timestamp))
    expected=$(printf '%s.%s' "$timestamp" "$body" | digest -hmac "$WEBHOOK_SECRET")
    # What is compared are digests, whose common beginnings tell nothing of the signature.
    if ((age > 900 || age < -900)) || [ "$(digest <<<"$expected")" != "$(digest <<<"$signature")" ]; then
        echo refused
        return
    fi
    id=$(member event_id <<<"$body")
    if [ -n "${seen[$id]:-}" ]; then echo repeated; else echo accepted; fi
    seen[$id]=1
}

if [ "${1:-}" = webhooks ]; then
    while read -r timestamp signature body; do check "$timestamp" "$signature" "$body"; done
else
    push_and_ask
fi
