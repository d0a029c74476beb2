import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { publicKeySet, type Secrets, serviceClients, signingKeys } from "../secrets/shape.ts";
import { labels } from "./labels.ts";
import { clientKeyName, names, roleSecretName } from "./names.ts";

export interface CredentialsArgs {
  secrets: pulumi.Output<Secrets>;
  services: readonly string[];
  /** Services that ask identity for tokens of their own. */
  callers: readonly string[];
  after: pulumi.Input<pulumi.Resource>[];
}

/** A short digest by part: in a pod's annotations it rolls the pods when the part changes, and tells nothing of it. */
export interface SecretChecksums {
  redis: pulumi.Output<string>;
  edge: pulumi.Output<string>;
  service: pulumi.Output<string>;
  watcher: pulumi.Output<string>;
}

/** The stack's secrets as the cluster's Secrets, and the public token keys. */
export class Credentials extends pulumi.ComponentResource {
  readonly checksums: SecretChecksums;
  /** The authority's certificate, PEM: for clients to trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** What components wait for. */
  readonly resources: pulumi.Resource[];
  private readonly after: pulumi.Input<pulumi.Resource>[];

  constructor(name: string, args: CredentialsArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Credentials", name, {}, opts);
    const { secrets } = args;
    this.after = args.after;
    this.caCertificate = pulumi.unsecret(secrets.apply((all) => all.ca.certificate));
    this.resources = [
      this.secret(names.redisPassword, names.namespace, "Opaque", secrets, (all) => ({
        password: all.redisPassword,
        ...(all.redisPasswordBefore ? { previous: all.redisPasswordBefore } : {}),
      })),
      this.secret(names.serviceCertificate, names.namespace, "kubernetes.io/tls", secrets, (all) => tls(all.service)),
      this.secret(names.redisTls, names.namespace, "kubernetes.io/tls", secrets, (all) => ({
        ...tls(all.redisTls),
        "ca.crt": all.ca.certificate,
      })),
      this.secret(names.edgeCertificate, names.edgeNamespace, "kubernetes.io/tls", secrets, (all) => tls(all.edge)),
      this.secret(names.serviceCa, names.edgeNamespace, "Opaque", secrets, (all) => ({ "ca.crt": all.ca.certificate })),
      // The watchers check each other's certificate with it, and services that of Redis and of each other.
      this.secret(names.serviceCa, names.namespace, "Opaque", secrets, (all) => ({ "ca.crt": all.ca.certificate })),
      this.secret(names.watcherToken, names.namespace, "Opaque", secrets, (all) => ({ token: all.watcherToken })),
      ...[...args.services, names.watcher, names.backup].map((role) =>
        this.secret(roleSecretName(role), names.namespace, "kubernetes.io/basic-auth", secrets, (all) => ({
          username: role,
          password: passwordOf(all, role),
          others: [all.postgresPasswordsNext[role], all.postgresPasswordsBefore?.[role]].filter((other) => other !== undefined).join("\n"),
        })),
      ),
      ...args.callers.map((service) =>
        this.secret(clientKeyName(service), names.namespace, "Opaque", secrets, (all) => ({
          "key.json": JSON.stringify(clientKeyOf(all, service)),
        })),
      ),
      this.secret(names.identityKeys, names.namespace, "Opaque", secrets, (all) => ({
        "signing-keys.json": JSON.stringify(signingKeys(all.tokenKeys)),
        "cookie-keys.json": JSON.stringify(all.cookieKeys),
        "secret-keys": all.factorKey,
        "demo-password": all.demoPassword,
      })),
      this.secret(names.exchangeKeys, names.namespace, "Opaque", secrets, (all) => ({ "secret-keys": all.webhookKeys.join("\n") })),
      this.publicKeys(names.tokenKeys, "jwks.json", secrets, (all) => publicKeySet(all.tokenKeys)),
      this.publicKeys(names.serviceClients, "clients.json", secrets, (all) => serviceClients(all.clientKeys)),
    ];
    this.checksums = {
      redis: checksum(secrets, (all) => [all.redisPassword, all.redisPasswordBefore]),
      edge: checksum(secrets, (all) => [all.edge, all.ca.certificate]),
      // Not certificates, which are read again when they change, nor passwords, which are read at each connect, the coming one before it comes.
      service: checksum(secrets, (all) => [all.ca.certificate, publicKeySet(all.tokenKeys)]),
      watcher: checksum(secrets, (all) => [all.ca.certificate, all.watcherToken]),
    };
    this.registerOutputs({});
  }

  private secret(
    name: string,
    namespace: string,
    type: string,
    secrets: pulumi.Output<Secrets>,
    pick: (all: Secrets) => Record<string, string>,
  ): k8s.core.v1.Secret {
    const data = secrets.apply((all) =>
      Object.fromEntries(Object.entries(pick(all)).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
    );
    // CloudNativePG takes a changed password over when the Secret bears this label.
    const reload: Record<string, string> = type === "kubernetes.io/basic-auth" ? { "cnpg.io/reload": "true" } : {};
    return new k8s.core.v1.Secret(
      `${namespace}/${name}`,
      { metadata: { name, namespace, labels: { ...labels(name, "credentials"), ...reload } }, type, data },
      { parent: this, dependsOn: this.after },
    );
  }

  private publicKeys(name: string, key: string, secrets: pulumi.Output<Secrets>, pick: (all: Secrets) => object): k8s.core.v1.ConfigMap {
    const text = pulumi.unsecret(secrets.apply((all) => JSON.stringify(pick(all))));
    return new k8s.core.v1.ConfigMap(
      name,
      { metadata: { name, namespace: names.namespace, labels: labels(name, "credentials") }, data: { [key]: text } },
      { parent: this, dependsOn: this.after },
    );
  }
}

function tls(pair: { certificate: string; key: string }): Record<string, string> {
  return { "tls.crt": pair.certificate, "tls.key": pair.key };
}

function passwordOf(all: Secrets, role: string): string {
  const password = all.postgresPasswords[role];
  if (password === undefined) throw new Error(`dsp:secrets has no PostgreSQL password for ${role}: ./dsp secrets make adds it`);
  return password;
}

function clientKeyOf(all: Secrets, service: string): object {
  const key = all.clientKeys[service];
  if (key === undefined) throw new Error(`dsp:secrets has no key for ${service}: ./dsp secrets make adds it`);
  return key;
}

function checksum(secrets: pulumi.Output<Secrets>, pick: (all: Secrets) => unknown): pulumi.Output<string> {
  return pulumi.unsecret(
    secrets.apply((all) =>
      createHash("sha256")
        .update(JSON.stringify(pick(all)))
        .digest("hex")
        .slice(0, 16),
    ),
  );
}
