import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface TestCertificate {
  certFile: string;
  keyFile: string;
  /** PEM, both. */
  cert: string;
  key: string;
}

/** A certificate for loopback and names under `services.test` that vouches for itself, in `tls.crt` and `tls.key` of a folder. */
export async function makeCertificate(folder: string): Promise<TestCertificate> {
  const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test"],
    ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:*.services.test", "-keyout", keyFile, "-out", certFile],
  ]);
  return { certFile, keyFile, cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") };
}
