// A client with the types of openapi-typescript, called with openapi-fetch.
import createClient from "openapi-fetch";

import type { components, paths } from "../generated/openapi-typescript/api.js";
import { type Assert, type Same, base, id, partner, pdf, present, report, tokenOf } from "./scene.js";

type Schemas = components["schemas"];
export type LinkOfPush = Assert<Same<Schemas["PushAnswer"]["redirect_uri"], string>>;
export type LinkOfDryRun = Assert<Same<Schemas["DryRunAnswer"]["redirect_uri"], string | undefined>>;
export type Statuses = Assert<Same<Schemas["StatusAnswer"]["status"], "incomplete" | "verified" | "canceled">>;

const open = createClient<paths>({ baseUrl: base });
const token = await open.POST("/api/partner/v1/oauth/token", {
  body: { grant_type: "client_credentials", ...partner },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
const client = createClient<paths>({
  baseUrl: base,
  headers: { Authorization: `Bearer ${present(token.data, "token").access_token}` },
});

const body: Schemas["Submission_microcredential"] = {
  credential_id: id,
  fields: {
    full_name: "Ada Example",
    issuer_name: "Example Institute",
    microcredential_name: "Project Management Foundations",
    issue_date: "2024-03-01",
  },
  assets: [{ asset_id: "certificate", asset_type: "pdf", asset_data: null }],
};
const push = "/api/partner/v2/add/requests/microcredential";
const preview = present((await client.POST(push, { body, params: { query: { dry_run: true } } })).data, "preview");
const pushed = present((await client.POST(push, { body })).data, "push");
export type LinkOfEither = Assert<Same<(typeof pushed)["redirect_uri"], string | undefined>>;
const upload = present(pushed.assets?.[0], "upload URL");
const uploaded = await client.PUT("/api/partner/v2/uploads/{token}", {
  params: { path: { token: tokenOf(upload.upload_url) } },
  body: pdf as unknown as string,
  bodySerializer: (document) => document,
  headers: { "Content-Type": "application/octet-stream" },
});
if (uploaded.error) throw new Error(uploaded.error.detail);
const status = await client.GET("/api/partner/v2/submissions/{id}/status", { params: { path: { id } } });
const asked = await client.POST("/api/partner/v2/verify/requests/microcredential", { body: {} });
const refused = await client.GET("/api/partner/v2/submissions/{id}/status", { params: { path: { id: "unknown" } } });
report({
  headline: "headline" in preview ? preview.headline : undefined,
  link: present(pushed.redirect_uri, "link"),
  requestId: present(pushed.request_id, "request id"),
  status: present(status.data, "status").status,
  document: status.data?.assets?.[0]?.state,
  verificationLink: present(asked.data, "verification request").redirect_uri,
  refusal: refused.error?.title,
});
