# Which details of a credential are shown or left out, and whether it has expired.

detail = { $label }: { $value }
detail-group = { $label } ({ $value })
detail-job = { $role }, { $organisation }, { $period }
detail-job-span = { $start } to { $last }
detail-job-open = { $start } to present (confirmed to { $last })
detail-job-open-planned = { $start } to { $end } as planned (confirmed to { $last })
detail-job-planned = planned from { $start }, not confirmed yet

selection-always = always shown
selection-all-employment = { $count ->
    [2] Both jobs
   *[other] All { $count } jobs
}
selection-some-employment = Choose jobs
selection-none-employment = No jobs

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
none-shown-employment = No jobs are shown.
not-shown-employment-at-most = { $count ->
    [one] At most 1 job not shown.
   *[other] At most { $count } jobs not shown.
}

job-planned = Planned from { $start }, not confirmed yet
job-open-planned = { $start } – { $end } as planned (confirmed to { $last })
timeline-known-planned = confirmed to { $month }, then planned
timeline-job-planned = { $role } at { $organisation }, { $start } to { $end } as planned, confirmed to { $last }, { $duration } so far.
