import { createServer, type Server } from "node:http";
import { Provider } from "oidc-provider";
import { freePort } from "../../lib/testing/free-port.ts";

/** An identity provider of somebody else's: it lets everybody in as the person it was told. */
export class OutsideProvider {
  readonly issuer: string;
  readonly #server: Server;
  /** Who signs in next. */
  login = "";

  private constructor(issuer: string, redirectUri: string) {
    this.issuer = issuer;
    const provider: Provider = new Provider(issuer, {
      clients: [
        { client_id: "dsp", client_secret: "test-secret", redirect_uris: [redirectUri], token_endpoint_auth_method: "client_secret_post" },
      ],
      cookies: { keys: ["outside"] },
      features: { devInteractions: { enabled: false } },
      claims: { openid: ["sub", "preferred_username"] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
      findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
      loadExistingGrant: async (ctx) => {
        const grant: InstanceType<typeof provider.Grant> = new provider.Grant({
          accountId: ctx.oidc.session?.accountId ?? "",
          clientId: ctx.oidc.client?.clientId ?? "",
        });
        grant.addOIDCScope("openid profile");
        await grant.save();
        return grant;
      },
    });
    this.#server = createServer((request, response) => {
      if (request.url?.startsWith("/sign-in/")) {
        void provider.interactionFinished(request, response, { login: { accountId: this.login } });
      } else {
        void provider.callback()(request, response);
      }
    });
  }

  static async start(redirectUri: string): Promise<OutsideProvider> {
    const port = await freePort();
    const outside = new OutsideProvider(`http://127.0.0.1:${port}`, redirectUri);
    await new Promise<void>((resolve) => outside.#server.listen(port, "127.0.0.1", resolve));
    return outside;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
