//! One traveller: creates a search, polls it once a second until it is complete, as the page does
//! without an event stream, then reads who was asked and, some of them, the whole list.
//!
//! A request has failed if it got no answer within [`PATIENCE`], a broken connection, or a status that
//! promises nothing; the traveller then goes on as the page does. 429 with `retry-after` is no failure:
//! the traveller comes back then. All answers are judged on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::account::{Account, Kind};
use super::processes::CELLS;
use super::questions::Asked;
use super::truth::{Right, Seen, Sighting, Truths, options_of};
use crate::http1::{Connection, get_with, post_with};

/// Time for one request.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two polls, as in `web/js/results/live.js`.
const POLL: Duration = Duration::from_secs(1);
/// Polls of one search, as there.
const POLLS_MAX: usize = 120;
/// Creates that a traveller tries.
const CREATES_MAX: usize = 4;
/// Pages of a whole list.
const PAGES_MAX: usize = 60;
/// One search in so many is compared with the truth, which costs about as much as answering it.
const COMPARED_ONE_IN: u64 = 4;
/// One search in so many is read whole for that.
const WHOLE_ONE_IN: u64 = 16;
/// One traveller in so many asks what many ask.
const POPULAR_ONE_IN: u64 = 5;

/// What all travellers share.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) edge: std::net::SocketAddr,
    pub(crate) questions: Arc<Vec<Asked>>,
    /// So many of them, from the first, are asked by many, and so remembered.
    pub(crate) popular: usize,
    pub(crate) account: Arc<Account>,
    /// What is right; without it, no answers are compared.
    pub(crate) truths: Option<Arc<Truths>>,
    /// How often each cell was killed: another life may begin its searches again.
    pub(crate) lives: Arc<[AtomicU32; CELLS as usize + 1]>,
    /// How long a traveller waits for a search to be complete before they leave.
    pub(crate) leaves_after: Duration,
    /// Whether more may come than can be served; then nobody who is refused comes back.
    pub(crate) is_flood: bool,
}

/// How a trip ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The search is complete, so long after it was due.
    Complete(Duration),
    /// Refused, with a time to come back after.
    Refused(Duration),
    /// Nothing right came.
    Failed,
    /// The traveller left before it was complete.
    Left,
}

/// What is compared with the page after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    cell: u32,
    /// The life of the cell before it was asked for. One that is killed meanwhile may have answered
    /// before, or its next life may have.
    life: u32,
    version: u64,
    total: u64,
}

/// An answer with a status that promises something.
struct Answer {
    status: u16,
    cell: u32,
    /// The lives of all cells before it was asked for.
    lives: [u32; CELLS as usize + 1],
    retry_after: Duration,
    body: Value,
}

/// One traveller under way.
struct Trip<'a> {
    ground: &'a Ground,
    connection: Option<Connection>,
    visit: String,
    /// Since when an answer is waited for, over requests that failed.
    waits_since: Option<Instant>,
    /// The last page.
    last: Option<Page>,
    /// Whether its answers are compared with the truth, and the whole list with them.
    compares: bool,
    whole: bool,
    seen: Sighting,
}

/// Asks one question, due at a moment; `number` tells travellers apart.
pub(crate) async fn travel(ground: &Ground, question: usize, due: Instant, number: u64) -> End {
    let mut trip = Trip {
        ground,
        connection: None,
        visit: format!("x-fareway-visit: {number:x}\r\n"),
        waits_since: None,
        last: None,
        compares: ground.truths.is_some() && number.is_multiple_of(COMPARED_ONE_IN),
        whole: number.is_multiple_of(WHOLE_ONE_IN),
        seen: Sighting::default(),
    };
    let index = match number % POPULAR_ONE_IN {
        0 if ground.popular > 0 => question % ground.popular,
        _ => question % ground.questions.len(),
    };
    trip.run((index, &ground.questions[index]), due).await
}

impl Trip<'_> {
    async fn run(&mut self, asked: (usize, &Asked), due: Instant) -> End {
        let token = match self.create(asked.1).await {
            Ok(token) => token,
            Err(end) => return end,
        };
        let path = format!("/v1/searches/{token}?limit=10");
        for _ in 0..POLLS_MAX {
            tokio::time::sleep(POLL).await;
            if due.elapsed() > self.ground.leaves_after {
                return End::Left;
            }
            let Some(page) = self.get(Kind::Poll, &path).await else { continue };
            let over = page.body["status"] != "incomplete";
            if let Err(error) = self.judge(&page) {
                self.ground.account.on_wrong(format!("{error:#}: {:?}", asked.1.question));
                return End::Failed;
            }
            if !over {
                continue;
            }
            let took = due.elapsed();
            self.ground.account.kept().complete += 1;
            let failed = page.body["status"] == "failed";
            let right = match self.compares || (failed && self.ground.truths.is_some()) {
                true => self.compare(asked, &token).await,
                false => None,
            };
            // Nobody said anything: right only if nobody had anything to say.
            if failed && right.is_none_or(|right| right.missing > 0) {
                let why = "a search without any answer".to_owned();
                self.ground.account.on_failed(Kind::Poll, why);
                return End::Failed;
            }
            return End::Complete(took);
        }
        End::Failed
    }

    async fn create(&mut self, asked: &Asked) -> Result<String, End> {
        let request = post_with("/v1/searches", &self.visit, &asked.body);
        let tries = if self.ground.is_flood { 1 } else { CREATES_MAX };
        let mut end = End::Failed;
        for turn in 0..tries {
            if turn > 0 {
                tokio::time::sleep(if let End::Refused(wait) = end { wait } else { POLL }).await;
            }
            end = match self.exchange(Kind::Create, &request).await {
                Some(Answer { status: 429 | 503, retry_after, .. }) => End::Refused(retry_after),
                Some(answer) => {
                    let token = answer.body["token"].as_str();
                    return token.map(str::to_owned).ok_or(End::Failed);
                }
                None => End::Failed,
            };
        }
        Err(end)
    }

    async fn get(&mut self, kind: Kind, path: &str) -> Option<Answer> {
        let request = get_with(path, &self.visit);
        self.exchange(kind, &request).await.filter(|answer| answer.status == 200)
    }

    /// Sends a request and accounts for what became of it.
    async fn exchange(&mut self, kind: Kind, request: &[u8]) -> Option<Answer> {
        let sent = Instant::now();
        let waits_since = *self.waits_since.get_or_insert(sent);
        let answered = tokio::time::timeout(PATIENCE, self.try_exchange(request)).await;
        let account = &self.ground.account;
        let why = match answered {
            Ok(Ok(answer)) if self.is_refusal(&answer) => {
                account.on_refused(kind);
                self.waits_since = None;
                return Some(answer);
            }
            Ok(Ok(answer)) if matches!(answer.status, 200 | 201) => {
                account.on_right(kind, sent.elapsed(), waits_since.elapsed());
                self.waits_since = None;
                return Some(answer);
            }
            Ok(Ok(answer)) => format!("{} {}", answer.status, answer.body["code"]),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("no answer in {} s", PATIENCE.as_secs()),
        };
        account.on_failed(kind, why);
        // What is half read is of no use.
        self.connection = None;
        None
    }

    /// Whether an answer says that there is too much to do, and when to come back. A flood may be turned
    /// away at the front door too, which says 503.
    fn is_refusal(&self, answer: &Answer) -> bool {
        let door = matches!(answer.body["code"].as_str(), Some("edge_late" | "edge_full"));
        let status = match answer.status {
            429 => true,
            503 => self.ground.is_flood && door,
            _ => false,
        };
        status && !answer.retry_after.is_zero()
    }

    async fn try_exchange(&mut self, request: &[u8]) -> Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.ground.edge).await?,
        };
        let lives = self.lives();
        let reply = connection.send(request).await?;
        let number = |text: &str| text.parse::<u32>().ok();
        let cell = reply.header("x-cell").and_then(|cell| cell.strip_prefix("cell-"));
        let answer = Answer {
            status: reply.status,
            lives,
            cell: cell.and_then(number).filter(|&cell| cell <= CELLS).unwrap_or_default(),
            retry_after: reply
                .header("retry-after")
                .and_then(number)
                .map_or(Duration::ZERO, |s| Duration::from_secs(u64::from(s))),
            body: serde_json::from_slice(reply.body).context("an answer that is no JSON")?,
        };
        self.connection = Some(connection);
        Ok(answer)
    }

    fn lives(&self) -> [u32; CELLS as usize + 1] {
        self.ground.lives.each_ref().map(|life| life.load(Ordering::SeqCst))
    }

    /// Looks whether a page can follow the one before, and keeps its options.
    fn judge(&mut self, page: &Answer) -> Result<()> {
        let (cell, body) = (page.cell, &page.body);
        let status = body["status"].as_str().unwrap_or_default();
        ensure!(matches!(status, "incomplete" | "complete" | "failed"), "status {status:?}");
        let number = |name: &str| body[name].as_u64().with_context(|| format!("no {name}"));
        let (version, total) = (number("version")?, number("total")?);
        ensure!(number("matched")? == total, "nothing is filtered, and not all match");
        if let Some(last) = self.last {
            // Nobody killed it between the asking for that page and the answer with this one.
            let same_life = last.life == self.lives()[cell as usize];
            if last.cell == cell && same_life {
                ensure!(version >= last.version, "version {}, then {version}", last.version);
                ensure!(total >= last.total, "{} itineraries, then {total}", last.total);
            } else if version < last.version {
                self.ground.account.kept().begun_again += 1;
            }
        }
        self.last = Some(Page { cell, life: page.lives[cell as usize], version, total });
        self.seen.total = total;
        if self.compares {
            self.seen.options.append(&mut options_of(body)?);
        }
        Ok(())
    }

    /// Holds what was seen against the truth; `None` if that could not be done.
    async fn compare(&mut self, (index, asked): (usize, &Asked), token: &str) -> Option<Right> {
        let last = self.last?;
        self.ground.account.kept().meant += 1;
        if self.whole {
            self.seen.whole = self.read_whole(token).await;
        }
        let path = format!("/v1/searches/{token}/partners");
        let ledger = self.get(Kind::Ledger, &path).await?;
        // A search that was begun again meanwhile, there or elsewhere, is another list.
        let path = format!("/v1/searches/{token}?limit=1");
        let page = self.get(Kind::Poll, &path).await?;
        let lives = self.lives()[last.cell as usize];
        let same = (page.cell, ledger.cell, lives) == (last.cell, last.cell, last.life)
            && page.body["version"].as_u64() == Some(last.version)
            && page.body["total"].as_u64() == Some(last.total)
            && page.body["status"] != "incomplete";
        let truths = self.ground.truths.clone().filter(|_| same)?;
        let (seen, asked) = (std::mem::take(&mut self.seen), asked.clone());
        let read_whole = seen.whole.is_some();
        let compared = tokio::task::spawn_blocking(move || {
            truths
                .check((index, &asked), &ledger.body, &seen)
                .with_context(|| format!("{:?}", asked.question))
        });
        let account = &self.ground.account;
        match compared.await {
            Ok(Ok(right)) => {
                let right = right?;
                let mut kept = account.kept();
                kept.checked += 1;
                kept.checked_whole += u64::from(read_whole);
                kept.thin += u64::from(right.thin);
                return Some(right);
            }
            Ok(Err(error)) => account.on_wrong(format!("{error:#}")),
            Err(error) => account.on_wrong(format!("the comparison broke: {error}")),
        }
        None
    }

    /// All pages of the list; `None` if one did not come.
    async fn read_whole(&mut self, token: &str) -> Option<Vec<Seen>> {
        let path = format!("/v1/searches/{token}?sort=cheapest&limit=100&options=all");
        let (mut all, mut next) = (Vec::new(), path.clone());
        for _ in 0..PAGES_MAX {
            let page = self.get(Kind::List, &next).await?;
            match options_of(&page.body) {
                Ok(mut options) => all.append(&mut options),
                Err(error) => {
                    self.ground.account.on_wrong(format!("{error:#}"));
                    return None;
                }
            }
            match page.body["cursor"].as_str() {
                Some(cursor) => next = format!("{path}&cursor={cursor}"),
                None => return Some(all),
            }
        }
        None
    }
}
