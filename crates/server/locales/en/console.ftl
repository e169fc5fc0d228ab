# The partner's console.

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
console-credentials = Credentials
console-explorer = Explorer
console-to-overview = To the overview of the console
console-error-not-found = The address may be mistyped, or what was here is gone, or it is not yours.
console-error-unavailable = The store cannot be used at the moment. Nothing is lost; please try again in a moment.

console-sign-in-title = Sign in to your console
console-sign-in-lead = For partners: with the client id and the client secret that you use at the API.
console-sign-in-refused = The client id or the client secret is wrong, or the client is disabled.
console-sign-in-whence = Whoever runs this server gives you both.
console-client-id = Client id
console-client-secret = Client secret
console-passkey-failed = That did not work. Try again, or sign in with the client secret.

console-first-title = Push something
console-first-token = Get a token with your client secret:
console-first-token-label = Line that gets a token
console-first-push = Send what you know of a person, here a made-up one. The answer holds the link for that person:
console-first-push-label = Line that pushes a sample
console-first-explorer = Try it here instead

console-tile-waiting = Waiting for an answer now
console-tile-today = Pushed today (UTC)
console-tile-month = Pushed in 30 days
console-tile-accepted = Accepted of those
console-period = Time
console-days = { $days } days
console-chain = By way of
console-chain-all = All ways
console-chain-none = Nobody: from you directly
console-chain-others = Others together
console-show = Show
console-nothing-then = Nothing was pushed in this time.
console-step = Step
console-outcome = Outcome
console-day = Day
console-count = Count
console-of-all = Of all
console-of-step = Of the step before
console-pushed = Pushed
console-link-opened = Link opened
console-signed-in = Signed in
console-accepted = Accepted
console-declined = Declined
console-expired = Expired
console-unanswered = No answer
console-unanswered-help = No answer: still open, or withdrawn by you before there was one. All of it is counted by the day of the push.
console-funnel-title = How far pushes go
console-funnel-step = { $step }: { $count }, { $share }.
console-funnel-value = { $count } · { $share }
console-outcomes-title = How they ended
console-series-title = Day by day
console-series-accepted = of those, accepted
console-series-day = { $day }: { $pushed } pushed, { $accepted } accepted
console-series-most = Most on { $day }: { $count }.
console-series-none = Nothing was pushed.
console-series-table = All days as a table
console-chains-title = By way of whom
console-chains-help = The institutions that you name in partner_chain. Shares are of what was pushed that way.

console-limits-title = Usage and limits
console-limit-requests = Requests
console-limit-requests-said = { $second } a second, and { $burst } at once. Every answer's RateLimit header says what is left.
console-limit-none = Not limited on this server.
console-limit-used = Pushes
console-limit-used-said = { $today } today, { $month } in 30 days.
console-limit-links = Links
console-limit-links-said = Good for { $hours } hours; what nobody has accepted by then is deleted.
console-limit-body = Largest body
console-limit-body-said = { $bytes } bytes

console-submissions-lead = What you pushed, newest first, and what became of it.
console-find = Find by your id or the request id
console-find-help = The whole of it: a credential_id of yours, or the request_id of an answer.
console-find-button = Find
console-find-missed = You have pushed nothing under this id.
console-state = State
console-state-all = All
console-state-waiting = Waiting
console-state-accepted = Accepted
console-state-declined = Declined
console-state-expired = Expired
console-state-withdrawn = Withdrawn
console-none-at-all = You have not pushed anything yet.
console-none-such = There is nothing here in this state.
console-none-yet-here = None of the newest 5,000 is in this state. There are older ones.
console-pages = More of the list
console-older = Older
console-newest = Back to the newest
console-all-submissions = All submissions
console-batch-title = Items of a batch
console-batch-lead = What came in one request:

console-means-waiting = The person has not answered yet.
console-means-accepted = The person has added it to their wallet.
console-means-declined = The person said no. Its data is deleted.
console-means-expired = Nobody accepted it in time. Its data is deleted.
console-means-withdrawn = You withdrew it.
console-replaced = On { $moment } you pushed this id again, and that push took its place.
console-type = Type
console-request-id = Request id
console-batch = Batch
console-open-until = Open until
console-link-title = The person's link
console-link-help = As in the answer to your push. Send it to nobody but the person: whoever opens it first and signs in has it alone.
console-undelivered-rejected = The link could not be mailed: the address was rejected. Push the same id again with a corrected address, or hand the link over yourself.
console-undelivered-expired = The link could not be mailed before it expired. Push again.
console-event-pushed = You pushed it.
console-event-link-opened = Somebody opened the link.
console-event-opened = Somebody signed in, and it became theirs to answer.
console-event-accepted = Accepted.
console-event-declined = Declined.
console-event-expired = Its time was over.
console-event-withdrawn = You withdrew it.
console-document-awaited = Not sent yet
console-document-fetching = Being fetched
console-document-stored = Kept
console-document-deleted = Deleted, since nobody came back to the wallet in time
console-document-address = Its address leads to where nothing may be fetched from
console-document-unreachable = Nobody answered at its address, or with an error
console-document-large = Longer than allowed
console-document-content = Not what it claims to be, damaged, or with something active in it
console-document-late = It had not arrived when the person answered
console-nothing-personal = Nothing of what you sent is shown here, and nothing of whose it is: it is sealed, and the console does not open it.

console-client-title = API client
console-copy-client-id = Copy the client id
console-since = Since
console-rotated-at = Last rotated on { $moment }
console-never-rotated = The first one, never rotated
console-sandbox = Sandbox
console-sandbox-said = This client is for trying things out: push made-up people only.
console-rotate = Rotate the secret
console-scopes-title = What you may do
console-scopes-help = Whoever runs this server grants scopes. Your own statuses can be read with any of them.
console-scope-write = Push: { $title }
console-scope-read = Read what people show you when you ask: { $title }
console-scope-other = Granted by the operator
console-hosts-title = Where documents are fetched from
console-hosts-any = Any public host.
console-callbacks-title = Where people are sent back after a verification request
console-callbacks-none = Nowhere yet: the operator sets the addresses.
console-passkeys-help = A passkey signs in to this console with a fingerprint, face or screen lock. It gives no access to the API.
console-passkeys-impossible = This server's address cannot have passkeys: they need a host name.
console-passkey-unnamed = Passkey without a name
console-passkey-name = Name for a new passkey
console-passkey-name-help = So that you know it in this list, such as the device that it is on.
console-passkey-remove-of = Remove the passkey { $name }
console-session-until = This browser is signed in until { $moment }.
console-sessions-others = { $count ->
    [0] No other browser is.
    [one] One other browser is signed in too.
   *[other] { $count } other browsers are signed in too.
}
console-sign-out-others = Sign out the others

console-rotate-title = Rotate the client secret?
console-rotate-lead = You get a new one, and the old one ends at once. Have a place ready to put the new one.
console-rotate-tokens = Access tokens that were given under the old secret live out their hour.
console-rotate-sessions = Everybody else who is signed in to this console is signed out.
console-rotate-passkeys = { $count ->
    [one] Remove the passkey too
   *[other] Remove the { $count } passkeys too
}
console-rotate-passkeys-help = Do this if somebody else may have had the old secret: they could have added one.
console-rotate-do = Rotate now
console-rotate-keep = Keep the secret as it is
console-rotated-title = Your new client secret
console-secret-once = Copy it now. It is shown this once, and kept nowhere.
console-back-to-credentials = Back to your credentials

console-explorer-lead = Real requests to this server, with a real token of yours. What you push here is pushed.
console-explorer-closed-title = Only in a sandbox
console-explorer-closed = What you push is about real people, and a request sent from a page is quickly sent by mistake. So the explorer is for sandbox clients alone, whose people are made up.
console-explorer-closed-cure = Ask whoever runs this server for a sandbox client; they make one with:
console-explorer-operation = Operation
console-explorer-choose = Choose
console-explorer-path = Path
console-explorer-body = Body
console-explorer-secret-help = Sent with the form, and shown nowhere.
console-explorer-token-help = The server adds a token with all of your scopes.
console-explorer-send = Send
console-explorer-problem-path = The path must begin with /api/partner/ and have no spaces.
console-explorer-problem-name = Put an id where the path has a name in braces.
console-explorer-answer = Answer
console-explorer-took = after { $millis } ms
console-explorer-faults = What is wrong
console-explorer-line = line { $line } of the body
console-explorer-suggestion = Did you mean { $suggestion }?
console-explorer-next = What next
console-explorer-open-link = Open the link as the person
console-explorer-ask-status = Ask for its status
console-explorer-see = See it among the submissions
console-explorer-answer-body = Body of the answer
console-explorer-empty = The answer has no body.
console-explorer-headers = Headers of the answer
console-explorer-curl = The same request with curl

console-webhooks = Webhooks
console-webhooks-lead = Where we tell you what happened, as soon as it has. Events name your ids, and nobody.
console-webhooks-none-title = No webhook yet
console-webhooks-none = Without one you can ask for statuses at any time. With one you need not ask.
console-webhooks-full = { $count ->
   *[other] You have { $count } webhooks, which is as many as there may be.
}
console-webhooks-all = All webhooks
console-webhook-new = New webhook
console-webhook-new-title = New webhook
console-webhook-edit-title = Change the webhook
console-webhook-back = Back to the webhook
console-webhook-about = About this webhook
console-form-wrong = Something is not right yet. It is said beside the field.
console-webhook-url = Address
console-webhook-url-help = By https, on a public server, without user, password and fragment.
console-webhook-name = Name (you may leave it empty)
console-webhook-description = What it is for (you may leave it empty)
console-webhook-events = What it is told
console-webhook-make = Make the webhook
console-webhook-save = Save
console-webhook-edit = Change
console-webhook-test = Send a test event
console-webhook-secret = Secret
console-webhook-previous = The secret before the last rotation signs too, until { $moment }.
console-webhook-good = Active
console-webhook-failures = { $count ->
    [one] Active; the last attempt failed
   *[other] Active; the last { $count } attempts failed
}
console-webhook-paused = Paused until { $moment }, since too many attempts failed in a row
console-webhook-probation = One event is tried first, since too many attempts failed in a row
console-webhook-disabled = Disabled since { $moment }: your server answered 410 (Gone)
console-webhook-disabled-cure = Nothing is sent, and new events count as given up. To enable the webhook again, choose Change and save it. Then send again what was given up.
console-webhook-secret-title = The webhook's secret
console-webhook-secret-once = Copy it now. It is shown this once.
console-webhook-overlap = For 24 hours the one before signs too, so that you can change over without missing anything.
console-webhook-secret-plain = Secret
console-webhook-secret-plain-help = The key of X-Signature: these 64 characters as they stand.
console-webhook-secret-standard = Secret for libraries of Standard Webhooks
console-webhook-secret-standard-help = The same key in the form that they take.
console-webhook-go-on = Go on to the webhook
console-webhook-delete-title = Delete this webhook?
console-webhook-delete-what = Nothing is sent to it any more, and its log is deleted.
console-webhook-delete-do = Delete it
console-webhook-rotate-title = Rotate this webhook's secret?
console-webhook-rotate-what = You get a new secret. For 24 hours the present one signs too; the one before that ends now.
console-webhook-leave = Leave it as it is

console-event-type-verified = A person showed what you asked for
console-event-type-canceled = A request of yours was canceled, or its time was over
console-event-type-created = You pushed something
console-event-type-opened = Somebody opened a person's link
console-event-type-signed-in = A person signed in to look at it
console-event-type-accepted = A person accepted what you pushed
console-event-type-ended = A push was declined, withdrawn, or its time was over
console-event-type-undelivered = A link could not be mailed
console-event-type-test = Test event

console-log = Log
console-log-none = Nothing has been sent yet. Send a test event to see what arrives.
console-log-none-such = There is nothing here in this state.
console-delivery-waiting = Waiting
console-delivery-delivered = Delivered
console-delivery-failed = Given up
console-delivered-at = Delivered { $moment }
console-given-up = Given up; you can send it again
console-to-be-sent = To be sent
console-again-at = Next try { $moment }
console-attempts = { $count ->
    [0] No attempt yet
    [one] One attempt
   *[other] { $count } attempts
}
console-attempt-answered = Your server answered { $status } after { $millis } ms.
console-attempt-late = No answer in time: given up after { $millis } ms.
console-attempt-refused = Not sent: its name leads to an address that is not public.
console-attempt-unreachable = Nobody answered, or not with a certificate that counts ({ $millis } ms).
console-event-id = Event id
console-credential-id = Your id
console-happened = Happened
console-send-again = Send again
console-send-again-of = Send again: event { $event }
console-range-title = Send a time again
console-range-help = Everything of that time that does not wait anyway, with the same event ids as the first time. Times are UTC.
console-range-from = From
console-range-to = To
console-range-state = Which
console-range-failed = Those given up
console-range-delivered = Those delivered
console-range-both = Both

notice-console-ended = Your session is over. Sign in again to go on.
notice-console-signed-out = You are signed out of the console.
notice-console-others-ended = The other browsers are signed out.
notice-console-passkey-added = Passkey added. You can sign in with it from now on.
notice-console-passkey-removed = Passkey removed here. You may also want to delete it on the device.
notice-console-webhook-changed = Saved. It is tried again at once.
notice-console-webhook-deleted = Webhook deleted.
notice-console-test-sent = A test event is on its way. Load the page again to see what became of it.
notice-console-replayed = Queued again. Load the page again to see what became of it.
notice-console-replayed-none = There was nothing to send again in that time.
