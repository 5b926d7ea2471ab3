//! The market: a world, its partners, and the boards that were made lately.
//!
//! Cheap to clone; clones share everything. [`Market::at`] gives the same market under another base
//! URL, which only links depend on, [`Market::on`] the same on another day, which prices depend on.
//!
//! Limits: boards kept in memory ([`MarketSettings::board_bytes_max`]), oldest and least used out
//! first; a board asked for by many at once is made once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use connections::Scratch;
use domain::{Date, PartnerId, Question};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use runtime::FixedMap;

use crate::board::{Board, LegQuery};
use crate::offer::Shelf;
use crate::seller::{Seller, agencies, airlines};
use crate::world::{World, WorldError};

/// Query memory kept for reuse; more threads than this make their own.
const SCRATCHES_MAX: usize = 16;

/// Which day it is in the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Today {
    /// The day of the process's clock, UTC.
    #[default]
    Clock,
    /// Always this day.
    Fixed(Date),
}

/// What a market is made with.
#[derive(Clone, Debug)]
pub struct MarketSettings {
    /// Which day it is.
    pub today: Today,
    /// Factor on all latencies; at 0 partners answer at once and never fail by themselves.
    pub latency_scale: f64,
    /// Bytes of boards kept in memory.
    pub board_bytes_max: u64,
}

impl Default for MarketSettings {
    fn default() -> Self {
        Self { today: Today::Clock, latency_scale: 1.0, board_bytes_max: 48 << 20 }
    }
}

impl MarketSettings {
    /// Partners that answer at once and never fail by themselves: for tests and load.
    #[must_use]
    pub fn fast() -> Self {
        Self { latency_scale: 0.0, ..Self::default() }
    }
}

/// Names a board: the leg and the day it was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct BoardKey {
    leg: LegQuery,
    today: Date,
}

#[derive(Clone)]
struct BoardWeight;

impl Weighter<BoardKey, Arc<Board>> for BoardWeight {
    fn weight(&self, key: &BoardKey, board: &Arc<Board>) -> u64 {
        let airports = key.leg.origins.len() + key.leg.destinations.len();
        (256 + airports * 2 + board.heap_bytes()) as u64
    }
}

struct Core {
    seed: u64,
    settings: MarketSettings,
    world: World,
    sellers: Vec<Seller>,
    index: FixedMap<PartnerId, usize>,
    boards: Cache<BoardKey, Arc<Board>, BoardWeight>,
    scratches: Mutex<Vec<Scratch>>,
}

/// A simulated market.
#[derive(Clone)]
pub struct Market {
    core: Arc<Core>,
    base_url: Arc<str>,
    today: Today,
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Market")
            .field("seed", &self.core.seed)
            .field("sellers", &self.core.sellers.len())
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl Market {
    /// The market of a seed, with a generated world.
    ///
    /// # Errors
    /// [`WorldError`] if `atlas` does not carry enough for a world.
    pub fn generate(seed: u64, settings: MarketSettings) -> Result<Self, WorldError> {
        Ok(Self::of_world(seed, World::generate(seed)?, settings))
    }

    /// The market of a seed, with the flights of a file of monthly segments.
    ///
    /// # Errors
    /// [`WorldError`] if the file cannot be used.
    pub fn from_segments(
        seed: u64,
        bytes: &[u8],
        settings: MarketSettings,
    ) -> Result<Self, WorldError> {
        Ok(Self::of_world(seed, World::from_segments(seed, bytes)?, settings))
    }

    fn of_world(seed: u64, world: World, settings: MarketSettings) -> Self {
        let mut sellers = airlines::generate(seed, &world);
        sellers.extend(agencies::generate(seed, &world));
        let index = sellers.iter().enumerate().map(|(index, seller)| (seller.id, index)).collect();
        let boards = Cache::with_weighter(4_096, settings.board_bytes_max, BoardWeight);
        let scratches = Mutex::default();
        let today = settings.today;
        let core = Core { seed, settings, world, sellers, index, boards, scratches };
        Self { core: Arc::new(core), base_url: Arc::from("http://127.0.0.1:8090"), today }
    }

    /// The same market reached under another base URL, such as `http://127.0.0.1:8090`.
    #[must_use]
    pub fn at(&self, base_url: &str) -> Self {
        let base_url = base_url.trim_end_matches('/');
        Self { core: Arc::clone(&self.core), base_url: Arc::from(base_url), today: self.today }
    }

    /// The same market on a day: fares are those of buying on it.
    #[must_use]
    pub fn on(&self, today: Date) -> Self {
        Self { today: Today::Fixed(today), ..self.clone() }
    }

    /// Where it is reached.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &MarketSettings {
        &self.core.settings
    }

    /// Its seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.core.seed
    }

    /// Its world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.core.world
    }

    /// All partners, airlines first.
    #[must_use]
    pub fn sellers(&self) -> &[Seller] {
        &self.core.sellers
    }

    /// A partner.
    #[must_use]
    pub fn seller(&self, id: PartnerId) -> Option<&Seller> {
        self.core.index.get(&id).map(|&index| &self.core.sellers[index])
    }

    /// Which day it is.
    #[must_use]
    pub fn today(&self) -> Date {
        match self.today {
            Today::Fixed(date) => date,
            Today::Clock => Date::from_days(runtime::unix_ms().div_euclid(86_400_000) as i32),
        }
    }

    /// What a partner offers for a question as it sees it (see [`crate::asked`]).
    #[must_use]
    pub fn shelf(&self, seller: &Seller, seen: &Question) -> Shelf {
        let boards = leg_queries(seen).map(|leg| self.board(leg)).collect();
        self.stock(seller, seen, boards)
    }

    /// The same without holding up the thread while another task makes the same board.
    pub async fn shelf_async(&self, seller: &Seller, seen: &Question) -> Shelf {
        let mut boards = Vec::with_capacity(seen.legs.len());
        for leg in leg_queries(seen) {
            boards.push(self.board_async(leg).await);
        }
        self.stock(seller, seen, boards)
    }

    fn stock(&self, seller: &Seller, seen: &Question, boards: Vec<Arc<Board>>) -> Shelf {
        Shelf::stock(&self.core.world, self.core.seed, seller, seen, boards)
    }

    /// The board of a leg, as it stands today.
    #[must_use]
    pub fn board(&self, leg: LegQuery) -> Arc<Board> {
        let key = BoardKey { leg, today: self.today() };
        if let Some(board) = self.core.boards.get(&key) {
            return board;
        }
        let board = self.make_board(&key);
        self.core.boards.insert(key, Arc::clone(&board));
        board
    }

    async fn board_async(&self, leg: LegQuery) -> Arc<Board> {
        let key = BoardKey { leg, today: self.today() };
        match self.core.boards.get_value_or_guard_async(&key).await {
            Ok(board) => board,
            Err(guard) => {
                let board = self.make_board(&key);
                // Refused only if somebody put the same board there meanwhile.
                let _ = guard.insert(Arc::clone(&board));
                board
            }
        }
    }

    fn make_board(&self, key: &BoardKey) -> Arc<Board> {
        let pool = &self.core.scratches;
        let mut scratch =
            pool.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let board = Board::new(&self.core.world, self.core.seed, &key.leg, key.today, &mut scratch);
        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < SCRATCHES_MAX {
            pool.push(scratch);
        }
        Arc::new(board)
    }
}

fn leg_queries(question: &Question) -> impl Iterator<Item = LegQuery> {
    question.legs.iter().map(|leg| LegQuery {
        origins: leg.origin.airports.clone(),
        destinations: leg.destination.airports.clone(),
        date: leg.date,
    })
}
