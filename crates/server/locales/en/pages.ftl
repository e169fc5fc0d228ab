# The words of the pages. Messages are grouped by page; a value in braces comes from the page.

skip = Skip to the content
navigation = Pages
demo-label = Demonstration
demo-banner = Demonstration: what is entered here is not protected.
demo-inbox = See the mails
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
left-days = { $count ->
    [one] 1 day left
   *[other] { $count } days left
}
left-hours = { $count ->
    [one] 1 hour left
   *[other] { $count } hours left
}
left-soon = less than an hour left
duration-years = { $count ->
    [one] 1 year
   *[other] { $count } years
}
duration-months = { $count ->
    [one] 1 month
   *[other] { $count } months
}

copied = Copied.
copy-failed = Copying did not work; select the text instead.
copy-link = Copy the link
qr-link = QR code of this link

size-kilobytes = { $size } kB
size-megabytes = { $size } MB

home-title = Your career, in your hands
home-lead = Employers, payroll providers, universities and test centres already know what you have done. Here you see what they say of you, decide what to keep, and show it to whom you choose.
home-open = Open my wallet
home-step-1-title = They send it
home-step-1 = A partner sends what it knows of you, and gives you a link. Nobody else can open it once you have.
home-step-2-title = You look and decide
home-step-2 = You see every word before you say yes. If you say no, it is deleted here.
home-step-3-title = You keep it
home-step-3 = It stays in your wallet under a key of your own. Delete your account, and the key is destroyed with it.
home-partner = Do you send credentials for people?
home-docs = Read how to connect
home-console = Open your console

link-title = Open your link
link-opening = Opening your link…
link-unreadable = This link is not whole. Please open it again from where you got it, or paste all of it here.
link-no-script = Your browser does not run scripts, so the link cannot open by itself. Paste it here instead.
link-label = Your link
link-help = The whole address, as you got it from the partner.
link-open = Open

sign-in-title = Sign in to your wallet
sign-in-opening = { $partner } wants to add a credential to your wallet: { $title }. Sign in to see it first.
sign-in-opening-several = { $partner } wants to add { $count } credentials to your wallet. Sign in to see them first.
sign-in-invalid = This is not an e-mail address. It should look like name@example.org.
email = Email
email-help = We send a code to it, and nothing else. If you have no wallet yet, the code makes one.
email-code = Email me a code
passkey-sign-in = Sign in with a passkey
passkey-failed = That did not work. Try again, or sign in by e-mail.
sign-in-phone = Continue on your phone
sign-in-phone-help = Scan this with your phone's camera, or send yourself the link. It is the one you were given: show it to nobody before you have opened it.

code-title = Enter your code
code-sent = { $count ->
    [one] We sent a six-digit code to your address. It is good for a minute.
   *[other] We sent a six-digit code to your address. It is good for { $count } minutes.
}
code = Code
code-wrong = { $count ->
    [one] That code is not right. You have one more try.
   *[other] That code is not right. You have { $count } more tries.
}
code-over = This code has expired or was already used.
code-too-often = Too many wrong codes. Request a new one.
code-other-browser = You asked for this code in another browser. Type it there, or get a new code for this browser.
code-again = Get a new code
code-not-come = No mail? Look among the unwanted ones too.
code-send-again = Send a new code
code-another-address = Use another address

mail-code-subject = Your Tenure code
mail-code = Your code is { $code }

    Enter it in the browser where you asked for it ({ $base }). It expires in { $minutes } minutes and works once.

    Never tell it to anyone. You can ignore this email if you did not ask for it. Nobody can sign in without the code.

mail-offered-subject = { $partner } has something for your career passport
mail-offered = { $partner } has sent us something about you: { $what }.

    Look at it and decide whether to keep it:

    { $link }

    You sign in with a code that we mail you. Nothing is kept for you, or shown to anybody, unless you say yes. Whoever opens the link first and signs in has it alone, so do not pass it on. It ends on { $until }; what nobody has accepted by then is deleted.

    If you do not know { $partner }, or did not expect this, you need do nothing.
mail-offered-several = { $count ->
    [one] one credential
   *[other] { $count } credentials
}

mail-updated-subject = { $partner } updated your { $title }
mail-updated = { $partner } has updated something in your Tenure wallet: { $title }. You let them keep it up to date, so nobody asked you.

    See what changed: { $base }/wallet

    Is something wrong? You can undo the update there until { $until }, and stop further ones.

mail-ends-subject = { $count ->
    [one] Something of yours ends soon
   *[other] { $count } things of yours end soon
}
mail-ends = This ends soon:

    { $list }

    Your wallet: { $base }/wallet

    You get at most one mail like this a day. If you did not expect it, you can ignore it.
mail-ends-link = - { $partner } has sent us something about you: { $what }. You have not decided about it yet. It is deleted on { $at }.
    Review it: { $link }
mail-ends-documents = - The documents with this credential are deleted on { $at }: { $title }, from { $partner }. The credential itself stays.
    To keep them, open your wallet once more: { $base }/wallet
mail-ends-share = - A link that you created on { $day } stops working on { $at }.
    To go on sharing, create a new one: { $base }/wallet/shares
mail-ends-more = { $count ->
    [one] - One more. Your wallet shows it.
   *[other] - { $count } more. Your wallet shows them.
}

mail-withdrawn-subject = Something in your wallet was withdrawn
mail-withdrawn = { $partner } has withdrawn something that is in your Tenure wallet: { $title }.

    It stays in your wallet, marked as withdrawn, with the reason that { $partner } gave. What was signed of it no longer counts: whoever checks it is told that it was withdrawn.

    You can read the reason here: { $base }/wallet

consent-title = { $title }: look and decide
consent-heading = { $partner } wants to add this to your wallet
consent-lead = This is everything they sent. Nothing is kept for you, or shown to anybody, unless you say yes.
consent-from = From
consent-chain = by way of { $chain }
chain-then = { $chain }, then { $next }
consent-when = Sent
consent-purpose = Purpose
consent-purpose-wallet = To be kept in your wallet, for you to show to whom you choose.
consent-name = About
credential-heading = { $title }: { $headline }
career-gap = No record for { $duration }, from { $start }.
career-total = { $duration } of experience; months that overlap are counted once.
career-differs = { $partners } say different things about { $organisation }.
career-differs-said = { $partner }: { $role }. { $span }.
career-differs-help = Both are kept and shown as they were sent. If one of them is wrong, only who sent it can correct it.
names-and = { $names } and { $last }
job-span = { $start } to { $last }
job-open = Since { $start }, known up to { $last }
job-attested = Confirmed by { $partner } · data to { $month }
name-question = Is this also your name?
name-question-similar = Are both names yours?
name-here = This credential
name-beside = In your wallet
name-identity = Your verified identity
name-says = { $partner } says so.
name-own = This is also me
name-own-help = The credential is shown under its own name, apart from the others. If this is another person, decline it.
name-unconfirmed = Tick “This is also me” if this is your name too. If it is not, decline the credential.
name-reason = Why do the names differ?
name-reason-choose = Choose a reason
name-reason-changed = I changed my name
name-reason-spelling = It is spelled in another way
name-reason-script = It is written in another script
name-reason-other = Another reason
name-no-reason = Choose why the names differ.
name-asked-again = What you confirm has changed since this page was opened. Look at it again, and tick “This is also me” if it is still true.
birth-date-question = Is this also your date of birth?
birth-date-born = Born on { $day }
birth-date-unconfirmed = Tick “This is also me” if this identity is yours too. If it is not, decline the credential.
birth-date-reason = Why do the dates of birth differ?
birth-date-no-reason = Choose why the dates of birth differ.
birth-date-reason-mistake = One of the dates is a mistake
birth-date-reason-corrected = My date of birth was corrected
birth-date-reason-other = Another reason
choice-heading = Your choice
accept = Add to my wallet
accept-help = It is kept under your own key. You can delete it at any time.
decline = Decline
decline-help = It is deleted here at once. { $partner } is told that you declined, not why.
choice-later = You have { $left }. If you choose nothing, it is deleted on { $moment }.
choice-wrong = Is something wrong? Decline, and tell { $partner }: only they can correct it and send it again.

version-choice = Replace what you have?
version-choice-newer = You already have a newer version
version-older = It would replace what { $partner } sent on { $day }: { $headline }.
version-newer = { $partner } sent a newer version on { $day }: { $headline }.
version-changes = What changes:
version-same = Nothing that is shown changes.
version-links = Shared links that show the earlier version:
version-link-follows = it shows the new version from then on
version-link-stays = it goes on showing the earlier version, and says that there is a newer one
version-replace = Replace
version-replace-newer = Keep this one as an earlier version
version-replace-help = The earlier version stays in your wallet, for you alone.
version-keep = Keep both
version-keep-help = Both are current, and you can show either.
change-name = Name: { $newer } instead of { $older }
change-job-added = Added: { $role } at { $organisation }, { $span }
change-job-missing = No longer there: { $role } at { $organisation }, { $span }
change-job-organisation = { $newer } instead of { $older }
change-job-role = { $organisation }: { $newer } instead of { $older }
change-job-ended = { $organisation }: ended in { $newer }
change-job-open = { $organisation }: no end any more; it was { $older }
change-job-end = { $organisation }: ended in { $newer } instead of { $older }
change-job-known = { $organisation }: data up to { $newer } instead of { $older }
change-fact = { $label }: { $newer } instead of { $older }
change-fact-added = { $label }: { $newer }
change-fact-missing = { $label }: no longer said; it was { $older }
change-details = Some details differ.
standing-allow = Let { $partner } keep this up to date
standing-allow-help = They may add new months at these employers, with an end date or a new job title, without asking. A new employer, another name or a change to the past always asks you. We email you about each update, and you can undo it for 30 days.

documents = Documents
kind-pdf = PDF document “{ $name }”
kind-png = Image “{ $name }”
kind-jpg = Image “{ $name }”
kind-open-cert = OpenCerts document “{ $name }”
document-awaited = { $partner } has not sent this yet. You need not wait for it; what arrives after your answer is not added.
document-missing = It had not arrived when you accepted, so it is not in your wallet.
document-refused = It could not be fetched, or was not safe to keep. { $partner } knows.
document-signed = It is digitally signed, so it is kept exactly as { $partner } sent it. Your PDF reader shows who signed it; the signature was not checked here.
documents-left = Documents: { $left }. They stay if you open your wallet again on another day, or add a passkey.
document-deleted = It was deleted here, since nobody came back to this wallet in time.
certificate-whole = Its parts fit together: nothing was changed since it was sealed.
certificate-obfuscated = { $count ->
    [one] One value was taken out of it.
   *[other] { $count } values were taken out of it.
}
certificate-unchecked = Not checked here: whether its issuer published it, who that issuer is, and whether it was revoked.
certificate-incomparable = It does not name all of the person, the course and the issuer, so that it cannot be compared with what { $partner } says.
certificate-differs = The document says “{ $document }”, and { $partner } says “{ $said }”.

batch-title = Several credentials: look and decide
batch-heading = { $partner } wants to add { $count } credentials to your wallet
batch-lead = Decide about each of them. Nothing is kept for you, or shown to anybody, unless you say yes.
batch-about = About
batch-all = All at once
batch-accept-all = Add all { $count }
batch-decline-all = Decline all { $count }
batch-one-by-one = Some of these need a choice of their own, so they are added one by one.
batch-done-title = You have answered
batch-answered = Your answers
batch-open = Open { $title }
batch-accepted = { $title }: added to your wallet.
batch-declined = { $title }: declined, and deleted here.
batch-expired = { $title }: too old, and deleted here.
batch-withdrawn = { $title }: added to your wallet, and withdrawn later.
batch-taken-back = { $title }: taken back before you answered, and deleted here.
batch-removed = { $title }: you added it, and deleted it later.

outcome-unknown-title = This link leads nowhere
outcome-unknown = It may be mistyped, or too old. Ask the partner who gave it to you for a new one.
outcome-another-title = This link belongs to another account
outcome-another = Someone has opened it already, and it can only be seen by them. If that was you, sign out and sign in with the address you used then.
outcome-declined-title = You declined this
outcome-declined = Its data has been deleted here. Nothing of it is in your wallet.
outcome-expired-title = This link is too old
outcome-expired = Nobody accepted it in time, so its data has been deleted. Ask the partner to send it again.
outcome-removed-title = You deleted this
outcome-removed = It was in your wallet, and you deleted it. Its data is gone here.
outcome-taken-back-title = This was taken back
outcome-taken-back = Whoever sent it took it back before you had answered. Its data has been deleted here, and nothing of it is in your wallet.
to-wallet = Go to my wallet

wallet-title = Your wallet
wallet-waiting = { $partner } waits for your answer: { $title }.
wallet-waiting-several = { $partner } waits for your answer: { $count } credentials.
wallet-look = Look and decide
wallet-empty-title = Nothing here yet
wallet-empty = When a partner sends something about you, they give you a link. Open it while you are signed in, and what you accept appears here.
wallet-names = Your wallet has credentials in several names. Each name has a career of its own:
wallet-career = Your career
wallet-credentials = What is in your wallet
wallet-earlier = { $count ->
    [one] Earlier versions (1)
   *[other] Earlier versions ({ $count })
}
wallet-earlier-help = The same partner has sent a newer version, which you accepted. The earlier one is kept for you alone: it is not shown to others, and what was signed of it no longer counts.
passkey-offer-title = Sign in without codes
passkey-offer = A passkey lets you sign in with your fingerprint, face or screen lock. It stays on your device and cannot be phished.
passkey-add = Add a passkey
passkey-later = Not now
credential-from = { $title } from { $partner }
credential-documents = { $count ->
    [one] With a document.
   *[other] With { $count } documents.
}
credential-added = Added on { $day }
credential-updated = Updated by { $partner } on { $day }
credential-superseded = Replaced by a newer version on { $day }.
credential-withdrawn = Withdrawn by { $partner } on { $day }: { $reason }
credential-record = Consent record
credential-record-of = Consent record of what { $partner } sent
credential-delete-of = Delete what { $partner } sent
delete = Delete
export = Download everything (JSON)
export-help = all that is kept here about you

record-title = Consent record
updates-title = Updates
updates-allowed = { $partner } may keep this up to date. You allowed it on { $day }.
updates-stop = Stop updates
updates-stop-help = { $partner } has to ask you about the next one.
update-undo = Undo this update
update-undo-help = The version before becomes current again, and your shared links go back to it. { $partner } has to ask you about the next update. You can undo this until { $day }.
update-undone = You undid this update on { $day }.
name-also-written = Also written { $names }.
name-weak = Several records carry this name, and they may belong to different people. { $reason }
name-record = Name
name-record-says = This credential carries another name than your wallet had. You confirmed on { $day } that it is also you.
name-record-reason = Reason
birth-date-record = Date of birth
birth-date-record-says = This credential carries another date of birth than your wallet had. You confirmed on { $day } that it is also you.
record-events = What happened
record-data = What was sent
event-pushed = { $partner } sent it.
event-link-opened = Its link was opened in a browser.
event-opened = You opened it, and it became yours alone.
event-accepted = You agreed that it is kept in your wallet.
event-updated = It was accepted at once, because you let { $partner } keep it up to date.
event-declined = You declined it.
event-expired = Its time was over.
event-withdrawn = { $partner } withdrew it.
event-superseded = { $partner } sent a newer version, which took its place.
event-removed = You deleted it.
decision-replaced = You chose to replace the version of { $day }.
decision-kept = You chose to keep it and the version of { $day }.
decision-undone = You undid this update.
decision-reinstated = You undid the update of { $day }: this version became current again.
standing-given = You let { $partner } keep it up to date.
standing-ended = That ended: { $partner } asks you before it is updated.
copy-json = Copy as JSON
back-to-wallet = Back to the wallet
delete-credential = Delete this credential
delete-credential-title = Delete this credential?
delete-credential-what = Its data is deleted here and cannot be brought back. { $partner } keeps its own records, and would have to send it again under a new id. Links that you have shared with hirers go on showing it until they end, marked as revoked: take them back first if you do not want that.
keep-it = Keep it

account-title = Your account
account-since = Since
account-data = Your data
passkeys = Passkeys
passkey-added = Added on { $day }
passkey-used = Last used on { $day }
passkey-remove = Remove
sessions = Signed-in browsers
sessions-count = { $count ->
    [one] You are signed in on this browser alone.
   *[other] You are signed in on { $count } browsers.
}
sign-out-everywhere = Sign out everywhere
delete-account = Delete my account
delete-account-title = Delete your account?
delete-account-what = { $count ->
    [0] Your account and its key are destroyed.
    [one] Your account, the credential in it and its key are destroyed.
   *[other] Your account, the { $count } credentials in it and its key are destroyed.
}
delete-account-export = No copy can be opened afterwards, not even by us. You may want to keep your data first:
delete-account-understood = I understand that this cannot be undone
delete-account-not-understood = Please tick the box first.
keep-account = Keep my account

notice-accepted = Added to your wallet.
notice-deleted = Deleted.
notice-updates-allowed = Allowed. We email you about each update.
notice-updates-stopped = Stopped. The next update asks you.
notice-update-undone = Undone. The version before is current again.
notice-update-kept = This update cannot be undone any more.
notice-account-deleted = Your account and everything in it is deleted.
notice-signed-out = You are signed out.
notice-signed-out-everywhere = You are signed out on all browsers.
notice-passkey-added = Passkey added. You can use it the next time you sign in.
notice-passkey-removed = Passkey removed here. You may also want to delete it on your device.

error-not-found-title = There is nothing here
error-not-found = The address may be mistyped, or what was here is gone, or it is not yours to see.
error-forbidden-title = This is not allowed
error-too-many-title = Too many tries
error-too-many = { $count ->
    [one] Please wait a minute and try again.
   *[other] Please wait { $count } minutes and try again.
}
error-unavailable-title = Not right now
error-unavailable = We cannot do this at the moment. Nothing is lost; please try again in a moment.
error-internal-title = Something went wrong
error-internal = This is our mistake, and we have noted it. Please try again.
error-request-title = This could not be read
error-request = Please go back and try again.
error-id = If you ask for help, give this number: { $id }
to-start = To the start page

inbox-title = Mails of this demonstration
inbox-help = In a demonstration no mail leaves this machine; it is shown here. Newest first.
inbox-empty = No mail yet. Ask for a code, then come back.

timeline-title = Career timeline
timeline-label = { $role }, { $organisation }
timeline-gap-label = gap { $duration }
timeline-known = known to { $month }
timeline-job = { $role } at { $organisation }, { $start } to { $last }, { $duration }.
timeline-job-open = { $role } at { $organisation }, since { $start }, known up to { $last }, { $duration } so far.
timeline-gap = Gap of { $duration } from { $start }.
