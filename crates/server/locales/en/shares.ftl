# Sharing with a hirer: creating a link, and the page that the hirer sees.

share-title = Share with a hirer
share-lead = Create a link for one hirer and choose what it shows. The hirer sees who confirmed each record and can check that it is unchanged.
share-what = What to show
share-this = Show this one: { $headline }, from { $partner }
share-legend = { $title } from { $partner }: { $headline }
share-always = Always shown: the name { $name }, that { $partner } confirmed this, and when.
share-how = Purpose and expiry
share-purpose = Purpose
share-purpose-help = Optional. The hirer can read this.
share-days = How long the link works
share-day-count = { $count ->
    [one] 1 day
   *[other] { $count } days
}
share-passcode = Passcode
share-passcode-help = Optional, at least 6 characters. Send the passcode separately, for example by phone.
share-keep-current = Keep this link current
share-keep-current-help = When you accept a newer version of something you share, the link shows that version instead. It shows the same kinds of details as now, and nothing that you left out. If you do not tick this, the link only says that a newer version exists.
share-make = Create link
share-problem-nothing = Choose at least one thing to show.
share-problem-purpose = The purpose is too long. Use at most 200 characters.
share-problem-days = Choose how long the link works.
share-problem-passcode = Enter a passcode of 6 to 64 characters, or leave it empty.
share-problem-many = { $count ->
   *[other] You have { $count } active links, which is the maximum. Revoke one first.
}
share-problem-replaced = Something you chose was updated after you opened this page. This is the newer version, with the same choices. Check it and create the link.
share-problem-gone = Something you chose is no longer in your wallet, or was withdrawn. No link was created. Your other choices are kept below.
share-problem-repeated = This form has already created a link, with other choices. You can find it under “Shared links”. Select “Create link” again for another one.
share-is-newer = This is the newer version.
share-nothing = There is nothing in your wallet that you can share. A credential cannot be shared after its sender withdrew it, or after a newer version replaced it.
share-nothing-one = You cannot share this credential: its sender withdrew it, or a newer version replaced it.
share-one-title = Your link for a hirer
share-one-lead = Send this link only to the hirer. Anyone who has it can see what you chose to show.
share-tell-passcode = The hirer needs the passcode that you chose. We cannot show it again.
share-shows = Credentials
share-made = Created
share-until = Expiry date
share-until-when = Expiry date: { $moment }
share-revoked-on = Revoked on { $moment }.
share-views = Views
share-view-count = { $count ->
    [0] Not viewed yet.
    [one] Viewed once.
    [2] Viewed twice.
   *[other] Viewed { $count } times.
}
share-newer = Newer versions
share-newer-shown = The link shows them.
share-newer-told = The link only says that one exists.
share-updated = Updated
share-viewed = Last viewed on { $moment }.
share-revoked-at = Revoked
share-active = Active.
share-locked = Locked after too many wrong passcodes. Create a new link.
share-ended = Expired. What the link showed has been deleted.
share-revoked = You revoked this link. What it showed has been deleted.
share-revoke = Revoke link
share-revoke-help = The link stops working, and downloaded copies will show as revoked.
share-look = Details
share-look-at = Details of link { $number }, created on { $moment }
share-of-day = Link of { $day }
shares-title = Shared links
shares-none = You have not shared anything yet.
shares-open = Shared links
back-to-shares = Back to shared links
share-one = Share
share-one-of = Share: { $headline }, from { $partner }
notice-share-revoked = Link revoked. It no longer works.

hire-title = Records of { $name }
hire-title-names = Records in several names
hire-passcode-title = Enter the passcode
hire-passcode-lead = Enter the passcode from the person who sent you this link.
hire-passcode-wrong = That passcode is wrong. Check it and try again.
hire-open = Open
hire-over-title = This link has expired or was revoked
hire-over = It no longer shows anything, and earlier copies are no longer valid. Ask the person who sent it for a new link.
hire-test = Test data: at least one of these records comes from a test client of this server. Do not rely on it.
hire-yours = This is your own link. Your visit is not counted as a view.
hire-names = Records in { $count } names
hire-lead = { $name } shared these records with you. You can verify each one.
hire-lead-names = Someone shared these records with you in one link. You can verify each one.
hire-purpose = Purpose
hire-shared = Shared
hire-updated = Updated
hire-newer = A newer version has been available since { $day }.
hire-until = Link expires
hire-confirmed-by = Confirmed by { $partner } on { $day }.
hire-chain = Sent via { $chain }.
hire-in-name = In the name { $name }.
hire-career = Career
hire-career-of = Career of { $name }

verdict-confirmed-data = Confirmed by { $partner }, data to { $month }. Not revoked.
verdict-confirmed = Confirmed by { $partners }. Not revoked.
verdict-partner-data = { $partner } (data to { $month })
verdict-more = { $count ->
    [one] 1 other
   *[other] { $count } others
}
verdict-doubtful = Not everything here is confirmed.
verdict-only-old-data = Confirmed by { $partner }, with data to { $month }. The current job may have ended since.
verdict-only-old = Confirmed by { $partners }. A current job has older data, so it may have ended.
verdict-only-old-jobs = Confirmed by { $partners }. Current jobs have older data, so they may have ended.
verdict-only-planned = Confirmed by { $partners }. The planned end of a job has passed and is not confirmed.
verdict-only-replaced = A newer version exists.
verdict-failed = Do not rely on this: a check failed.
verdict-invalid = { $title } from { $partner } did not pass every check: it was changed, or this site did not sign it. Ask { $name } for a new link.
verdict-revoked = { $title } from { $partner } was revoked by the issuer or the holder. Ask { $name } why.
verdict-suspended = { $title } from { $partner } is suspended for now. Ask { $name } why, and check again later.
verdict-expired = { $title } from { $partner } expired on { $day }. Ask { $name } for a current one.
verdict-not-valid = { $title } from { $partner } is not valid today. Ask { $name } for a new link.
verdict-replaced = A newer version of { $title } from { $partner } exists. Ask { $name } for a new link.
verdict-replaced-since = A newer version of { $title } from { $partner } has been available since { $day }. Ask { $name } for a new link.
verdict-unchecked = { $title } from { $partner } could not be checked completely. Reload this page in a minute.
verdict-awaiting-graduation = { $title } from { $partner }: when this was signed, the course was completed and the award had not been conferred. Ask { $name } for the final record.
verdict-old-data = { $partner } has no data on { $organisation } after { $month }, so the job may have ended since. Ask { $name } for an update.
verdict-old-data-planned = { $partner } has no data on { $organisation } after { $month }. Its planned end in { $end } is not confirmed. Ask { $name } for an update.
verdict-old-data-jobs = { $partner } has no data on { $jobs }. What happened since is not confirmed. Ask { $name } for an update.
verdict-old-job = { $organisation } after { $month }
verdict-old-job-planned = { $organisation } after { $month } (planned end in { $end })
verdict-more-jobs = { $count } more
verdict-names = These records are in different names: { $names }. Ask who they belong to, and ask for proof if a name was changed.
verdict-names-similar = These records are in similar names: { $names }. They are shown separately. Ask if they belong to the same person.
verdict-names-incomparable = These records are in names that cannot be compared: { $names }. They are shown separately. Ask if they belong to the same person.
verdict-holder-says = Only the person who shared this says that the name { $names } is theirs. They also hold records in another name, or other people may have the same name. Ask for proof of identity.
verdict-holder-says-single = Only the person who shared this says that the name { $names } is theirs. It is one name only, which many people may have. Ask for proof of identity.
verdict-birth-dates = These records have different dates of birth. Ask if they belong to the same person, and ask for proof of identity.
verdict-names-browser = Your browser found different names in what was signed, and this page does not say so: { $names }. Ask who they belong to.
verdict-shown-browser = Your browser did not find everything on this page in what was signed: { $texts }. Ask for a new link.
verdict-missing-browser = This page does not show everything that was signed for it. Your browser did not find: { $texts }. Ask for a new link.
verdict-names-confirmed = The holder says that all the names are theirs.
verdict-names-unconfirmed = The holder has not said that all the names are theirs.

hire-now-here = Checked by this site just now ({ $moment }).
hire-now-browser = Checked just now in your browser.
hire-paper-here = As checked by this site on { $moment }.
hire-paper-browser = As checked in a browser on { $moment }.
hire-paper-help = A printout can be altered, and does not show if something is revoked later. To check again, open the link or scan the QR code. The link works until { $moment }.

hire-checks = Checks
hire-checks-lead = Your browser repeats each check itself. The checks show who confirmed something and that it is unchanged. Only the issuer can know whether it is true.
hire-checks-names = All records together
hire-checked-here = Checked by this site on { $moment }.
hire-checked-browser = Checked again in your browser on { $moment }.
hire-all-passed = All checks passed.
hire-some-failed = A check failed. Do not rely on this.
hire-some-doubtful = Nothing failed, but one check needs your attention.
hire-some-unchecked = Nothing failed, but some checks could not be made.
hire-browser-failed = Your browser could not make the checks. These are the results from this site.
hire-asked = Contacted { $address } on { $moment }.
hire-tools = Save it or verify it yourself
hire-raw = For your own tools
hire-raw-help = The signed token, an SD-JWT VC. Any tool that supports this format can verify it, even offline.
hire-copy = Copy token
hire-token-of = Token confirmed by { $partner }
hire-download = Download token
hire-link = This link

print = Save as PDF
print-no-script = To save this page as PDF, open your browser’s print command and choose “Save as PDF”.

cv-title = My career
cv-lead = Your own copy of what organisations confirm today. A printout is not signed.
cv-names = These records are in several names. Each name has its own career.
cv-unsigned = Printed by its holder from { $site } on { $day }. It is not signed. To verify it, ask the holder for a link to these records.
cv-open = Print or save as PDF
cv-open-help = your own copy, not signed

step-signature = Signature
step-issuer = Issuer
step-holder = Holder
step-status = Status
step-dates = Validity
step-schema = Format
step-names = Names
step-shown = Texts on this page
outcome-passed = Passed
outcome-failed = Failed
outcome-doubtful = Warning
outcome-unchecked = Not checked

names-same = { $count ->
    [one] All records here are in this name, confirmed by one organisation.
   *[other] All records here are in this name, confirmed by { $count } organisations.
}
names-holder-says = All records here are in this name. Only the person who shared this says that it is theirs.
names-differ = { $names }. { $reason }
names-compared-browser = Your browser found the same name in everything that was signed.
names-compared-apart = Your browser found that they are not written alike.
names-compared-site = This site compared the names. Your browser cannot repeat that.
shown-compared-browser = Your browser found each name, employer and job title that was signed on this page, and each text that this page shows as confirmed in what was signed. It does not compare dates.
names-identity = { $how }, by { $partner }, for { $name }.
evidence-dates = Signed on { $from }, valid until { $until }.
evidence-status = Entry { $entry } of the status list.

passed-signature = Unchanged since it was signed.
passed-issuer = Signed with a key that this site publishes.
passed-holder = The holder shared exactly what is shown, for this link.
passed-status = Not revoked.
passed-dates = Valid today.
passed-old-list = Not revoked when its status list was made. The list has no end date and is older than its issuer intends.
passed-unit = It is valid today. The end date is probably written in milliseconds or a smaller unit, but it is in seconds.
passed-late = It is valid today. So late an end date is probably a mistake, or means that there is no end.
passed-last-day = It is valid today. Its last day is not written as a date (YYYY-MM-DD), so it was not compared.
passed-schema = All fields follow the published schema.
passed-partly = Its type has a published schema, which does not describe every field.
unchecked-unread = It could not be read, so there was nothing to check.
unchecked-browser = Your browser does not support this signature algorithm.
unchecked-algorithm = Its signature algorithm is not supported here.
unchecked-type = Its kind or format is not supported here.
unchecked-hash-algorithm = Its hash algorithm is not supported here.
unchecked-unsigned = The signature is not valid, so nothing shows who signed it.
unchecked-no-list = The response is not a status list that can be checked here.
unchecked-list-expired = The status list is out of date.
unchecked-elsewhere = This information is on another site, which was not contacted.
unchecked-unanswered = There was no usable response.
unchecked-unanswered-status = The site did not send the document (HTTP status { $status }).
unchecked-no-address = This information is at an address that is not valid.
unchecked-no-status = It names no status list, so nothing shows whether it was revoked.
unchecked-status-kind = It has a kind of status that is not supported.
unchecked-bare-key = Its issuer is identified only by a key, so nothing shows who owns the key.
unchecked-not-shown = Its holder did not sign it.
unchecked-no-metadata = Its type has no schema to check against.
unchecked-digest-algorithm = The hash of its schema is of a kind that is not supported here.
unchecked-extends = Its schema builds on another one, which was not fetched.
unchecked-issuer-name = It does not identify its issuer by a valid address.
unchecked-holder-key = The holder’s key is not known, or is of a kind that is not supported here.
unchecked-list-key = The status list was not signed with a key of the issuer, so it proves nothing.
unchecked-list-size = The status list is too large to be checked here.
unchecked-list-unreadable = The status list cannot be read.
unchecked-unknown-status = Its status has a value whose meaning is not known here.
unchecked-no-key = Its issuer publishes no key that can be used to check signatures here.
unchecked-other-issuer = The keys that were found belong to another issuer.
unchecked-date = It contains a date that is not understood here.
refused-not-a-token = This is not a token. Copy all of it, from eyJ to the end, and try again.
refused-several-tokens = This contains several tokens. Paste only one of them.
refused-too-long = This is too long for a token. The limit is 2 million characters.
refused-issuer-name = It does not identify its issuer by a valid address.
refused-malformed = It is damaged or incomplete.
refused-algorithm = Its signature algorithm is not supported.
refused-critical-header = It requires extensions that are not supported.
refused-type = It is another kind of token.
refused-key-confusion = Its signature algorithm does not match its key.
refused-signature = The signature does not match: the content was changed, or another key signed it.
refused-signature-missing = It is incomplete: the signature is missing.
refused-unknown-key = The issuer does not publish the key that it names.
refused-unknown-issuer = It was not signed by this site.
refused-hash-algorithm = Its hash algorithm is not supported.
refused-duplicate-digest = It contains the same hash twice.
refused-stray-disclosure = It shows details that were not signed: they were changed, or belong to another token.
refused-disclosure = It shows details in the wrong format.
refused-must-not-be-disclosed = A detail is sent separately that must be part of the signed token.
refused-claim = A field is missing or has the wrong type.
refused-expired = It has expired.
refused-expired-unit = It has probably expired. The end date is probably written in milliseconds or a smaller unit, but must be in seconds.
refused-not-yet-valid = It is not valid yet.
refused-not-yet-valid-unit = It is not valid yet. The start date is probably written in milliseconds or a smaller unit, but must be in seconds.
refused-from-the-future = Its signing time is in the future.
refused-from-the-future-unit = Its signing time is in the future. It is probably written in milliseconds or a smaller unit, but must be in seconds.
refused-too-old = It was signed too long ago.
refused-audience = It was made for another link.
refused-nonce = It was made for another request than this link’s.
refused-sd-hash = The holder’s signature does not cover exactly what is shown.
refused-not-bound = It is not signed by its holder.
refused-binding-expired = The holder’s signature has expired.
refused-binding-not-yet-valid = The holder’s signature is not valid yet.
refused-revoked = It was revoked.
refused-suspended = It is suspended.
refused-replaced = A newer version exists.
refused-unknown-status = Its status is not supported.
refused-list-expired = The status list is out of date.
refused-integrity = The published schema is not the one that it was signed with.
refused-names = A name on this page differs from the signed name.
