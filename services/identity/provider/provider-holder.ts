import type { Provider } from "oidc-provider";
import type { Deps } from "../deps.ts";
import { createProvider } from "./create-provider.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** The provider with the keys of now: a new one is made when a key comes, goes, or becomes the one that signs. */
export class ProviderHolder {
  readonly #keys: SigningKeys;
  #made: { of: string; provider: Provider } | undefined;

  constructor(keys: SigningKeys) {
    this.#keys = keys;
  }

  current(deps: Deps): Provider {
    const keys = this.#keys.ordered();
    const of = JSON.stringify([keys.map(({ kid }) => kid), deps.cookieKeys.all.length, deps.cookieKeys.sign("provider")]);
    if (this.#made?.of !== of) this.#made = { of, provider: createProvider(deps, keys) };
    return this.#made.provider;
  }
}
