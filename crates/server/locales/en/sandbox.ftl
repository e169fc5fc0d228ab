# Texts of the sign-up for a sandbox partner, and its email.

sandbox-title = Get a sandbox partner
sandbox-lead = Test your integration from end to end, without real people. We email you a link that creates a sandbox partner.
sandbox-invalid-email = Enter an email address, like name@example.org.
sandbox-invalid-name = Enter a name of at most 60 characters: letters, digits, spaces and simple punctuation.
sandbox-invalid-character = The name cannot contain “{ $character }”. Use letters, digits, spaces and simple punctuation: - . , & '
sandbox-reserved-name = The name cannot contain “Tenure”, because people would take you for this service.
sandbox-name = Name of your sandbox partner
sandbox-name-help = People see it on the pages behind your links, followed by “(sandbox)”.
sandbox-email-help = We use it for this sign-up, and store only a hash of it.
sandbox-send = Email me a link
sandbox-rules = Use made-up data only. A sandbox partner that requests no access token for 90 days is disabled.
sandbox-docs = Read about the sandbox
sandbox-sent-title = Check your email
sandbox-sent = We sent you a link. Open it within an hour to create your sandbox partner. No email? Check your spam folder.
sandbox-confirm-title = Create your sandbox partner?
sandbox-confirm = The sandbox partner will be called { $name }. You see its client secret once, so be ready to store it.
sandbox-create = Create sandbox partner
sandbox-created-title = Your sandbox partner
sandbox-created-next = Sign in to your console
sandbox-gone-title = This link no longer works
sandbox-gone = It has expired or was already used. You can ask for a new one.
sandbox-again = Get a new link
sandbox-full-title = No sandbox partner is free
sandbox-full = This server has as many sandbox partners as its operator allows. Try again later, or write to the operator.
sandbox-enough-title = You have enough sandbox partners
sandbox-enough = You already have three sandbox partners. Use one of them, or write to the operator.

mail-sandbox-subject = Create your Tenure sandbox partner
mail-sandbox = You asked for a sandbox partner called { $name }. Open this link within an hour to create it:

    { $link }

    The link works once. If you did not ask for it, you can ignore this email.
