#!/usr/bin/env bash
# Gets a token, pushes a credential and reads its status:
#   TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. bash curl.sh
# Verifies webhooks, each on a line of timestamp, signature and body:
#   WEBHOOK_SECRET=.. bash curl.sh webhooks
# Requires curl and openssl. For testing only: other users of the machine can see the secret in the
# arguments of openssl.
set -euo pipefail

# member NAME: prints the value of one member of the JSON on standard input. Use jq if you have it.
member() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'; }

push_and_ask() {
    local token pushed id
    token=$(curl -sS --fail-with-body "$TENURE_URL/api/partner/v1/oauth/token" \
        -d grant_type=client_credentials -d "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" |
        member access_token)

    # A unique id of your choice. Repeating a push with the same id returns the same link.
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

declare -A seen # Ids of handled events. Store them in your database.

# check TIMESTAMP SIGNATURE BODY: prints accepted, repeated or refused.
check() {
    local timestamp=$1 signature=$2 body=$3 age expected id
    [[ $timestamp =~ ^[0-9]{1,12}$ ]] || { echo refused; return; }
    age=$(($(date +%s) - 10#$timestamp))
    expected=$(printf '%s.%s' "$timestamp" "$body" | digest -hmac "$WEBHOOK_SECRET")
    # Compares digests, so that the timing of the comparison does not reveal the signature.
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
