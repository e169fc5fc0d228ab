// The sample submission that flows use.
import { randomUUID } from "node:crypto";

/** Returns a career with two jobs, the second one current, for a person of this name. */
export function careerHistory({ fullName = "Ada Example" } = {}) {
  return {
    credential_id: `WALK-${randomUUID()}`,
    fields: {
      full_name: fullName,
      employment: [
        {
          organisation: "Northwind Rail",
          role_classification: "Software Engineer",
          role_title: "Associate Software Engineer",
          start_date: "2020-01",
          end_date: "2022-12",
          last_processed_month: "2023-01",
        },
        {
          organisation: "Harbour Analytics",
          role_classification: "Software Engineer",
          role_title: "Senior Software Engineer",
          start_date: "2023-02",
          last_processed_month: "2024-05",
        },
      ],
    },
    partner_chain: [{ name: "Payroll Bureau South" }],
  };
}

/** Words from the sample that unauthorized visitors must not see. */
export const SECRETS = ["Ada Example", "Northwind Rail", "Harbour Analytics", "Senior Software Engineer"];

/** Returns the previous month as the API formats it: the newest data that payroll can have. */
export function lastMonth() {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1)).toISOString().slice(0, 7);
}

/** Returns a career with one current job. */
export function oneJob({ fullName, organisation, role, start = "2020-01", dataTo = lastMonth() }) {
  const job = { organisation, role_title: role, start_date: start, last_processed_month: dataTo };
  return { credential_id: `WALK-${randomUUID()}`, fields: { full_name: fullName, employment: [job] } };
}
