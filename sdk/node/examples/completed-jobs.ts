// What the completed jobs of a month come to, by business unit.
//
// Against a simulated ServiceTitan: start `penstock vendor`, put what it prints into the environment, and run this.
import { PenstockError, ServiceTitan } from 'penstock';

const titan = new ServiceTitan();
// Amounts are texts of exact digits: cents are whole numbers.
const cents = (amount = '0') => BigInt(amount.replace('.', ''));
const totals = new Map<number | undefined, bigint>();
const jobs = titan.jpm.jobs.list(
  { jobStatus: 'Completed', completedOnOrAfter: '2025-04-01T00:00:00Z', completedBefore: '2025-05-01T00:00:00Z' },
  { pageSize: 500 },
);
try {
  for await (const job of jobs) {
    totals.set(job.businessUnitId, (totals.get(job.businessUnitId) ?? 0n) + cents(job.total));
  }
} catch (error) {
  if (error instanceof PenstockError) console.error(`${error.kind}: ${error.message}; go on with resume: ${error.resume}`);
  throw error;
}
for (const [unit, total] of totals) console.log(`${unit}: ${total / 100n}.${String(total % 100n).padStart(2, '0')}`);
