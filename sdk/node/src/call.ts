import { type PenstockError, local } from './errors.js';
import { type ListOptions, checked, record } from './options.js';

/** A call, from when it is asked for: its deadline counts what it waits for a worker as well. */
export class Call {
  readonly options: ListOptions;
  /** Where to go on if it fails for want of time: of a list, behind what it has given. */
  resume: string | undefined;
  #until = Infinity;

  constructor(
    readonly operation: string,
    options: ListOptions,
  ) {
    this.options = checked(options, operation);
    this.resume = options.resume;
    this.begin();
  }

  /** Its time begins now: that of a list when it is first read. */
  begin(): void {
    this.#until = performance.now() + (this.options.deadlineMs ?? Infinity);
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** How many milliseconds are left. */
  get left(): number {
    return this.#until - performance.now();
  }

  /** Options as the component takes them, with the time that is left. */
  record(): object {
    return record(this.options, this.options.deadlineMs === undefined ? undefined : Math.max(1, this.left));
  }

  /** No time was left, and nothing was sent. */
  late(): PenstockError {
    const message = 'the deadline passed while the call waited for others: `workers` says how many run at once';
    const resume = this.resume === undefined ? {} : { resume: this.resume };
    return local('timeout', message, [], { operation: this.operation, retry: { tag: 'later' }, ...resume });
  }
}
