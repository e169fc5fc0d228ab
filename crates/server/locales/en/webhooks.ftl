# Webhook deliveries and how to verify them, in the API reference.

docs-hooks = Webhook deliveries
docs-hooks-lead = We send each event as JSON in a POST request to your URL. Verify the signature before you use the event, return any 2xx within 10 seconds, and do longer work afterwards.
docs-hooks-body-title = Body
docs-hooks-body = event_id, request_id, type and created_at. Events of type atsp_request also have credential_id, your own id. Events contain no personal data: use the ids to get the status or result. For a batch, request_id identifies the batch and credential_id the item.
docs-hooks-types-title = type
docs-hooks-types = vwsp_request.verified and vwsp_request.canceled: the person shared what a verification request asked for, or the request was canceled or expired. A canceled event has a reason: declined, expired or withdrawn. If you subscribe to them, you also get the events of a push: atsp_request.created, .opened (the link was opened in a browser), .signed_in, .verified (accepted), .canceled (declined, expired, or withdrawn by you) and .notify_failed (the email with the link was not delivered). tenure.test: a test of the webhook.
docs-hooks-signature = HMAC-SHA256, in lower-case hexadecimal, over the value of X-Timestamp, a full stop and the raw request body. The key is the 64 characters of the secret as they are, not decoded. Compare in constant time.
docs-hooks-timestamp = Seconds since 1970. Reject a delivery whose timestamp differs from your clock by more than 900 seconds.
docs-hooks-previous = For 24 hours after a rotation: the same signature, made with the previous secret. Accept the delivery if one of the two is valid.
docs-hooks-repeats-title = event_id
docs-hooks-repeats = An event may be delivered more than once, always with the same event_id and body. Store each event_id for four days, ignore duplicates, and return 2xx for them too.
docs-hooks-standard = The same event, signed as Standard Webhooks specifies. Libraries for it use standard_webhooks_secret.
docs-hooks-retries-title = Retries
docs-hooks-retries = A delivery without a 2xx response is retried for three days, with delays that grow from seconds to hours. Redirects are not followed. A 410 response disables your webhook: nothing more is sent, and waiting and new events count as failed. Update the webhook to enable it again, then replay the failed events. The first attempts for the events of one request are made in the order of the events. After several failures in a row your webhook is paused for up to five minutes at a time, then one event is tried.
