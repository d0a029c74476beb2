import grpc from "@grpc/grpc-js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import { CancelledError } from "../api/api-error.ts";
import { InitializationError } from "../errors.ts";
import { withoutSecrets } from "../resource/secret-text.ts";
import { writeProperties } from "./property-values.ts";

/** Makes the gRPC error of a thrown one. No secret text is left in it. An object that is not ready yet keeps its state. */
export function errorStatus(error: unknown, secrets: readonly string[]): Partial<grpc.ServiceError> {
  const message = withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  if (error instanceof CancelledError) return { code: grpc.status.CANCELLED, details: message, message };
  if (!(error instanceof InitializationError)) return { code: grpc.status.UNKNOWN, details: message, message };
  const detail = new providerMessages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(writeProperties(error.outputs.value, error.outputs.secretPaths));
  detail.setInputs(writeProperties(error.inputs.value, error.inputs.secretPaths));
  detail.setReasonsList(error.reasons.map((reason) => withoutSecrets(reason, secrets)));
  const packed = new anyMessages.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusMessages.Status();
  status.setCode(grpc.status.UNKNOWN).setMessage(message).addDetails(packed);
  const metadata = new grpc.Metadata();
  // gRPC's own place for structured error details.
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, message, metadata };
}
