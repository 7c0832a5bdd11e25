// @ts-check

/* One job at a time. Other jobs may take the place of those that wait; the one under way ends. */
export class Lane {
  constructor() {
    this.jobs = [];
    this.busy = false;
  }

  async set(jobs) {
    this.jobs = jobs;
    if (this.busy) return;
    this.busy = true;
    while (this.jobs.length) await this.jobs.shift()();
    this.busy = false;
  }
}
