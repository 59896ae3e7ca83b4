//! The job worker: claims what is due, does it, at least once.
use crate::{App, Problem};

impl App {
    /// Does everything that is due by the clock, and answers how many jobs were done. Tests step the clock and call this.
    pub async fn run_due_jobs(&self) -> Result<u32, Problem> {
        todo!()
    }
    /// Works until `stop` resolves: wakes at once when a job is enqueued in this process, else every few seconds.
    pub async fn work(&self, stop: impl Future<Output = ()> + Send) {
        todo!()
    }
}
