# The page where anyone can verify a token. Texts of the checks are in shares.ftl; the last group
# here replaces a few of them.

token-title = Check a signed record
token-lead = Paste the text that you were given, or choose its file. Your browser checks it: the record is not sent to this site or anywhere else.
token-another = Verify another token
token-result = Result
token-label = Token
token-help = A long text that starts with eyJ. You can leave in quotes, line breaks or a JSON response around it.
token-file = Or choose a file
token-file-help = You can also drop the file anywhere on this page.
token-verify = Verify
token-checking = Verifying…
token-no-script = This page needs JavaScript, because your browser does the checking. You can use this command instead:
token-program = Do you want to verify tokens in a program?
token-program-docs = Use the Partner API
token-home = Did someone send you a signed record? Paste its text to see if it is genuine.
token-hire = Verify a token that was sent to you

token-said = What it says
token-checks = Checks
token-checked = Verified in your browser on { $moment }.
token-yes = Yes
token-no = No
token-fact-kind = Type
token-fact-issuer = Signed by
token-fact-attester = Confirmed by
token-fact-attested = Confirmed on
token-fact-signed = Signed on
token-fact-until = Valid until
token-fact-not-shown = Details left out
token-not-shown-at-most = { $count } at most
token-signer-own = { $issuer } (this site)
token-signer-other = { $issuer } (not known to this site)

token-good = Genuine. { $partner } confirmed this about { $name }, this site signed it, and it has not been revoked.
token-good-plain = Genuine. This site signed it, and it has not been revoked.
token-replaced = Genuine, but a newer version exists. Ask the person who gave it to you for the newer one.
token-awaiting-graduation = Genuine, but when this was signed the course was completed and the award had not been conferred. Ask for the final record.
token-old-data = Genuine, but { $partner } has no data on { $organisation } after { $month }, so the job may have ended since. Ask for an update.
token-status = This site signed it, but your browser could not check whether it was revoked. Try again later.
token-outside = Signed by { $issuer }, which this site does not know. No check failed. Decide for yourself whether you trust { $issuer }.
token-outside-status = Signed by { $issuer }, which this site does not know. Your browser could not check whether it was revoked. Try again later.
token-ask = This token names { $issuer } as its issuer, which this site does not know. Nothing has been verified yet. To verify it, your browser must contact that site. The site then sees your network address and that someone is verifying a token.
token-ask-site = Contact { $issuer }
token-no-issuer = It could not be verified, because it does not name its issuer.
token-bare-key = The signature is valid, but nothing shows who owns the key.
token-unreachable = It could not be verified in this browser. { $issuer } did not respond, or does not allow pages of other sites to read its responses.
token-browser = It could not be verified, because your browser does not support its signature algorithm. Try a newer browser.
token-not-signed = It is not signed.
token-broken = Your browser could not verify it. Open this page over https in an up-to-date browser.
token-bad = Do not rely on this. { $reason }

token-passed-issuer = It was signed with a key that { $issuer } publishes.
token-passed-holder = Its holder signed exactly this, for { $audience }. Check that this means you.
token-passed-schema = All fields follow the published schema of its type.
token-unchecked-elsewhere = This information is on a site other than the issuer's, which your browser did not contact.
token-unchecked-unanswered = There was no usable response. The site may be down, or may not allow pages of other sites to read its responses.
token-unchecked-not-shown = Its holder did not sign it, so the person who gave it to you may not be the person it is about.
token-refused-type = It is another kind of token. This page verifies SD-JWT VC (dc+sd-jwt) and W3C credentials (vc+jwt).
token-refused-unknown-issuer = The issuer's site publishes no keys for this issuer.
