# Sharing with a hirer: making a link, and what a hirer sees behind it.

share-title = Share with a hirer
share-lead = You make a link for one hirer, and choose what it shows. They see who attests it and can check that nothing was changed.
share-what = What it shows
share-this = Show { $title } from { $partner }
share-always = Always shown: the name { $name }, and that { $partner } attests it, and when.
share-how = For whom, and for how long
share-purpose = Purpose
share-purpose-help = The hirer reads this. You may leave it empty.
share-days = How long it can be opened
share-day-count = { $count ->
    [one] 1 day
   *[other] { $count } days
}
share-passcode = Passcode
share-passcode-help = Six characters or more, if you want one. Tell it to the hirer by another way than the link.
share-keep-current = Keep this link current
share-keep-current-help = When a newer version takes the place of something you share, the link shows that instead. It shows the same kinds of details as now, and nothing that you left out. Without this, the link says that a newer version exists.
share-make = Make the link
share-problem-nothing = Choose at least one thing to show.
share-problem-purpose = The purpose may have 200 characters.
share-problem-days = Choose how long it can be opened.
share-problem-passcode = A passcode has 6 to 64 characters.
share-problem-many = { $count ->
   *[other] You have { $count } links that can be opened. Take one back first.
}
share-problem-replaced = Something that you chose was updated after you opened this page. Here is the newer version, with the same choices. Check it and make the link.
share-problem-gone = Something that you chose is no longer in your wallet, or its partner withdrew it. No link was made. Your other choices are kept below.
share-problem-repeated = This form has already made a link, with other choices. You find it under “Links that you shared”. Make the link again to have another one.
share-is-newer = This is the newer version.
share-nothing = There is nothing in your wallet that you can share.
share-one-title = Your link for a hirer
share-one-lead = Send this link to the one it is for. Whoever has it sees what you chose.
share-tell-passcode = It opens with the passcode that you chose. It is not shown again.
share-shows = Shows
share-made = Made
share-until = Open until
share-until-when = Until { $moment }.
share-views = Looked at
share-view-count = { $count ->
    [0] Nobody has looked at it yet.
    [one] Looked at once.
   *[other] Looked at { $count } times.
}
share-newer = Newer versions
share-newer-shown = The link shows them.
share-newer-told = The link says that one exists.
share-updated = Updated
share-viewed = Last on { $moment }.
share-revoked-at = Taken back
share-active = It can be opened.
share-locked = Somebody tried too many passcodes, so it opens no more. Make a new link.
share-ended = Its time is over, and what it showed is deleted.
share-revoked = You took it back, and what it showed is deleted.
share-revoke = Take the link back
share-revoke-help = It opens no more, and what was signed for it is revoked. Copies that the hirer made say so when they are checked.
share-look = Look at it
share-look-at = Look at it: the link of { $moment }
share-of-day = Link of { $day }
shares-title = Links that you shared
shares-none = You have not shared anything yet.
shares-open = Links that you shared
back-to-shares = Back to your links
share-one = Share
share-one-of = Share with a hirer what { $partner } sent
notice-share-revoked = Taken back. The link opens no more.

hire-title = Records of { $name }
hire-title-names = Records in several names
hire-passcode-title = This link has a passcode
hire-passcode-lead = Enter the passcode from the person who sent you this link.
hire-passcode-wrong = That passcode is not right.
hire-open = Open
hire-over-title = This link has expired or was revoked
hire-over = It shows nothing any more, and earlier copies of it no longer count. Ask the person who sent it for a new link.
hire-yours = You are looking at your own link. This is not counted.
hire-names = Records in { $count } names
hire-lead = { $name } shared these records with you. You can verify each one.
hire-lead-names = These records were shared with you by one link. You can verify each one.
hire-purpose = Purpose
hire-shared = Shared
hire-updated = Updated
hire-newer = A newer version exists since { $day }.
hire-until = Link open until
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
verdict-failed = Do not rely on this: something failed its check.
verdict-invalid = { $title } from { $partner } did not pass every check: it was changed, or this site did not sign it. Ask { $name } for a new link.
verdict-revoked = { $title } from { $partner } was revoked: the issuer or the holder took it back. Ask { $name } why.
verdict-suspended = { $title } from { $partner } is suspended for now. Ask { $name } why, and check again later.
verdict-expired = { $title } from { $partner } expired on { $day }. Ask { $name } for a current one.
verdict-not-valid = { $title } from { $partner } is not valid today. Ask { $name } for a new link.
verdict-replaced = A newer version of { $title } from { $partner } exists. Reload this page; if it stays the same, ask { $name } for a new link.
verdict-replaced-since = A newer version of { $title } from { $partner } exists since { $day }. Reload this page; if it stays the same, ask { $name } for a new link.
verdict-unchecked = { $title } from { $partner } could not be checked completely. Reload this page in a minute.
verdict-awaiting-graduation = { $title } from { $partner } was completed but not conferred when this was signed. Ask { $name } for the final record.
verdict-old-data = { $partner } has no data on { $organisation } after { $month }, so the job may have ended since. Ask { $name } for an update.
verdict-names = These records carry different names: { $names }. Ask who they belong to, and for proof if a name was changed.
verdict-names-similar = These records carry similar names: { $names }. They are shown apart. Ask whether they belong to one person.
verdict-names-incomparable = These records carry names that cannot be compared: { $names }. They are shown apart. Ask whether they belong to one person.
verdict-holder-says = Only the person who shares this says that the name { $names } is theirs; they also hold records in another name, or the name alone does not tell people apart. Ask for proof of identity.
verdict-birth-dates = These records carry different dates of birth. Ask whether they belong to one person, and for proof of identity.
verdict-names-confirmed = The holder says that all are theirs.
verdict-names-unconfirmed = The holder has not said that all are theirs.

hire-now-here = Checked by this site just now ({ $moment }).
hire-now-browser = Checked just now in your browser.
hire-paper-here = As checked by this site on { $moment }.
hire-paper-browser = As checked in a browser on { $moment }.
hire-paper-help = Paper can be altered, and does not change when something is revoked: open the link or scan its code to check again. The link can be opened until { $moment }.

hire-checks = Checks
hire-checks-lead = Your browser makes each check again, without trusting this page. They show who said something and that it is unchanged. Whether it is true, only the issuer knows.
hire-checks-names = All records together
hire-checked-here = Checked by this site on { $moment }.
hire-checked-browser = Checked again in your browser on { $moment }.
hire-all-passed = All checks passed.
hire-some-failed = A check failed. Do not rely on this.
hire-some-doubtful = Nothing failed, but one check needs your attention.
hire-some-unchecked = Nothing failed, but not every check could be made.
hire-browser-failed = Your browser could not make the checks. These are the results of this site.
hire-asked = Asked { $address } on { $moment }.
hire-tools = Keep it, or check it yourself
hire-raw = For your own tools
hire-raw-help = The signed token, an SD-JWT VC. Any tool that reads the format can check it, also offline.
hire-copy = Copy the token
hire-token-of = Token of what { $partner } confirms
hire-download = Download the token
hire-link = This link

print = Save as PDF
print-no-script = To save this page as PDF, open your browser’s print command and choose “Save as PDF”.

cv-title = My career
cv-lead = Your own copy of what partners confirm now. Nothing is signed on paper.
cv-names = These records carry several names. They are kept apart, each with its own career.
cv-unsigned = Printed by its holder from { $site } on { $day }. It is not signed: to verify it, ask the holder for a link to share these records.
cv-open = Print or save as PDF
cv-open-help = your own copy, not signed

step-signature = Signature
step-issuer = Issuer
step-holder = Holder
step-status = Status
step-dates = Validity
step-schema = Format
step-names = Names
outcome-passed = Passed
outcome-failed = Failed
outcome-doubtful = Attention
outcome-unchecked = Not checked

names-same = { $count ->
    [one] Every record here carries this name; one issuer uses it.
   *[other] Every record here carries this name; { $count } issuers use it.
}
names-holder-says = Every record here carries this name. Only the person who shares this says that it is theirs.
names-differ = { $names }. { $reason }
names-identity = { $how }, by { $partner }, for { $name }.
evidence-dates = Signed on { $from }, valid until { $until }.
evidence-status = Entry { $entry } of the status list.

passed-signature = Nothing was changed since it was signed.
passed-issuer = The key that signed it is one that this site publishes as its own.
passed-holder = The holder released exactly what is shown, for this link.
passed-status = It was not revoked.
passed-dates = Valid today.
passed-schema = All fields follow the published schema.
unchecked-unread = It could not be read, so there was nothing to check.
unchecked-browser = Your browser does not know this signature algorithm.
unchecked-elsewhere = It names another site, which was not asked.
unchecked-unanswered = There was no usable response.
unchecked-no-status = It names no status list.
unchecked-status-kind = Its status is of a kind that is not known here.
unchecked-bare-key = Its issuer is a key and no site, so nothing shows whose key it is.
unchecked-not-shown = Its holder did not sign it.
unchecked-no-metadata = Its type has no description that can be asked for.
refused-not-a-token = This is not a token. Copy all of it, from eyJ to the end, and try again.
refused-several-tokens = There are several tokens in this. Paste one of them.
refused-too-long = This is longer than any token. The limit is 2 million characters.
refused-issuer-name = It does not name its issuer by an address that can be asked.
refused-malformed = It cannot be read.
refused-algorithm = Its signature algorithm is not supported.
refused-critical-header = It requires extensions that are not known here.
refused-type = It is another kind of token.
refused-key-confusion = It names another algorithm than its key is for.
refused-signature = The signature does not match: the content was changed, or another key signed it.
refused-unknown-key = The issuer publishes no key with the name that it gives.
refused-unknown-issuer = It was not signed in the name of this site.
refused-hash-algorithm = Its hash algorithm is not supported.
refused-duplicate-digest = One hash stands in it twice.
refused-stray-disclosure = Something shown was not signed: it was changed, or belongs elsewhere.
refused-disclosure = Something shown has the wrong form.
refused-must-not-be-disclosed = Something is disclosed separately that must be part of the signed token.
refused-claim = Something in it is missing or of the wrong kind.
refused-expired = It has expired.
refused-not-yet-valid = It is not valid yet.
refused-from-the-future = It says that it was signed in the future.
refused-too-old = It was signed too long ago.
refused-audience = It was meant for another link.
refused-nonce = It belongs to another request than this link’s.
refused-sd-hash = The holder’s signature does not cover exactly what is shown.
refused-not-bound = It has no signature of its holder.
refused-revoked = It was revoked.
refused-suspended = It is suspended.
refused-replaced = A newer version exists.
refused-unknown-status = Its status is not one that is known here.
refused-list-expired = The status list is too old to be relied on.
refused-integrity = The published schema is not the one that was meant when it was signed.
refused-unknown-claim = It has a field that the schema does not have.
refused-names = A name on this page is not the one that was signed.
