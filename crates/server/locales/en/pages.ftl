# Texts of the holder's pages and emails, grouped by page. A value in braces comes from the page.

skip = Skip to main content
title-error = Error:
form-incomplete = Nothing was added yet. Complete this first:
navigation = Menu
demo-label = Demonstration
demo-banner = This is a demonstration. Do not enter real personal data: it is not protected here.
demo-inbox = View emails
wallet = Wallet
account = Account
sign-in = Sign in
sign-out = Sign out
footer = Tenure, the open career passport.
footer-docs = For partners

month-name = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
month-year = { $month } { $year }
day = { $day } { $month } { $year }
moment = { $day }, { $time } UTC
moment-local = { $moment }, your time
left-time = { $time } left
left-days = { $count ->
    [one] 1 day left
   *[other] { $count } days left
}
left-hours = { $count ->
    [one] 1 hour left
   *[other] { $count } hours left
}
left-minutes = { $count ->
    [one] 1 minute left
   *[other] { $count } minutes left
}
minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
left-soon = less than a minute left
less-than-a-minute = less than a minute
duration-years = { $count ->
    [one] 1 year
   *[other] { $count } years
}
duration-months = { $count ->
    [one] 1 month
   *[other] { $count } months
}

copied = Copied.
copy-failed = Could not copy. Select the text and copy it instead.
copy-link = Copy link
qr-link = QR code for this link

size-kilobytes = { $size } kB
size-megabytes = { $size } MB

home-title = Your career, in your hands
home-lead = Employers, payroll providers, universities and test centres already hold records about you. See what they say, choose what to keep, and share it with anyone you like.
home-open = Open my wallet
home-step-1-title = They send your record
home-step-1 = Your payroll provider or university sends your record and gives you a private link. Once you open it and sign in, it works only for you.
home-step-2-title = You review and decide
home-step-2 = You see everything before you accept. If you decline, we delete it.
home-step-3-title = You keep it
home-step-3 = It is encrypted with a key that only your account has. If you delete your account, the key is destroyed too.
home-partner = Are you an employer, payroll provider or university?
home-docs = See how to connect
home-console = Open your console

link-title = Open your link
link-opening = Opening your link…
link-unreadable = This link is incomplete. Open it again from the message it came in, or paste the whole link here.
link-no-script = JavaScript is off in your browser, so the link cannot open by itself. Paste it here instead.
link-label = Your link
link-help = Paste the whole link, exactly as you received it.
link-open = Open

sign-in-title = Sign in to your wallet
sign-in-opening = { $partner } has sent your { $title }. Enter your email to view it; nothing is saved until you accept.
sign-in-opening-several = { $partner } has sent you { $count } credentials. Enter your email to view them; nothing is saved until you accept.
sign-in-opened = This link was already opened. Sign in with the email address you used then.
sign-in-invalid = Enter an email address, like name@example.org.
email = Email
email-help = We’ll email you a 6-digit code. New here? This also creates your wallet. Use a personal address that you will keep.
email-help-known = We’ll email you a 6-digit code.
email-code = Email me a code
passkey-sign-in = Sign in with a passkey
passkey-failed = The passkey did not work. Try again, or sign in with an email code.
sign-in-phone = Continue on your phone
sign-in-phone-help = Scan this with your phone’s camera, or send yourself the link. It is private: don’t share it.

code-title = Enter your code
code-sent = We sent a 6-digit code to { $address }. It expires in { $lifetime }.
code-sent-before = We sent a 6-digit code. It expires { $lifetime } after we sent it.
code-incomplete = Enter all 6 digits of the code, without letters.
code = Code
code-wrong = { $count ->
    [one] That code is wrong. You have 1 attempt left.
   *[other] That code is wrong. You have { $count } attempts left.
}
code-over = This code has expired or was already used.
code-too-often = Too many wrong codes. Request a new one.
code-other-browser = You asked for this code in another browser, or this browser’s cookies were deleted since then. Enter the code in the other browser, or get a new one here.
code-again = Get a new code
code-not-come = No email? Check your spam folder.
code-send-again = Send a new code
code-another-address = Use another email address

mail-code-subject = { $code } is your Tenure code
mail-code = Your code is { $code }

    Enter it in the browser where you asked for it ({ $base }). It expires in { $lifetime } and works once.

    Do not share it with anyone. If you did not ask for it, you can ignore this email. No one can sign in without the code.

mail-offered-subject = { $partner } has sent { $what } - review by { $day } (UTC)
mail-offered-one = your { $title }
mail-offered = { $partner } has sent you { $what }.

    Review it and decide whether to keep it:

    { $link }

    You sign in with a code that we email you. Nothing is added to your wallet, or shown to anyone, unless you accept. The link belongs to the first person who opens it and signs in, so do not share it. It expires on { $until }. If you have not accepted by then, we delete what was sent.

    If you do not know { $partner }, or did not expect this, you can ignore this email.
mail-offered-several = { $count ->
    [one] 1 credential
   *[other] { $count } credentials
}

mail-updated-subject = { $partner } updated your { $title }
mail-updated = { $partner } has updated a credential in your Tenure wallet: { $title }. You allowed them to keep it up to date, so we did not ask you first.{ $changes }

    See what changed: { $base }/wallet

    Is something wrong? You can undo the update there until { $until }, and stop further updates. If another update follows, undo the newest one first.

mail-updated-title = The job title is now: { $now }. Until { $month } it was: { $before }.
mail-updated-title-added = The job title is now: { $now }. Until { $month } there was none.
mail-updated-category = The job category is now: { $now }. Until { $month } it was: { $before }.
mail-updated-category-added = The job category is now: { $now }. Until { $month } there was none.

mail-ends-subject = { $count ->
    [one] A deadline in your Tenure wallet is coming up
   *[other] { $count } deadlines in your Tenure wallet are coming up
}
mail-ends = Coming up soon:

    { $list }

    Your wallet: { $base }/wallet

    You get at most one email like this a day. If you did not expect it, you can ignore it.
mail-ends-link = - { $partner } has sent you this, and you have not decided yet: { $what }. It will be deleted on { $at }.
    Review it: { $link }
mail-ends-documents = - The documents with this credential will be deleted on { $at }: { $title }, from { $partner }. The credential itself stays.
    To keep them, open your wallet again before then: { $base }/wallet
mail-ends-share = - A link that you created on { $day } stops working on { $at }.
    To keep sharing, create a new one: { $base }/wallet/shares
mail-ends-more = { $count ->
    [one] - 1 more. Your wallet shows it.
   *[other] - { $count } more. Your wallet shows them.
}

mail-withdrawn-subject = { $partner } has withdrawn your { $title }
mail-withdrawn = { $partner } has withdrawn a credential in your Tenure wallet: { $title }.

    It stays in your wallet, marked as withdrawn, with the reason that { $partner } gave. Signed copies are no longer valid: anyone who checks one sees that it was withdrawn.

    Read the reason: { $page }

consent-title = { $title }: review and decide
consent-heading = { $partner } wants to add this to your wallet
consent-lead = This is everything they sent. Nothing is added to your wallet, or shown to anyone, unless you accept.
consent-from = From
consent-chain = via { $chain }
chain-then = { $chain }, then { $next }
consent-when = Sent
consent-purpose = Purpose
consent-purpose-wallet = To keep in your wallet, and to share with anyone you choose.
consent-name = Full name
credential-test = Test data: this comes from a test partner of this server. Do not rely on it.
credential-heading = { $title }: { $headline }
career-gap = No record for { $duration }, from { $start }.
career-total = { $duration } of experience.
career-total-overlap = { $duration } of experience. Overlapping months counted once.
career-total-shown = { $duration } of experience in the jobs shown.
career-total-shown-overlap = { $duration } of experience in the jobs shown. Overlapping months counted once.
career-total-none = No confirmed months of work yet.
career-differs = { $partners } give different details about { $organisation }.
career-differs-said = { $partner }: { $role }. { $span }.
career-differs-help = Both are shown as they were sent. If one of them is wrong, only the organisation that sent it can correct it.
names-and = { $names } and { $last }
job-span = { $start } – { $last }
job-open = { $start } – present (confirmed to { $last })
job-attested = Confirmed by { $partner } · data to { $month }
name-question = Is this also your name?
name-question-similar = Are both names yours?
name-here = This credential
name-beside = In your wallet
name-identity = Your verified identity
name-says = According to { $partner }.
name-own = This is also me
name-own-help = We show this credential under its own name, separate from the others. If it is about another person, decline it.
name-unconfirmed = Tick “This is also me” if this is your name too. If it is not, decline the credential.
name-reason = Why do the names differ?
name-reason-choose = Choose a reason
name-reason-changed = I changed my name
name-reason-spelling = It is spelt differently
name-reason-script = It is written in a different script or alphabet
name-reason-other = Another reason
name-no-reason = Choose why the names differ.
name-asked-again = What you are confirming has changed since you opened this page. Check it again, and tick “This is also me” if it is still true.
birth-date-question = Is this also your date of birth?
birth-date-born = Born on { $day }
birth-date-unconfirmed = Tick “This is also me” if this is about you too. If it is not, decline the credential.
birth-date-reason = Why do the dates of birth differ?
birth-date-no-reason = Choose why the dates of birth differ.
birth-date-reason-mistake = One of the dates is a mistake
birth-date-reason-corrected = My date of birth was corrected
birth-date-reason-other = Another reason
choice-heading = Your choice
accept = Add to my wallet
accept-help = It is encrypted with a key that only your account has. You can delete it at any time.
decline = Decline
decline-help = We delete it now and tell { $partner } that you declined (never why). You cannot undo this.
choice-later = You have { $left } (until { $moment }). Then it is deleted.
choice-later-several = You have { $left } (until { $moment }). Then they are deleted.
choice-wrong = Is something wrong? Decline, then ask { $partner } to correct it and send it again.

version-choice = Replace what you have?
version-choice-newer = You already have a newer version
version-older = This would replace what { $partner } sent on { $day }: { $headline }.
version-newer = { $partner } sent a newer version on { $day }: { $headline }.
version-changes = What changes:
version-same = Both versions look the same.
version-links = Shared links that show the earlier version:
version-link-follows = will show the new version
version-link-stays = will still show the earlier version, and say that there is a newer one
version-replace = Replace
version-replace-newer = Keep this one as an earlier version
version-replace-help = The earlier version stays in your wallet, where only you can see it.
version-keep = Keep both
version-keep-help = Both are current, and you can share either.
change-name = Name: changed from { $older } to { $newer }
change-job-added = Added: { $role } at { $organisation }, { $span }
change-job-missing = Removed: { $role } at { $organisation }, { $span }
change-job-organisation = Employer: changed from { $older } to { $newer }
change-job-role = { $organisation }: changed from { $older } to { $newer }
change-job-ended = { $organisation }: ended in { $newer }
change-job-open = { $organisation }: no longer has an end date; it was { $older }
change-job-end = { $organisation }: end date changed from { $older } to { $newer }
change-job-known = { $organisation }: data to { $newer } instead of { $older }
change-fact = { $label }: changed from { $older } to { $newer }
change-fact-added = { $label }: { $newer }
change-fact-missing = { $label }: removed; it was { $older }
change-details = Some details changed.
standing-allow = Let { $partner } keep this up to date
standing-allow-of = Let { $partner } keep this up to date: { $headline }
standing-allow-help = They may add new months at these employers without asking you. With the new months, a current job may also get an end date or another job title or category. Your wallet, our email and your shared links then say what the title or category was before. A new employer, a different name, a new professional title or degree in your name, another start date, and another title, category or end date of a job that has ended always need your approval. So does another title or category without new months. We email you about each update, and you can undo it for 30 days.
standing-allowed = You allowed { $partner } to do this on { $day }. It goes on if this stays ticked, and ends if you untick it.

documents = Documents
kind-pdf = PDF document “{ $name }”
kind-png = Image “{ $name }”
kind-jpg = Image “{ $name }”
kind-open-cert = OpenCerts document “{ $name }”
document-awaited = { $partner } has not sent this yet. You do not have to wait for it, but anything that arrives after you decide is not added.
document-missing = It had not arrived when you accepted, so it is not in your wallet.
document-refused = We could not fetch this, or it was not safe to keep. { $partner } can see this too.
document-signed = This is digitally signed, so we keep it exactly as { $partner } sent it. Your PDF reader shows who signed it. We have not checked the signature.
documents-left = Documents: { $left }. To keep them, open your wallet again on another day, or add a passkey.
document-deleted = We deleted this because the wallet was not opened again in time.
certificate-whole = This document is intact: nothing was changed after it was sealed.
certificate-obfuscated = { $count ->
    [one] 1 value was removed from it.
   *[other] { $count } values were removed from it.
}
certificate-unchecked = We have not checked whether its issuer published it, who that issuer is, or whether it was revoked.
certificate-incomparable = It does not name the person, the course and the issuer in full, so we cannot compare it with what { $partner } says.
certificate-differs = The document says “{ $document }”, but { $partner } says “{ $said }”.

batch-title = Several credentials: review and decide
batch-heading = { $partner } wants to add { $count } credentials to your wallet
batch-lead = Decide about each one. Nothing is added to your wallet, or shown to anyone, unless you accept.
batch-about = Full name
batch-all = All at once
batch-accept-all = Add all { $count }
batch-decline-all = Decline all { $count }
batch-decline-help = We delete all { $count } now and tell { $partner } that you declined them (never why). You cannot undo this.
batch-accept-others = Add the other { $count }
batch-one-by-one = { $count ->
    [one] This one needs a choice of its own, so add it by itself:
   *[other] These need a choice of their own, so add them one by one:
}
batch-choose-name = { $title }: { $headline }. Confirm that the name is yours.
batch-choose-birth-date = { $title }: { $headline }. Confirm that the date of birth is yours.
batch-choose-version = { $title }: { $headline }. Choose whether it replaces what you have.
batch-done-title = You have decided
batch-answered = Your decisions
batch-open = Open { $headline }
batch-accepted = { $title }: added to your wallet.
batch-declined = { $title }: declined and deleted.
batch-expired = { $title }: expired and deleted.
batch-withdrawn = { $title }: added to your wallet, then withdrawn by the sender.
batch-taken-back = { $title }: withdrawn before you decided, and deleted.
batch-removed = { $title }: added to your wallet, then deleted by you.

outcome-unknown-title = We can’t find this link
outcome-unknown = It may be mistyped or too old. Ask the organisation that sent it for a new one.
outcome-another-title = This link belongs to another account
outcome-another = It was opened with another account, and only that account can view it. If that was you, sign out, then sign in with the email address you used then.
outcome-declined-title = You declined this
outcome-declined = We deleted its data and informed the organisation that sent it that you declined (never why). Nothing was added to your wallet.
outcome-link-declined-title = This was declined
outcome-link-declined = Someone opened this link and declined what was sent, so we deleted its data. If that was not you, tell the organisation that sent it.
outcome-expired-title = This link has expired
outcome-expired = It was not accepted in time, so we deleted its data. Ask the organisation that sent it to send it again.
outcome-removed-title = You deleted this
outcome-removed = It was in your wallet and you deleted it. We no longer have its data.
outcome-taken-back-title = This was withdrawn
outcome-taken-back = The organisation that sent it withdrew it before you decided. We deleted its data, and nothing was added to your wallet.
to-wallet = Go to my wallet

wallet-title = Your wallet
wallet-waiting = { $partner } sent your { $title }.
wallet-waiting-several = { $partner } sent you { $count } credentials.
wallet-waiting-sent = Sent on { $moment }.
wallet-look = Review
wallet-empty-waiting = Nothing is in your wallet yet. What you accept appears here.
wallet-empty-title = Nothing here yet
wallet-empty = When an organisation sends something about you, it gives you a link. Open it while you are signed in. What you accept appears here.
wallet-names = Your wallet has credentials in several names. Each name has its own career:
wallet-career = Your career
wallet-credentials = Your credentials
wallet-earlier = { $count ->
    [one] Earlier versions (1)
   *[other] Earlier versions ({ $count })
}
wallet-earlier-help = An earlier version stays in your wallet, where only you can see it. Its signed copies are no longer valid.
passkey-offer-title = Sign in without codes
passkey-offer = A passkey lets you sign in with your fingerprint, face or screen lock. It is faster, and safe from phishing.
passkey-add = Add a passkey
passkey-later = Not now
credential-from = { $title } from { $partner }
credential-documents = { $count ->
    [one] Includes 1 document.
   *[other] Includes { $count } documents.
}
credential-added = Added on { $day }
credential-updated = Updated by { $partner } on { $day }
credential-superseded = Replaced by a newer version on { $day }.
credential-withdrawn = Withdrawn by { $partner } on { $day }: { $reason }
credential-still-shared = A link that you shared still shows this. You can revoke it:
credential-record = View details
credential-record-of = View details: { $headline }, from { $partner }
credential-delete-of = Delete: { $headline }, from { $partner }
delete = Delete
export = Download your data
export-help = your credentials, links and history as a JSON file; documents are separate downloads

record-title = Details and history
updates-title = Updates
updates-allowed = On { $day } you allowed { $partner } to keep this up to date.
updates-stop = Stop updates
updates-stop-help = { $partner } will have to ask you before the next update.
update-undo = Undo this update
update-undo-help = The previous version becomes current again, and your shared links go back to it. { $partner } will have to ask you before the next update. You can undo this update until { $day }.
update-undo-later-first = You can undo this update until { $day }. Later updates must be undone first, the newest first.
update-undo-newest = Open the newest update
update-undone = You undid this update on { $day }.
name-also-written = Also written { $names }.
name-weak = Several records carry this name, and they may belong to different people. { $reason }
name-record = Name
name-record-says = The name on this credential differs from the one in your wallet. On { $day } you confirmed that it is also you.
name-record-reason = Reason
birth-date-record = Date of birth
birth-date-record-says = The date of birth on this credential differs from the one in your wallet. On { $day } you confirmed that it is also you.
record-events = What happened
record-data = What was sent
event-pushed = { $partner } sent it.
event-link-opened = The link was opened in a browser.
event-opened = You opened it, so the link works only for you.
event-accepted = You added it to your wallet.
event-updated = It was accepted automatically, because you allowed { $partner } to keep it up to date.
event-declined = You declined it.
event-expired = It expired.
event-withdrawn = { $partner } withdrew it.
event-superseded = { $partner } sent a newer version, which replaced it.
event-removed = You deleted it.
decision-replaced = You chose to replace the version from { $day }.
decision-kept = You chose to keep both this and the version from { $day }.
decision-undone = You undid this update.
decision-reinstated = You undid the update from { $day }, so this version is current again.
standing-given = You allowed { $partner } to keep it up to date.
standing-ended = This permission ended: { $partner } has to ask you before each update.
standing-kept = You replaced the earlier version and kept this permission.
standing-not-kept = You replaced the earlier version and did not keep this permission: { $partner } has to ask you before each update.
job-title-until = Job title until { $month }: { $before }
job-title-none-until = No job title until { $month }
job-category-until = Job category until { $month }: { $before }
job-category-none-until = No job category until { $month }
copy-json = Copy as JSON
back-to-wallet = Back to your wallet
delete-credential = Delete this credential
delete-credential-title = Delete this credential?
delete-credential-what = We delete its data now, and you cannot get it back. { $partner } keeps its own records, and would have to send it to you again.
delete-credential-links = Links you shared will still show it, marked as revoked, until they expire. If you do not want that, revoke those links first:
keep-it = Keep it

account-title = Your account
account-since = Created
account-data = Your data
passkeys = Passkeys
passkey-added = Added on { $day }
passkey-used = Last used on { $day }
passkey-remove = Remove
passkey-numbered = passkey { $number }, added on { $day }
sessions = Signed-in browsers
sessions-count = { $count ->
    [one] You are signed in on this browser only.
   *[other] You are signed in on { $count } browsers.
}
sign-out-everywhere = Sign out everywhere
delete-account = Delete my account
delete-account-title = Delete your account?
delete-account-what = { $count ->
    [0] Your account and its encryption key will be destroyed.
    [one] Your account, the credential in it and its encryption key will be destroyed.
   *[other] Your account, the { $count } credentials in it and its encryption key will be destroyed.
}
delete-account-links = Links that you shared stop working. Anything that waits for your decision is declined, and the organisations that sent it see that you declined.
delete-account-export = Backups made before are deleted later, on the operator's schedule. You may want to download your data first:
delete-account-understood = I understand that this cannot be undone
delete-account-not-understood = Tick the box to confirm that you understand.
keep-account = Keep my account

notice-accepted = Added to your wallet.
notice-deleted = Deleted.
notice-updates-allowed = Updates allowed. We email you about each one.
notice-updates-stopped = Updates stopped. You will be asked before the next one.
notice-update-undone = Update undone. The previous version is current again.
notice-update-later-first = Not undone yet, because there are later updates. Undo those first, the newest first.
notice-update-already-undone = You have already undone this update.
notice-update-too-late = It is too late to undo this update.
notice-update-kept = This update cannot be undone. The version before was deleted or withdrawn, or you have replaced this one since.
notice-account-deleted = Your account and everything in it have been deleted.
notice-signed-out = You have signed out.
notice-session-ended = You have been signed out. Sign in to continue.
notice-form-unsaved = You have been signed out, so nothing was saved. Sign in to continue where you left off.
form-kept = You were signed out before we could save this. Check your choices and send them again.
notice-signed-out-everywhere = You have signed out of all browsers.
notice-passkey-added = Passkey added. You can use it the next time you sign in.
notice-passkey-removed = Passkey removed from your account. You may also want to delete it from your device.

error-not-found-title = Page not found
error-not-found = Check the address. You may have deleted what it showed, or it may belong to another account.
error-method-title = This page cannot be opened like this
error-method = This address only works from a button on one of our pages. Open the page below, and continue from there.
error-method-open = Open the page
error-forbidden-title = This is not allowed
error-too-many-title = Too many attempts
error-too-many = { $count ->
    [one] Wait a minute and try again.
   *[other] Wait { $count } minutes and try again.
}
error-too-many-again = Try again
error-unavailable-title = Temporarily unavailable
error-unavailable = We cannot do this right now. Nothing is lost. Try again in a moment.
error-internal-title = Something went wrong
error-internal = This is our fault, and we have recorded it. Try again.
error-request-title = That did not work
error-request = Go back and try again.
error-too-large-title = This is too long
error-too-large = What you entered is longer than this site accepts. Go back, shorten it and send it again.
error-form-title = This form was not sent correctly
error-form = It did not arrive in the format of a form. Go back, and send it from the page itself.
error-id = If you ask for help, quote this number: { $id }
to-start = Go to the start page

cookies-title = Allow cookies for this site
cookies-lead = Your browser did not keep the cookie that we set, so we cannot tell that this is you.
cookies-how = Allow cookies for this site in your browser’s settings. We use them to know that you have signed in or entered a passcode, never to track you.
cookies-again = Try again

inbox-title = Emails of this demonstration
inbox-help = In a demonstration, emails do not leave this machine. They are shown here, newest first.
inbox-empty = No emails yet. Ask for a code, then come back.

timeline-title = Career timeline
timeline-label = { $role }, { $organisation }
timeline-gap-label = gap { $duration }
timeline-known = confirmed to { $month }
timeline-job = { $role } at { $organisation }, { $start } to { $last }, { $duration }.
timeline-job-open = { $role } at { $organisation }, { $start } to present, confirmed to { $last }, { $duration } so far.
timeline-gap = Gap of { $duration } from { $start }.
