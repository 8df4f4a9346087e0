// A client that openapi-typescript made of /openapi.json, used as a program would: the
// compiler holds every name and type against the description.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

declare const process: { env: Record<string, string>; exitCode: number };

const client = createClient<paths>({
  baseUrl: process.env.BASE,
  headers: { Authorization: "Bearer " + process.env.TOKEN },
});
const group = "trafford";

async function main(): Promise<void> {
  const groups = await client.GET("/v1/groups");
  if (groups.data?.groups[0]?.group !== group) throw new Error("groups: " + JSON.stringify(groups.error ?? groups.data));

  const check = await client.GET("/v1/groups/{group}/check", {
    params: { path: { group }, query: { forum: "locality-board", matter: "workforce", amountPence: 800000, months: 6, consulted: ["none"] } },
  });
  if (check.data?.verdict !== "may-commit") throw new Error("check: " + JSON.stringify(check.error ?? check.data));

  const raised = await client.POST("/v1/groups/{group}/commands/raise-proposal", {
    params: { path: { group }, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { title: "Shared records", text: "We ask for one shared record.", matter: "workforce" },
  });
  if (!raised.data?.recorded) throw new Error("raise: " + JSON.stringify(raised.error));

  const refused = await client.GET("/v1/groups/{group}/proposals/{number}", { params: { path: { group, number: "P99" } } });
  if (refused.error?.code !== "not-found") throw new Error("a code: " + JSON.stringify(refused.error));
  console.log("TypeScript: 4 calls");
}

main().catch((err: unknown) => {
  console.error(String(err));
  process.exitCode = 1;
});
