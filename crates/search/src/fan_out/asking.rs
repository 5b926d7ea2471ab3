//! Runs a fan-out: a task for each ask, until all have ended, at the deadline at the latest.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Answer, Question};
use runtime::{Deadline, Fault, Shutdown, TaskSet};

use super::{FanOut, millis};
use crate::collect::{Ask, AskEnd, Role};
use crate::remembered::{Answered, PriceMemory};

/// How often answers are handed to the memory while a search runs: prices are to be seen by others
/// within a second, and answers of one batch share their itineraries.
const REMEMBER_EVERY: Duration = Duration::from_millis(300);
/// Code in the row of a partner whose task broke.
const BROKEN: &str = "search_internal";

/// Asks everyone and ends when all have ended, at the deadline, or when the service stops.
pub(crate) async fn run_fan_out(
    fan_out: Arc<FanOut>,
    asks: Vec<Ask>,
    deadline: Deadline,
    tasks: TaskSet,
    shutdown: Shutdown,
    memory: Option<Arc<dyn PriceMemory>>,
) {
    let questions = [Role::Whole, Role::First, Role::Second].map(|role| fan_out.question_of(role));
    let mut running = Vec::with_capacity(asks.len());
    for (index, ask) in asks.into_iter().enumerate() {
        if !fan_out.awaits(index) {
            continue;
        }
        match &questions[ask.role as usize] {
            Some(question) => running.push(tasks.spawn(ask_one(
                Arc::clone(&fan_out),
                index,
                ask.partner,
                (Arc::clone(question), deadline),
                memory.is_some(),
            ))),
            None => fan_out.on_end(index, AskEnd { ms: 0, fault: Some(BROKEN) }),
        }
    }
    let mut news = fan_out.subscribe();
    let over = async {
        // The sender lives in `fan_out`, so waiting cannot fail.
        while fan_out.ended().is_none() && news.changed().await.is_ok() {}
    };
    fan_out.close();
    tokio::pin!(over);
    let ended = loop {
        tokio::select! {
            biased;
            () = &mut over => break true,
            () = tokio::time::sleep_until(deadline.moment()) => break false,
            () = shutdown.begun() => break false,
            () = tokio::time::sleep(REMEMBER_EVERY), if memory.is_some() => {}
        }
        remember(&fan_out, memory.as_ref()).await;
    };
    if !ended {
        fan_out.on_deadline();
        for task in running {
            task.abort();
        }
    }
    remember(&fan_out, memory.as_ref()).await;
}

async fn remember(fan_out: &FanOut, memory: Option<&Arc<dyn PriceMemory>>) {
    let answered = fan_out.take_unremembered();
    if let (Some(memory), false) = (memory, answered.is_empty()) {
        memory.remember(answered).await;
    }
}

/// Asks one partner; whatever happens, the ask ends.
async fn ask_one(
    fan_out: Arc<FanOut>,
    ask: usize,
    partner: u16,
    (question, deadline): (Arc<Question>, Deadline),
    keep: bool,
) {
    let mut ending = Ending { fan_out: &fan_out, ask, end: None };
    let Some(partner) = fan_out.roster.get(partner as usize) else { return };
    let taker = Arc::downgrade(&fan_out);
    let parts = keep.then(|| Arc::new(Mutex::new(Vec::new())));
    let kept = parts.clone();
    let sink = Box::new(move |answer: Answer| {
        let answer = Arc::new(answer);
        if let (Some(kept), false) = (&kept, answer.offers().is_empty()) {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&answer));
        }
        if let Some(fan_out) = taker.upgrade() {
            fan_out.on_part(ask, answer);
        }
    });
    let asked = partner.ask(Arc::clone(&question), deadline, sink).await;
    if let (Some(parts), true) = (parts, asked.outcome.is_ok()) {
        fan_out.on_answered(Answered {
            partner: partner.settings().id,
            question,
            at_ms: runtime::unix_ms(),
            parts: std::mem::take(&mut *parts.lock().unwrap_or_else(PoisonError::into_inner)),
        });
    }
    let fault = asked.outcome.as_ref().err().map(Fault::code);
    if let Err(error) = &asked.outcome {
        tracing::debug!(partner = %partner.settings().id, %error, "a partner failed");
    }
    ending.end = Some(AskEnd { ms: millis(asked.took), fault });
}

/// Ends an ask when it goes out of scope, also by a panic.
struct Ending<'a> {
    fan_out: &'a FanOut,
    ask: usize,
    end: Option<AskEnd>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let broken = || AskEnd { ms: self.fan_out.elapsed_ms(), fault: Some(BROKEN) };
        let end = self.end.take().unwrap_or_else(broken);
        self.fan_out.on_end(self.ask, end);
    }
}
