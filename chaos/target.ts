/** The platform a drill breaks, as a stranger is told of it: addresses, credentials and tools, nothing of how it was made. */

export interface ToolOptions {
  /** Given to the tool's standard input. */
  input?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** One request to the Kubernetes API. */
export interface ApiRequest {
  /** GET by default; a PATCH is a merge patch, a DELETE may have options. */
  method?: "GET" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
}

/** A container of a pod. */
export interface PodContainer {
  namespace: string;
  pod: string;
  container: string;
}

/** Whom an access token is for, as the platform's tokens say it. */
export interface UserClaims {
  role: "patient" | "practitioner" | "system";
  /** A reference: `Practitioner/demo-hoffmann` */
  person?: string;
  profession?: string;
  /** Id of the organisation that somebody, or a software, acts for. */
  organization?: string;
  /** Id of a patient's record. */
  patient?: string;
  scope?: string;
  ttlSeconds: number;
}

/** Where a software outside the platform can be reached by its pods, with a certificate that they trust, in PEM. */
export interface ReceiverPlace {
  address: string;
  certificate: string;
  key: string;
}

export interface Target {
  /** The Pulumi stack: `lab` for the embedded one. */
  stack: string;
  /** `lab`: the nodes are containers of an engine on this machine. */
  kind: "lab" | "cluster";
  /** Drills need a typed confirmation. */
  production: boolean;
  /** The namespace of the DSP's services and data. */
  namespace: string;
  /** Where clients reach the FHIR API: `https://172.28.255.1/fhir` */
  publicUrl: string;
  /** The certificate authority that clients trust at `publicUrl`. */
  caFile: string;
  /** Environment in which kubectl, k6 and, in the lab, docker run. */
  environment: Readonly<Record<string, string>>;
  /** A Chromium on the machine that runs the drills. Left out where it has none. */
  browserPath?: string;
  /** Where drills leave their journals and reports. */
  reports: string;
  /** An access token for the load's client. */
  makeToken(ttlSeconds: number): Promise<string>;
  /** An access token for somebody else. */
  makeUserToken(user: UserClaims): Promise<string>;
  /** The password of the synthetic people's accounts. @throws Error where there is none */
  readDemoPassword(): Promise<string>;
  /** Left out where pods cannot reach whoever runs the drills. */
  makeReceiver?(): Promise<ReceiverPlace>;
  /**
   * Makes all certificates, or all passwords, anew and rolls them out; ends when the platform uses them. Left out where whoever runs the
   * drills cannot do that.
   */
  rotateSecrets?(which: "certificates" | "passwords"): Promise<void>;
  /** What `./dsp status --json` prints. */
  readStatus(): Promise<unknown>;
  /**
   * Asks the Kubernetes API, over connections that are kept: a tool for each question costs the platform's processors, in the lab the same ones,
   * many times as much. Resolves with the answer as it is printed. @throws Error when it is no good one, then with its `status`, or there is none
   * within 10 s
   */
  askApi(path: string, request?: ApiRequest): Promise<string>;
  /** Runs a command in a container and resolves with its standard output. @throws Error when it fails or does not answer within 6 s */
  runInPod(place: PodContainer, command: readonly string[]): Promise<string>;
  /**
   * Runs a bash script in a node, as root, with its $1, $2, … It stops at the first command that fails. Resolves with its standard output.
   * The shell is kept for the next script: to make one would take from the lab's processors what is to be measured. @throws Error when it fails,
   * is not done in time, or the node does not run
   */
  runOnNode(node: string, script: string, args: readonly string[], timeoutMs: number): Promise<string>;
  /** Runs a tool of the target's and resolves with its standard output. @throws Error with its last words when it fails */
  run(command: string, args: readonly string[], options?: ToolOptions): Promise<string>;
}
