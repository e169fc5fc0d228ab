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

hire-title = What somebody shows you
hire-passcode-title = This link has a passcode
hire-passcode-lead = Whoever sent you the link has told you a passcode, or will.
hire-passcode-wrong = That passcode is not right.
hire-open = Open
hire-over-title = This link is over
hire-over = Its time has passed, or it was taken back. Ask the person who sent it for a new one.
hire-yours = You are looking at your own link. This is not counted.
hire-lead = { $name } shows you this, and it can be checked.
hire-purpose = Purpose
hire-shared = Shared
hire-updated = Updated
hire-newer = A newer version exists since { $day }. Reload this page; if it stays the same, ask { $name } for a new link.
hire-until = Can be opened until
hire-attested = Attested
hire-attested-by = By { $partner }, on { $day }
hire-about = About
hire-career = Career
hire-checks = Is it genuine?
hire-checks-lead = Each check stands by itself. Your browser makes them again, without trusting this page.
hire-checked-here = Checked by this server on { $moment }.
hire-checked-browser = Checked again in your browser on { $moment }.
hire-all-passed = All checks passed.
hire-some-doubtful = A newer version exists. What you see here was confirmed before it.
hire-some-failed = A check failed. Do not rely on this.
hire-some-unchecked = Nothing failed, but not every check could be made.
hire-browser-failed = Your browser could not make the checks. What this server found stands below.
hire-asked = Asked { $address } on { $moment }.
hire-raw = For your own tools
hire-raw-help = The signed token, an SD-JWT VC. Any tool that reads the format can check it.
hire-copy = Copy the token
hire-token-of = Token of what { $partner } attests
hire-download = Download the token
hire-link = This link
hire-not-attested = Tenure keeps and signs what { $partner } said. It does not itself know whether that is so.

step-signature = Signature
step-issuer = Issuer
step-holder = Holder
step-status = Not revoked
step-dates = Dates
step-schema = Form
outcome-passed = Passed
outcome-failed = Failed
outcome-doubtful = Replaced
outcome-unchecked = Not checked

passed-signature = Nothing was changed since it was signed.
passed-issuer = The key that signed it is one that this site publishes as its own.
passed-holder = The person had it signed for this link, with exactly what is shown.
passed-status = It was not revoked.
passed-dates = It has begun and is not over.
passed-schema = It is of a kind that this site describes, and says nothing that the kind does not know.
unchecked-unread = It could not be read, so there was nothing to check.
unchecked-browser = Your browser does not know this signature algorithm.
unchecked-elsewhere = It names another site, which was not asked.
unchecked-unanswered = There was no usable answer.
unchecked-no-status = It names no status list.
refused-malformed = It cannot be read.
refused-algorithm = Its signature algorithm is not one that is taken.
refused-critical-header = It asks for extensions that are not known here.
refused-type = It is not the kind of token that belongs here.
refused-key-confusion = It names another algorithm than its key is for.
refused-signature = The signature is not of this key, or what was signed has been changed.
refused-unknown-key = None of the issuer's keys has the name that it gives.
refused-unknown-issuer = It was not signed in the name of this site.
refused-hash-algorithm = What it shows is hashed in a way that is not taken.
refused-duplicate-digest = One hash stands in it twice.
refused-stray-disclosure = Something shown was not signed: it was altered, or belongs elsewhere.
refused-disclosure = Something shown is not of the right form.
refused-must-not-be-disclosed = Something is shown apart that must stand in the open.
refused-claim = Something in it is missing or of the wrong kind.
refused-expired = Its time is over.
refused-not-yet-valid = Its time has not begun.
refused-from-the-future = It says that it was made in the future.
refused-too-old = It was made too long ago.
refused-audience = It was meant for another link.
refused-nonce = It answers another question than was asked for this link.
refused-sd-hash = The holder's signature does not cover exactly what is shown.
refused-not-bound = It carries no signature of its holder.
refused-revoked = It was revoked.
refused-suspended = It is suspended.
refused-replaced = It was not revoked, but a newer version exists. Reload this page, or ask the person who sent you the link for it.
refused-unknown-status = Its status is one that is not known here.
refused-list-expired = The status list is too old to be relied on.
refused-integrity = The description of its kind is not the one that was meant when it was signed.
refused-unknown-claim = It says something that its kind does not know.

print = Save as PDF
print-no-script = To save this page as PDF, open your browser’s print command and choose “Save as PDF”.
