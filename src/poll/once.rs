//! Asking every query once, now, within the same limits as the poll loop's.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::queue::{FairQueue, Standing};
use crate::domain::query::Query;

/// Asks every query once and tells of each as it ends: its position, and the outcome, or none if asking it panicked.
pub async fn ask_once<T, F>(
    queries: &[Arc<Query>],
    max_in_flight_per_host: usize,
    ask: impl Fn(Arc<Query>) -> F,
    mut ended: impl FnMut(usize, Option<T>),
) where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut queue = FairQueue::new(queries, max_in_flight_per_host);
    (0..queries.len()).for_each(|position| queue.push(position, Standing::Answered));
    let mut tasks = JoinSet::new();
    let mut positions = HashMap::new();
    loop {
        while let Some(position) = queue.pop() {
            let task = tasks.spawn(ask(Arc::clone(&queries[position])));
            positions.insert(task.id(), position);
        }
        let (id, outcome) = match tasks.join_next_with_id().await {
            None => return,
            Some(Ok((id, outcome))) => (id, Some(outcome)),
            Some(Err(panicked)) => (panicked.id(), None),
        };
        if let Some(position) = positions.remove(&id) {
            queue.done(position);
            ended(position, outcome);
        }
    }
}

#[cfg(test)]
mod tests;
