import type { Provider } from "oidc-provider";
import { parseScopes } from "../../lib/scope.ts";
import { plainScopes } from "../../lib/smart-configuration.ts";
import { patientsOf } from "../account/store.ts";
import { bindGrant, patientOfGrant, useLaunch } from "../launch/store.ts";
import { scopesForAccount, scopesForClient } from "../provider/smart-scopes.ts";
import { requestScope } from "../request-scope.ts";
import { isStrong } from "./progress.ts";
import { putSignin } from "./store.ts";
import type { Visit } from "./visit.ts";

/** The scopes that were asked for and make sense for the software. */
function requested({ interaction, client }: Visit): string[] {
  const asked = String(interaction.params.scope ?? "")
    .split(" ")
    .filter(Boolean);
  return scopesForClient(asked, client.kind, "code");
}

/** The records this account may open, by their patients' ids: its own, and those of others. */
export function ownPatients({ state }: Visit): string[] {
  const own = state.account ? patientsOf(state.account) : [];
  return [...new Set([...own, ...state.others.map(({ patientId }) => patientId)])];
}

/** Whether the person has to say whose record is meant: a guardian or a delegate, when the software wants one record and has named none. */
export function mustChoose(visit: Visit): boolean {
  const { interaction, state } = visit;
  if (ownPatients(visit).length < 2 || state.signin.patientId !== undefined) return false;
  const { launch, patient } = interaction.params;
  const wantsRecord = requested(visit).some((scope) => scope === "launch/patient" || parseScopes(scope)[0]?.context === "patient");
  return wantsRecord && launch === undefined && !ownPatients(visit).includes(String(patient));
}

export async function choosePatient(visit: Visit, patientId: string): Promise<boolean> {
  if (!ownPatients(visit).includes(patientId)) return false;
  const { signin } = visit.state;
  await visit.deps.database.write(visit.context, (transaction) => putSignin(transaction, visit.uid, { ...signin, patientId }));
  return true;
}

/** What would be granted now, as far as it concerns the person's consent. */
export function offered(visit: Visit): string[] {
  const { account } = visit.state;
  const bound = ownPatients(visit).length > 0 || visit.interaction.params.launch !== undefined;
  return account ? scopesForAccount(requested(visit), account.role, bound) : [];
}

/** The platform's own sites need no consent: they act for the person by nature. */
export function needsConsent({ client }: Visit): boolean {
  return client.kind !== "first-party";
}

/** The record the grant is about: of the launch, of the request, chosen, or the only one there is. */
async function resolvePatient(visit: Visit): Promise<{ patientId: string | undefined; refused: boolean }> {
  const { deps, context, interaction, client, uid, state } = visit;
  const { launch, patient } = interaction.params;
  const own = ownPatients(visit);
  if (launch !== undefined) {
    const accountId = state.account?.id ?? "";
    const patientId = await deps.database.write(context, (transaction) =>
      useLaunch(transaction, String(launch), { interaction: uid, accountId, clientId: client.id }),
    );
    return { patientId, refused: patientId === undefined };
  }
  if (patient !== undefined && own.includes(String(patient))) return { patientId: String(patient), refused: false };
  return { patientId: state.signin.patientId ?? own[0], refused: patient !== undefined };
}

/** Ends the interaction with what was found: the address to go on at. */
export async function finish(visit: Visit): Promise<string> {
  const { deps, scope } = visit;
  return await requestScope.run(scope, async () => {
    const { patientId, refused } = await resolvePatient(visit);
    if (refused)
      return await conclude(visit, { error: "access_denied", error_description: "this launch or patient is not for the account" });
    const grantId = await saveGrant(visit, deps.provider(), patientId);
    const { account, signin } = visit.state;
    const signedIn = visit.interaction.session?.accountId === account?.id && visit.interaction.prompt.name === "consent";
    const amr = [...new Set(signin.amr)];
    const login = { accountId: account?.id ?? "", amr, acr: isStrong(amr) ? "urn:dsp:mfa" : "urn:dsp:single" };
    return await conclude(visit, { ...(signedIn ? {} : { login }), consent: { grantId } });
  });
}

/** The person, or a page, has ended it without granting anything. */
export async function refuse(visit: Visit, description: string): Promise<string> {
  return await requestScope.run(visit.scope, () => conclude(visit, { error: "access_denied", error_description: description }));
}

async function conclude(visit: Visit, result: Record<string, unknown>): Promise<string> {
  const { interaction } = visit;
  interaction.result = result as NonNullable<typeof interaction.result>;
  await interaction.save(Math.max(1, interaction.exp - Math.floor(Date.now() / 1000)));
  return interaction.returnTo;
}

/** The grant that this browser's session has for the software already, if it is about the same record: tokens given under it stay good. */
async function presentGrant(visit: Visit, provider: Provider, patientId: string | undefined) {
  const { deps, context, interaction, state } = visit;
  const grant = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  if (!grant || grant.accountId !== state.account?.id) return undefined;
  if ((await patientOfGrant(context, deps, grant.jti)) !== patientId) return undefined;
  // Its time begins anew.
  return Object.assign(grant, { exp: undefined, iat: undefined });
}

async function saveGrant(visit: Visit, provider: Provider, patientId: string | undefined): Promise<string> {
  const { deps, context, interaction, client, state } = visit;
  const asked = requested(visit);
  const given = state.account ? scopesForAccount(asked, state.account.role, patientId !== undefined) : [];
  const refused = asked.filter((scope) => !given.includes(scope));
  const grant =
    (await presentGrant(visit, provider, patientId)) ?? new provider.Grant({ accountId: state.account?.id ?? "", clientId: client.id });
  const isPlain = (scope: string): boolean => plainScopes.some((each) => each === scope);
  grant.addOIDCScope(given.filter(isPlain).join(" "));
  if (refused.some(isPlain)) grant.rejectOIDCScope(refused.filter(isPlain).join(" "));
  const resources = [interaction.params.resource ?? []].flat() as string[];
  for (const resource of resources) {
    if (given.length > 0) grant.addResourceScope(resource, given.join(" "));
    if (refused.length > 0) grant.rejectResourceScope(resource, refused.join(" "));
  }
  const lifeS = deps.identity.refreshTokenS + deps.identity.sessionS;
  const grantId = await grant.save();
  if (patientId !== undefined) await deps.database.write(context, (transaction) => bindGrant(transaction, grantId, patientId, lifeS));
  return grantId;
}
