// What the completed jobs of a month come to, by business unit.
//
// Against a simulated ServiceTitan: start `penstock vendor`, put what it prints into the environment, and run this.
import { PenstockError, ServiceTitan } from 'penstock';

/** Adds amounts, which are texts of exact digits, with as many decimals as the vendor wrote: `12`, `12.5`, `-0.125`. */
function sum(one: string, other: string): string {
  const decimals = Math.max(...[one, other].map((amount) => amount.split('.')[1]?.length ?? 0));
  const scaled = (amount: string) => {
    const [units = '', fraction = ''] = amount.split('.');
    return BigInt(units + fraction.padEnd(decimals, '0'));
  };
  const total = scaled(one) + scaled(other);
  const digits = String(total).replace('-', '').padStart(decimals + 1, '0');
  const units = digits.slice(0, digits.length - decimals);
  return `${total < 0n ? '-' : ''}${units}${decimals === 0 ? '' : `.${digits.slice(-decimals)}`}`;
}

const titan = new ServiceTitan();
const totals = new Map<number | undefined, string>();
const jobs = titan.jpm.jobs.list(
  { jobStatus: 'Completed', completedOnOrAfter: '2025-04-01T00:00:00Z', completedBefore: '2025-05-01T00:00:00Z' },
  { pageSize: 500 },
);
try {
  for await (const job of jobs) {
    totals.set(job.businessUnitId, sum(totals.get(job.businessUnitId) ?? '0', job.total ?? '0'));
  }
} catch (error) {
  if (error instanceof PenstockError) console.error(`${error.kind}: ${error.message}; go on with resume: ${error.resume}`);
  throw error;
}
for (const [unit, total] of [...totals].sort(([, one], [, other]) => Number(other) - Number(one))) console.log(`${unit}: ${total}`);
