import type { Transaction } from "../../lib/database/database.ts";

/** Takes or keeps a lease; false while another holds it. */
export async function takeLease(
  transaction: Transaction,
  { name, holder, seconds }: { name: string; holder: string; seconds: number },
): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "lease-take",
      text: `INSERT INTO worker_lease (name, holder, until) VALUES ($1, $2, now() + make_interval(secs => $3))
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE worker_lease.holder = excluded.holder OR worker_lease.until < now() RETURNING name`,
    },
    [name, holder, seconds],
  );
  return rows.length > 0;
}

/** Who leaves lets another begin at once. */
export async function giveLease(transaction: Transaction, { name, holder }: { name: string; holder: string }): Promise<void> {
  await transaction.query({ name: "lease-give", text: "DELETE FROM worker_lease WHERE name = $1 AND holder = $2" }, [name, holder]);
}

/** Whether somebody else holds it: a question that writes nothing. */
export async function isHeldByOther(transaction: Transaction, { name, holder }: { name: string; holder: string }): Promise<boolean> {
  const rows = await transaction.query(
    { name: "lease-look", text: "SELECT FROM worker_lease WHERE name = $1 AND holder <> $2 AND until >= now()" },
    [name, holder],
  );
  return rows.length > 0;
}
