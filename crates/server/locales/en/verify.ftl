# What a partner asks a person to show.

sign-in-asked = { $partner } asks you to show something from your wallet: { $title }. Sign in to see what it wants first.

verify-title = { $title }: what to show
verify-heading = { $partner } asks to see your { $title }
verify-lead = You choose what to show. Nothing leaves your wallet unless you say so.
verify-who = Who asks
verify-purpose = What for
verify-in-their-words = In their words: “{ $purpose }”
verify-wanted = What they ask for
verify-afterwards = Afterwards
verify-back-to = You are sent back to { $destination }.
verify-choose = What you show
verify-choose-help = Everything they ask for is ticked. Leave out what you do not want to show.
verify-show-this = Show this one: { $headline }, from { $partner }
verify-attested = They also see that { $partner } attests it, and when.
verify-share = Share
verify-share-help = { $partner } gets what is ticked, signed and checked, and can fetch it here for 48 hours. It may keep what it has fetched.
verify-cancel = Cancel
verify-cancel-help = { $partner } is told that you said no, not why, and sees nothing.
verify-until = You can answer until { $moment }.
verify-warning = Only go on if you came here from { $partner } yourself, and not by a link that somebody else sent you.
verify-problem-credential = Choose one of your credentials, or cancel.
verify-problem-nothing = Tick at least one thing to show, or cancel.
verify-problem-changed = What you chose has changed or was withdrawn in the meantime, so nothing was shown. Look again.
verify-none-title = You have nothing to show here
verify-none = Your wallet holds nothing of this kind that counts: { $title }. When a partner sends it to you, accept it first, and then open the link again while it is good. Or cancel.
verify-says-nothing = What you hold says nothing of what they ask for: { $title }. You can only cancel.
verify-done-title = You have answered
verify-done-shown = You showed this to { $partner } on { $moment }:
verify-done-canceled = You said no to { $partner } on { $moment }. Nothing was shown.
verify-back = Back to { $partner }
verify-expired-title = This request is over
verify-expired = Nobody answered it in time, or whoever asked no longer may. Nothing was shown. Go back to where you came from and begin again there.
verify-answered-title = This request was answered
verify-answered = An answer counts once. If you did not give it yourself, tell whoever asked.

shown-open = Shown to
shown-help = what you showed to partners that asked
shown-title = Shown to
shown-lead = Whom you showed what, when they asked for it. What they have fetched is theirs to keep; it is deleted here after 48 hours.
shown-none = You have not shown anything yet.
shown-what = { $title }, on { $moment }
