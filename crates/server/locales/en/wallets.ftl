# Other people's wallets: offering a credential to one, and answering what one asks for.

offer-add = Add to another wallet
offer-add-help = A signed copy for a wallet app of yours. It stays in this wallet too.
offer-title = Add to another wallet
offer-back = Back to the credential
offer-what = A wallet app that speaks OpenID4VCI can keep a signed copy, which you can show to anybody without this site.
offer-step-open = Open this link on the device with your other wallet:
offer-open = Open in a wallet
offer-scan = Or scan this with your phone, or copy the link:
offer-qr = QR code of the offer
offer-step-code = When the wallet asks for a code, type:
offer-until = This offer is good until { $moment }, once.
offer-warning = Type the code into your own wallet only. Whoever has it and the link gets your credential.
offer-look-again = Has it arrived? Look again
offer-fetched = A wallet has fetched this credential. If that was not yours, delete the credential here: all signed copies are revoked then.
offer-kept = The credential is in your other wallet.
offer-over = This offer is over: nothing can be fetched with it any more.
offer-again = Make a new offer

authorize-title = A wallet asks for credentials
authorize-lead = A wallet wants signed copies of what you keep here. The answer goes to { $wallet }.
authorize-what = It gets what you choose, with everything in it. Your wallet app then lets you show parts of it.
authorize-legend = Which may it have?
authorize-credential = { $title }: { $headline }, attested by { $partner }
authorize-choose = Choose at least one, or say no.
authorize-nothing = You hold nothing of what it asks for. When a partner sends you something, accept it here and begin again in the wallet.
authorize-allow = Allow
authorize-deny = Do not allow
authorize-warning = Only go on if you began this yourself, in a wallet that belongs to { $wallet }.
