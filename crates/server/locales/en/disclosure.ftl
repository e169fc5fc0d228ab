# Which details of a credential are shown or left out, and whether it has expired.

selection-always = always shown
selection-all-employment = { $count ->
   *[other] All { $count } jobs
}
selection-some-employment = { $count ->
   *[other] Only some of the { $count } jobs
}
selection-none-employment = { $count ->
   *[other] None of the { $count } jobs
}

expired-on = Expired on { $day }

not-shown = { $count ->
    [one] 1 detail not shown.
   *[other] { $count } details not shown.
}
not-shown-at-most = { $count ->
    [one] At most 1 detail not shown.
   *[other] At most { $count } details not shown.
}
not-shown-employment = { $count ->
    [one] 1 job not shown.
   *[other] { $count } jobs not shown.
}
not-shown-employment-at-most = { $count ->
    [one] At most 1 job not shown.
   *[other] At most { $count } jobs not shown.
}

job-planned = Planned from { $start }, not confirmed yet
job-open-planned = { $start } – present (confirmed to { $last }), planned to end in { $end }
timeline-known-planned = confirmed to { $month }, then planned
timeline-job-planned = { $role } at { $organisation }, { $start } to present, confirmed to { $last }, { $duration } so far, planned to end in { $end }.
