# The reference of the API. What describes an operation comes from the OpenAPI document.

docs-title = Partner API
docs-lead = Push what you know of a person's working life; the person opens the link, looks at it, and keeps it.
docs-openapi = The same as OpenAPI 3.1
docs-contents = On this page
docs-start = Your first 201
docs-start-token = Ask for a token with the id and the secret that the operator gave you. Take access_token from the answer.
docs-start-push = Push a career history.
docs-start-link = The answer holds redirect_uri: send the person there. They sign in, see all of it, and choose. Ask for its status by your own credential_id.
docs-rules = Good to know
docs-errors = Errors
docs-errors-shape = Errors are problem+json (RFC 9457): type, title, status, detail, request_id, and errors with every fault of the body at once. The token endpoint answers as RFC 6749 says, with error and error_description.
docs-codes = Fault codes
docs-codes-meaning = Each fault has a pointer (RFC 6901) into the body that you sent, one of these codes, a message, the start of what was received, and what was probably meant.
docs-name = Name
docs-type = Type
docs-meaning = Meaning
docs-required = required
docs-parameters = Parameters
docs-body = Body
docs-example = Example
docs-answers = Answers
docs-copy = Copy
docs-copy-of = Copy { $what }
docs-deprecated = Works as it always did; v2 has the same under its own prefix.
docs-no-token = Needs no token.
docs-any-token = Any token of yours will do.
docs-scope = Needs the scope
docs-rule-again-title = The same id again
docs-rule-again = Within 48 hours: 201 with the same link; what was pushed first stands, and a warning says so if the body differs. After 48 hours without acceptance the data is gone for good, and the push starts anew with a new link. Once accepted, the link leads to the credential. A status outlives its data by 400 days.
docs-rule-idempotency = On any POST that needs a token. The request runs once; an exact repeat within 24 hours gets the stored answer with Idempotency-Replayed: true, another request with the same key gets 409.
docs-rule-dry-run = Add ?dry_run=true to a push: it is checked, nothing is stored. On your own machine, tenure check FILE does the same and points at the place.
docs-rule-limits = RateLimit and RateLimit-Policy say what is left; 429 and 503 come with Retry-After.
docs-rule-request-id = Send your own (letters, digits and -_.: up to 128) or get one of ours. It is in every answer; quote it when you ask for help.
docs-rule-suffix = Every path answers with and without it.
