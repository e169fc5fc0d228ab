# Outside wallets: offering a credential to one, and allowing one to request credentials.

offer-add = Add to another wallet
offer-add-help = Adds a signed copy to another wallet app of yours. The credential stays in this wallet too.
offer-title = Add to another wallet
offer-back = Back to the credential
offer-what = Most wallet apps for digital credentials can keep a signed copy. You can then share it without this site.
offer-step-open = Open this link on the device with your other wallet:
offer-open = Open in a wallet
offer-scan = Or scan this with your phone, or copy the link:
offer-qr = QR code of the link to your other wallet
offer-step-code = When the wallet asks for a code, enter:
offer-until = Works once. You have { $left } (until { $moment }).
offer-warning = Enter the code only in your own wallet. Anyone who has both the code and the link can get your credential.
offer-look-again = Check whether it has arrived
offer-fetched = A wallet has fetched this credential. If it was not yours, delete the credential here. This revokes all signed copies.
offer-kept = The credential is in your other wallet.
offer-over = This link and code no longer work.
offer-again = Create a new link and code

notice-offer-replaced = This credential was updated after you opened the page, so no link was created. This is the newer version. Select “Add to another wallet” to add it.
notice-offer-gone = This credential was withdrawn or deleted after you opened the page, so it cannot be added to another wallet.

authorize-title = A wallet asks for your credentials
authorize-lead = A wallet app would like signed copies of your credentials. They are sent to { $wallet }.
authorize-what = It gets all the details of the credentials that you choose. You can later choose in that app which details to share.
authorize-legend = Which credentials do you want to add to it?
authorize-credential = { $title }: { $headline }, confirmed by { $partner }
authorize-choose = Choose at least one credential, or select “Do not allow”.
authorize-nothing = You have no credentials of the kind that it asks for. When an organisation sends you one, accept it here and start again in the wallet app.
authorize-allow = Allow
authorize-deny = Do not allow
authorize-error-title = This request cannot be used
authorize-error-malformed = The wallet app sent us something that we cannot read. Ask its makers for help.
authorize-error-ended = It may have expired, or it was already answered. Go back to the wallet app and start again.
authorize-error-developer = Details for the wallet’s developer
authorize-warning = Only continue if you started this yourself, in a wallet app of { $wallet }.
