# Verification requests: what a partner asks a person to share.

sign-in-asked = { $partner } would like to see something from your wallet: { $title }. Sign in to view the request. Nothing is shared until you agree.

verify-title = { $title }: choose what to share
verify-heading = { $partner } would like to see your { $title }
verify-lead = You choose what to share. Nothing is shared until you agree.
verify-who = Requested by
verify-purpose = Reason
verify-in-their-words = In their words: “{ $purpose }”
verify-wanted = What they ask for
verify-afterwards = Afterwards
verify-back-to = You return to { $destination }.
verify-choose = What you share
verify-choose-help = Everything they ask for is ticked. Untick anything you do not want to share.
verify-show-this = Share this one: { $headline }, from { $partner }
verify-attested = They also see that { $partner } confirmed it, and when.
verify-share = Share
verify-share-help = { $partner } gets what you ticked, signed and verified. They can download it here for 48 hours, and may keep their copy.
verify-cancel = Cancel
verify-cancel-help = { $partner } sees nothing. We tell them that you declined (never why).
verify-until = This request expires on { $moment }.
verify-warning = Only continue if you came here from { $partner } yourself, not from a link that someone else sent you.
verify-problem-credential = Choose one of your credentials, or cancel.
verify-problem-nothing = Tick at least one detail to share, or cancel.
verify-problem-replaced = Something you chose was updated after you opened this page. This is the newer version, with the same choices. Check it and select “Share”.
verify-problem-gone = Nothing was shared, because the credential you chose was withdrawn or is no longer in your wallet.
verify-problem-changed = Nothing was shared, because a credential you chose has been changed or withdrawn. Check your choices and try again.
verify-none-title = You have nothing to share
verify-none = Your wallet has no valid credential of this kind: { $title }. When a partner sends you one, accept it first. Then open this link again before it expires. Or cancel.
verify-says-nothing = Your credentials of this kind contain none of the details they ask for: { $title }. You can only cancel.
verify-done-title = You have decided
verify-done-shown = You shared this with { $partner } on { $moment }:
verify-done-canceled = You declined the request from { $partner } on { $moment }. Nothing was shared.
verify-back = Back to { $partner }
verify-expired-title = This request has expired
verify-expired = It was not answered in time, or the organisation may no longer ask. Nothing was shared. Go back to where you came from and start again there.
verify-answered-title = This request was already answered
verify-answered = A request can be answered only once. If it was not you, tell the organisation that sent it.

shown-open = Sharing history
shown-help = what you shared with partners that asked
shown-title = Sharing history
shown-lead = What you shared with partners when they asked for it. They may keep what they have downloaded. Here it is deleted after 48 hours.
shown-none = You have not shared anything yet.
shown-what = { $title }, on { $moment }
