/** A UUID as PostgreSQL and `crypto.randomUUID` write it. */
export const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
