# The partner console.

number-thousands = ,
number-per-cent = { $whole } %
number-per-cent-tenths = { $whole }.{ $tenths } %
month-short = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
day-short = { $day } { $month }

console = Console
console-overview = Overview
console-submissions = Submissions
console-verifications = Verification requests
console-requests = Request log
console-credentials = Credentials
console-explorer = Explorer
console-docs = Documentation
console-to-overview = Go to the console overview
console-error-not-found = Check the address. The page may have been deleted, or it may belong to another client.
console-error-unavailable = The database is temporarily unavailable. No data was lost. Try again in a moment.

console-sign-in-title = Sign in to your console
console-sign-in-lead = For partners. Use the client ID and client secret that you use for the API.
console-sign-in-refused = The client ID or client secret is wrong, or the client is disabled. Check both and try again.
console-sign-in-whence = The operator of this server issues both.
console-client-id = Client ID
console-client-secret = Client secret
console-passkey-failed = This did not work. Try again, or use the client secret.

console-first-title = Push your first credential
console-first-token = Put your client secret into the first line, and run all lines in a terminal. They get an access token, store it as TOKEN and print it:
console-first-token-label = Commands that get an access token
console-first-push = In the same terminal, push a credential, here for a made-up person. The response contains the link for that person:
console-first-push-label = Command that pushes a sample credential
console-first-explorer = Try it in the explorer

console-tile-waiting = Pending
console-tile-today = Pushed today (UTC)
console-tile-month = Pushed in the last 30 days
console-tile-accepted = Of which accepted
console-period = Period
console-days = { $days } days
console-chain = Via
console-chain-all = All
console-chain-none = Direct
console-chain-others = Others
console-show = Show
console-nothing-then = No submissions in this period.
console-step = Step
console-outcome = Outcome
console-day = Day
console-count = Count
console-of-all = Of total
console-of-step = Of previous step
console-pushed = Pushed
console-link-opened = Link opened
console-signed-in = Signed in
console-accepted = Accepted
console-declined = Declined
console-expired = Expired
console-unanswered = No decision
console-unanswered-help = No decision: still pending, or withdrawn by you before the person decided. All figures are counted by the day of the push (UTC).
console-funnel-title = Conversion
console-funnel-step = { $step }: { $count }, { $share }.
console-funnel-value = { $count } · { $share }
console-outcomes-title = Outcomes
console-series-title = By day
console-series-accepted = of which accepted
console-series-day = { $day }: { $pushed } pushed, { $accepted } accepted
console-series-most = Highest on { $day }: { $count }.
console-series-none = No submissions.
console-series-table = Show all days as a table
console-chains-title = By institution
console-chains-help = The institutions that you send in partner_chain. Percentages are of the submissions pushed via each of them.

console-limits-title = Usage and limits
console-limit-requests = Requests
console-limit-requests-said = { $second } a second, with bursts of up to { $burst }. The RateLimit header of each response shows what is left.
console-limit-none = This server has no rate limit.
console-limit-used = Pushes
console-limit-used-said = { $today } today, { $month } in the last 30 days.
console-limit-links = Links
console-limit-links-said = Valid for { $hours } hours. Submissions not accepted by then are deleted.
console-limit-body = Maximum body size
console-limit-body-said = { $bytes } bytes; { $documents } bytes for a push of a type that accepts documents, and for a batch.

console-submissions-lead = Everything you pushed and its status, newest first.
console-find = Find by credential_id or request ID
console-find-help = Enter the full ID: a credential_id of yours, or the request_id of a response.
console-find-button = Find
console-find-missed = No submission has this ID. Check that you entered all of it.
console-state = State
console-state-all = All
console-state-waiting = Pending
console-state-accepted = Accepted
console-state-declined = Declined
console-state-expired = Expired
console-state-withdrawn = Withdrawn
console-none-at-all = No submissions yet.
console-none-such = No submissions in this state.
console-none-yet-here = None of the newest 5,000 submissions is in this state. Select “Older” to search further back.
console-pages = Pages of the list
console-older = Older
console-newest = Back to the newest
console-all-submissions = All submissions
console-batch-title = Batch items
console-batch-lead = Submissions from one batch request:

console-means-waiting = The person has not decided yet.
console-means-accepted = The person has added it to their wallet.
console-means-declined = Its data has been deleted.
console-means-expired = It was not accepted in time. Its data has been deleted.
console-means-withdrawn = You withdrew it.
console-replaced = You pushed this ID again on { $moment }. The newer submission replaced this one.
console-decided = Decided
console-reason = Reason
console-reason-declined = Declined by the person
console-reason-expired = Not accepted in time
console-reason-withdrawn = Withdrawn by you. The reason that you sent is encrypted for the person, and the console cannot show it.
console-type = Type
console-request-id = Request ID
console-batch = Batch
console-open-until = Expires
console-link-title = The person's link
console-link-help = The same link as in the response to your push. Send it only to this person: the first person to open it and sign in can see the data, and then the link works only for them.
console-undelivered-rejected = The email with the link was not delivered because the address was rejected. Push the same ID again with a corrected address, or send the person the link yourself.
console-undelivered-expired = The email with the link was not delivered before the link expired. Push the credential again.
console-event-pushed = Pushed by you.
console-event-link-opened = Link opened.
console-event-opened = Person signed in. The link now works only for them.
console-event-accepted = Accepted.
console-event-declined = Declined.
console-event-expired = Expired.
console-event-withdrawn = Withdrawn by you.
console-document-awaited = Not uploaded yet
console-document-fetching = Being fetched
console-document-stored = Stored
console-document-deleted = Deleted because the person did not return to their wallet in time
console-document-address = Its URL points to an address that we do not fetch from
console-document-unreachable = Its URL could not be reached or returned an error
console-document-large = File too large
console-document-content = Wrong file type, damaged file, or a file with active content
console-document-late = Not received before the person decided
console-nothing-personal = This page shows no personal data. What you sent is encrypted, and the console cannot decrypt it.

console-verifications-lead = Everything you asked people to share and its status, newest first.
console-all-verifications = All verification requests
console-asked-find = Find by request ID
console-asked-missed = No verification request has this ID. Check that you entered all of it.
console-state-shared = Shared
console-state-canceled = Declined or expired
console-asked-none-at-all = No verification requests yet.
console-asked-how = How to request a verification
console-asked-none-such = No verification requests match these filters.
console-asked-none-yet-here = None of the newest 5,000 verification requests matches. Select “Older” to search further back.
console-asked-waiting = The person has not responded yet.
console-asked-shared = The person shared what you requested.
console-asked-declined = Nothing was shared.
console-asked-expired = The person did not respond in time.
console-asked-credential = Credential of another issuer
console-asked-claims = Requested details
console-asked-at = Requested
console-asked-nothing-personal = This page shows no personal data.
console-asked-result = How to get the result with the API

console-requests-lead = { $count ->
    [one] Requests with your access tokens in the last day. Failed requests are listed, successful ones are only counted.
   *[other] Requests with your access tokens in the last { $count } days. Failed requests are listed, successful ones are only counted.
}
console-requests-4xx = Your errors (4xx)
console-requests-5xx = Our errors (5xx)
console-requests-time = Enter times like 2026-11-23T09:00.
console-requests-order = “From” is later than “To”. Exchange the two times.
console-requests-from = From (UTC)
console-requests-to = To (UTC)
console-requests-code = Error code
console-requests-failed = List of failed requests
console-requests-none = No failed requests.
console-requests-none-such = No failed requests match these filters.
console-requests-none-yet-here = None of the newest 5,000 failed requests matches. Select “Older” to search further back.
console-requests-all = Counts of all requests
console-requests-all-day = By route and status, in the last 24 hours. Select times to see another period.
console-requests-all-period = By route and status, in the selected period.
console-requests-all-none = No requests.
console-requests-nothing-personal = The log has no bodies, no IDs from paths and no queries. The newest requests appear after a few seconds. Of many failures of the same kind in a minute, only the first 20 are listed; all are counted. Requests without a valid access token are not listed.
console-route = Route
console-status = Status
console-average = Average
console-millis = { $millis } ms
console-request-header = X-Request-Id

console-client-title = API client
console-copy-client-id = Copy client ID
console-since = Created
console-rotated-at = Last rotated on { $moment }
console-never-rotated = Never rotated
console-old-secret = Old secret
console-old-secret-until = Works until { $moment }
console-old-secret-revoke = Revoke old secret
console-sandbox = Sandbox
console-sandbox-said = This is a sandbox partner. Use it only with made-up people.
console-rotate = Rotate secret
console-scopes-title = Permissions
console-scopes-help = The operator of this server grants scopes. Any scope lets you read the status of your own submissions.
console-scope-write = Push: { $title }
console-scope-read = Read the results of verification requests: { $title }
console-scope-other = Granted by the operator
console-hosts-title = Hosts that documents are fetched from
console-hosts-any = Any public host.
console-callbacks-title = Return URLs of verification requests
console-callbacks-none = None yet. Ask the operator to add them.
console-passkeys-help = A passkey lets you sign in to this console with a fingerprint, face or screen lock. It gives no access to the API.
console-passkeys-impossible = Passkeys are not available: they need a server with a host name, not an IP address.
console-passkey-unnamed = Unnamed passkey
console-passkey-name = Name of the new passkey
console-passkey-name-help = Helps you recognise it in this list. For example, the name of your device.
console-passkey-remove-of = Remove the passkey { $name }
console-session-until = This browser is signed in until { $moment }.
console-sessions-others = { $count ->
    [0] No other browser is signed in.
    [one] One other browser is signed in.
   *[other] { $count } other browsers are signed in.
}
console-sign-out-others = Sign out other browsers

console-rotate-title = Rotate the client secret?
console-rotate-lead = You get a new secret. The current one stops working immediately, unless you keep it for a while. Be ready to store the new one.
console-rotate-old = Current secret
console-rotate-old-now = Stops working immediately
console-rotate-old-hour = Keeps working for 1 hour
console-rotate-old-day = Keeps working for 24 hours
console-rotate-old-week = Keeps working for 7 days
console-rotate-old-help = Keep it while you change your systems to the new secret. If it may have leaked, do not keep it.
console-rotate-older = The secret before it, which works until { $moment }, stops working now.
console-rotate-tokens = Access tokens issued with the current secret stay valid until they expire, after at most one hour.
console-rotate-sessions = All other browsers are signed out of this console.
console-rotate-passkeys = { $count ->
    [one] Remove the passkey too
   *[other] Remove the { $count } passkeys too
}
console-rotate-passkeys-help = Select this if the current secret may have leaked: someone else could have used it to add a passkey.
console-rotate-do = Rotate secret
console-rotate-keep = Keep the current secret
console-rotated-title = Your new client secret
console-rotated-old-until = The old secret keeps working for the API until { $moment }. Sign in here with the new one.
console-secret-once = Copy it now. You cannot see it again.
console-back-to-credentials = Back to credentials

console-explorer-lead = Sends real requests to this server with an access token of yours. Anything you push here is really pushed.
console-explorer-closed-title = For sandbox partners only
console-explorer-closed = You push data about real people, and it is easy to send a request by mistake. So the explorer works only for sandbox partners, which use made-up people.
console-explorer-closed-cure = Ask the operator of this server for a sandbox partner. They create one with:
console-explorer-operation = Operation
console-explorer-choose = Select
console-explorer-path = Path
console-explorer-body = Body
console-explorer-secret-help = Sent with the request and never displayed.
console-explorer-token-help = The server adds an access token with all your scopes.
console-explorer-send = Send request
console-explorer-problem-path = Enter a path that starts with /api/partner/ and has no spaces.
console-explorer-problem-name = Replace each name in braces in the path with an ID.
console-explorer-answer = Response
console-explorer-took = after { $millis } ms
console-explorer-faults = Errors
console-explorer-line = line { $line } of the body
console-explorer-suggestion = Did you mean { $suggestion }?
console-explorer-next = Next steps
console-explorer-open-link = Open the link as the person
console-explorer-ask-status = Get its status
console-explorer-see = View it in submissions
console-explorer-answer-body = Response body
console-explorer-empty = The response has no body.
console-explorer-headers = Response headers
console-explorer-curl = The same request with curl

console-webhooks = Webhooks
console-webhooks-lead = We send an event to your webhook as soon as something happens. Events contain IDs and no personal data.
console-webhooks-none-title = No webhooks yet
console-webhooks-none = Without a webhook, you can poll for statuses at any time. With one, you do not need to poll.
console-webhooks-full = { $count ->
   *[other] You have { $count } webhooks, which is the maximum. Delete one to add another.
}
console-webhooks-all = All webhooks
console-webhook-new = Add webhook
console-webhook-new-title = Add webhook
console-webhook-edit-title = Edit webhook
console-webhook-back = Back to the webhook
console-webhook-about = Webhook details
console-form-wrong = Correct the fields marked below.
console-webhook-url = URL
console-webhook-url-help = An https URL on a public host, without a user name, password or fragment.
console-webhook-name = Name (optional)
console-webhook-description = Description (optional)
console-webhook-events = Events
console-webhook-make = Create webhook
console-webhook-save = Save
console-webhook-edit = Edit
console-webhook-test = Send test event
console-webhook-secret = Secret
console-webhook-previous = Deliveries are also signed with the previous secret until { $moment }.
console-webhook-good = Active
console-webhook-failures = { $count ->
    [one] Active; the last attempt failed
   *[other] Active; the last { $count } attempts failed
}
console-webhook-paused = Paused until { $moment } after too many failed attempts in a row
console-webhook-probation = Trying one event after too many failed attempts in a row
console-webhook-disabled = Disabled since { $moment }: your server returned 410 (Gone)
console-webhook-disabled-cure = Nothing is sent, and new events count as failed. To enable the webhook again, select “Edit” and save it. Then resend the failed events.
console-webhook-secret-title = The webhook's secret
console-webhook-secret-once = Copy it now. You cannot see it again.
console-webhook-overlap = Deliveries are also signed with the previous secret for 24 hours, so you can switch without missing any.
console-webhook-secret-plain = Secret
console-webhook-secret-plain-help = The key for X-Signature. Use these 64 characters as they are; do not decode them.
console-webhook-secret-standard = Secret for Standard Webhooks libraries
console-webhook-secret-standard-help = The same key in the format that these libraries expect.
console-webhook-go-on = Continue to the webhook
console-webhook-delete-title = Delete this webhook?
console-webhook-delete-what = It receives no more events, and its log is deleted.
console-webhook-delete-do = Delete webhook
console-webhook-rotate-title = Rotate this webhook's secret?
console-webhook-rotate-what = You get a new secret. For 24 hours, deliveries are also signed with the current secret. Any older secret stops working now.
console-webhook-leave = Cancel

console-event-type-verified = A person shared what you requested
console-event-type-canceled = A verification request was canceled or expired
console-event-type-created = You pushed a credential
console-event-type-opened = A person's link was opened
console-event-type-signed-in = A person signed in to review a push
console-event-type-accepted = A person accepted a push
console-event-type-ended = A push was declined, withdrawn or expired
console-event-type-undelivered = An email with a link was not delivered
console-event-type-test = Test event

console-log = Delivery log
console-log-help = Each event with its body, every attempt, and the first 1 KiB of your server's response.
console-sent-body = Body as sent
console-received-body = Your server's response
console-hook-success = Last success
console-hook-failure = Last failure
console-hook-never = None recorded
console-hook-rate = Failed attempts, last 24 hours
console-hook-waiting = Waiting
console-log-none = No deliveries yet. Send a test event to see what your server receives.
console-log-none-such = No deliveries in this state.
console-delivery-waiting = Waiting
console-delivery-delivered = Delivered
console-delivery-failed = Failed
console-delivered-at = Delivered { $moment }
console-given-up = Failed. You can resend it.
console-to-be-sent = Queued
console-again-at = Next attempt { $moment }
console-after-pause = Next attempt when the pause ends
console-attempts = { $count ->
    [0] No attempts yet
    [one] One attempt
   *[other] { $count } attempts
}
console-attempt-answered = Your server returned { $status } after { $millis } ms.
console-attempt-late = Timed out after { $millis } ms.
console-attempt-refused = Not sent: the host name resolves to an address that is not public.
console-attempt-unreachable = Connection failed, or the TLS certificate is not valid ({ $millis } ms).
console-event-id = Event ID
console-credential-id = Your ID
console-happened = Time of the event
console-send-again = Resend
console-send-again-of = Resend event { $event }
console-range-title = Resend deliveries from a period
console-range-help = Resends every event of the period except those still waiting. Each keeps its event ID. Enter times in UTC.
console-range-from = From
console-range-to = To
console-range-state = State
console-range-failed = Failed
console-range-delivered = Delivered
console-range-both = Both

notice-console-ended = Your session has ended. Sign in again to continue.
notice-console-signed-out = You have signed out of the console.
notice-console-others-ended = Other browsers have been signed out.
notice-console-old-secret-revoked = Old secret revoked. Only the current secret works.
notice-console-passkey-added = Passkey added. You can now sign in with it.
notice-console-passkey-removed = Passkey removed here. You may also want to delete it from your device.
notice-console-webhook-changed = Saved. Waiting events are retried now.
notice-console-webhook-deleted = Webhook deleted.
notice-console-test-sent = Test event queued. Reload the page to see the result.
notice-console-replayed = Queued for resending. Reload the page to see the result.
notice-console-replayed-none = There was nothing to resend in this period.
