# Texts of the sign-up for a sandbox partner, and its email.

sandbox-title = Get a sandbox client
sandbox-lead = Test your integration from end to end, without real people. We email you a link that creates a client for the API.
sandbox-invalid-email = Enter an email address, like name@example.org.
sandbox-invalid-name = Enter a name of at most 60 characters: letters, digits, spaces and simple punctuation.
sandbox-invalid-character = The name cannot contain “{ $character }”. Use letters, digits, spaces and simple punctuation: - . , & '
sandbox-reserved-name = The name cannot contain “Tenure”, because people would take you for this service.
sandbox-name = Name of your client
sandbox-name-help = The test people see it, followed by “(sandbox)”.
sandbox-email-help = We use it for this sign-up, and store only a hash of it.
sandbox-send = Email me a link
sandbox-rules = Use made-up data only. A client that requests no access token for 90 days is disabled.
sandbox-docs = Read about the sandbox
sandbox-sent-title = Check your email
sandbox-sent = We sent you a link. Open it within an hour to create your client. No email? Check your spam folder.
sandbox-confirm-title = Create your sandbox client?
sandbox-confirm = The client will be called { $name }. You see its secret once, so be ready to store it.
sandbox-create = Create sandbox client
sandbox-created-title = Your sandbox client
sandbox-created-next = Sign in to your console
sandbox-gone-title = This link no longer works
sandbox-gone = It has expired or was already used. You can ask for a new one.
sandbox-again = Get a new link
sandbox-full-title = No sandbox client is free
sandbox-full = This server has as many sandbox clients as its operator allows. Try again later, or write to the operator.
sandbox-enough-title = You have enough sandbox clients
sandbox-enough = You already have three sandbox clients. Use one of them, or write to the operator.

mail-sandbox-subject = Create your Tenure sandbox client
mail-sandbox = You asked for a sandbox client called { $name }. Open this link within an hour to create it:

    { $link }

    The link works once. If you did not ask for it, you can ignore this email.
