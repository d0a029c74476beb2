/** Who signs the platform's tokens, unless a setting says otherwise: the service identity at the public address. @param publicUrl of the record */
export function issuerOf(publicUrl: string): string {
  return `${new URL(publicUrl).origin}/identity`;
}
