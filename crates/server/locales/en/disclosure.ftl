# What of a credential is shown, what is left out, and whether it still counts.

job-planned = Planned from { $start }, nothing confirmed yet
job-open-planned = Since { $start }, known up to { $last }, planned to end in { $end }
timeline-known-planned = known to { $month }, then planned
timeline-job-planned = { $role } at { $organisation }, since { $start }, known up to { $last }, { $duration } so far, planned to end in { $end }.
