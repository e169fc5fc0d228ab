# How a delivery to a webhook looks and is checked, in the reference of the API.

docs-hooks = What a webhook receives
docs-hooks-lead = We POST each event as JSON to your address. Check it before you believe it, answer any 2xx within 10 seconds, and do what takes longer afterwards.
docs-hooks-body-title = Body
docs-hooks-body = event_id, request_id, type, created_at; of atsp_request events also credential_id, your own. It says nothing of the person: ask by the ids. Of a batch, request_id is the batch's and credential_id the item's.
docs-hooks-types-title = type
docs-hooks-types = vwsp_request.verified and vwsp_request.canceled: a verification request was answered, or canceled or expired. A canceled event has a reason: declined, expired or withdrawn. atsp_request.created, .opened (a browser handed the link over), .signed_in, .verified (accepted), .canceled (declined, expired, or withdrawn by you): a push, if you ask for them by events. tenure.test: somebody tries the webhook out.
docs-hooks-signature = The HMAC-SHA256, in lower-case hexadecimal, of the text of X-Timestamp, a full stop, and the body exactly as it came. The key is the 64 characters of the secret as they stand. Compare in constant time.
docs-hooks-timestamp = Seconds since 1970. Refuse what is more than 900 seconds old, or as far ahead.
docs-hooks-previous = For 24 hours after a rotation: the same by the secret before. One of the two must be right.
docs-hooks-repeats-title = event_id
docs-hooks-repeats = An event may come more than once, always with the same event_id and body. Remember it for four days, drop what you know, and answer 2xx to it all the same.
docs-hooks-standard = The same event signed as Standard Webhooks wants it; its libraries take standard_webhooks_secret.
docs-hooks-retries-title = Retries
docs-hooks-retries = What is not answered by a 2xx is sent again for three days, at first after seconds, later after hours. Redirects are not followed. A 410 disables your webhook: nothing more is sent, and what waits or happens meanwhile counts as failed. Update the webhook to enable it again, then replay what failed. The first attempts of one request's events come in the order in which they happened. After several failures in a row your webhook is paused for up to five minutes at a time, and tried by one event.
