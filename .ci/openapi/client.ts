// Uses the generated types, so that their compilation says something about them.
import type { components, paths } from "./api.js";

type Jobs = paths["/v1/servicetitan/{account}/jpm/jobs"]["get"];
type Page = Jobs["responses"][200]["content"]["application/json"];
type Problem = Jobs["responses"][429]["content"]["application/problem+json"];

export const query: NonNullable<Jobs["parameters"]["query"]> = { ids: [1, 2], pageSize: 50, onMisfit: "raw" };
export const first = (page: Page): number | undefined => page.data[0]?.id;
export const resume = (page: Page): string | undefined => (page.page.hasMore ? page.resume : undefined);
export const wait = ({ retry }: Problem): number => (retry.advice === "after" ? (retry.afterMs ?? 0) : 0);
export const reason: components["schemas"]["ServicetitanJpmCancelJob"] = { reasonId: 7, memo: "moved" };

// @ts-expect-error there is no such parameter
export const unknown: NonNullable<Jobs["parameters"]["query"]> = { idz: [1] };
// @ts-expect-error a reason is needed
export const incomplete: components["schemas"]["ServicetitanJpmCancelJob"] = { memo: "moved" };
// @ts-expect-error no such word
export const misfit: NonNullable<Jobs["parameters"]["query"]> = { onMisfit: "ignore" };
