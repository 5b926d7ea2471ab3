//! One market for all tests, served on a port of its own for each.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{Answer, Date, PartnerId, Question};
use partners::asker::AskerParts;
use partners::{Asked, Asker, AskerSettings, PartnerSettings, Registry};
use runtime::{Deadline, Shutdown, TaskSet};
use sandbox::{FaultPlan, Market, MarketSettings, Today};
use tokio::net::TcpListener;

/// The day on which all tests play.
pub(crate) fn today() -> Date {
    Date::from_ymd(2027, 1, 15).unwrap()
}

/// The market, generated once.
pub(crate) fn market() -> Market {
    static MARKET: OnceLock<Market> = OnceLock::new();
    let settings = MarketSettings { today: Today::Fixed(today()), ..MarketSettings::fast() };
    MARKET.get_or_init(|| Market::generate(7, settings).unwrap()).clone()
}

/// A served market and somebody who asks its partners.
pub(crate) struct Running {
    pub(crate) market: Market,
    pub(crate) registry: Registry,
    pub(crate) tasks: TaskSet,
    pub(crate) shutdown: Shutdown,
}

impl Running {
    pub(crate) async fn start(faults: FaultPlan) -> Self {
        Self::start_with(market(), faults).await
    }

    pub(crate) async fn start_with(market: Market, faults: FaultPlan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let market = market.at(&base_url);
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let served = market.clone();
        tasks.spawn(sandbox::serve(served, listener, faults, tasks.clone(), shutdown.clone()));
        let parts = AskerParts {
            settings: AskerSettings::default(),
            decimals: |code| atlas::atlas().currency(code).map(|currency| currency.decimals),
            workers: None,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        let registry = Registry::open(None, Asker::new(parts).unwrap());
        let errors = registry.register_all(market.partner_files(&base_url));
        assert!(errors.is_empty(), "{:?}", errors.first());
        Self { market, registry, tasks, shutdown }
    }

    /// What a partner answers, part by part, and how that ended.
    pub(crate) async fn ask(
        &self,
        partner: PartnerId,
        question: &Question,
        within: Duration,
    ) -> (Vec<Answer>, Asked) {
        let set = self.registry.snapshot();
        let partner = set.get(partner).unwrap();
        let parts = Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = Arc::clone(&parts);
        let deadline = Deadline::after(runtime::now(), within);
        let asked = partner
            .ask(
                Arc::new(question.clone()),
                deadline,
                Box::new(move |answer| sink.lock().unwrap().push(answer)),
            )
            .await;
        let parts = std::mem::take(&mut *parts.lock().unwrap());
        (parts, asked)
    }

    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        drop(self.registry);
        assert!(self.tasks.drain(Duration::from_secs(5)).await, "the market did not stop");
    }
}

/// The partners whose coverage takes the question.
pub(crate) fn covering(market: &Market, question: &Question) -> Vec<PartnerId> {
    static SETTINGS: OnceLock<Vec<PartnerSettings>> = OnceLock::new();
    let settings = SETTINGS.get_or_init(|| {
        let files = market.partner_files("http://127.0.0.1:1");
        files.iter().map(|(name, text)| PartnerSettings::parse(name, text, None).unwrap()).collect()
    });
    let covers = |settings: &&PartnerSettings| settings.coverage.covers(question, today()).is_ok();
    settings.iter().filter(covers).map(|settings| settings.id).collect()
}

/// An offer with everything it says, for comparing answers whatever their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Said {
    pub(crate) itinerary: u128,
    pub(crate) agent: String,
    pub(crate) brand: String,
    pub(crate) price: (i64, String),
    pub(crate) link: String,
    rest: String,
}

/// All offers of answers, sorted.
pub(crate) fn said<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Vec<Said> {
    let mut all = Vec::new();
    for answer in answers {
        for offer in answer.offers() {
            let price = offer.price.unwrap();
            let flights: Vec<Vec<_>> =
                answer.legs_of(offer.itinerary).map(|leg| leg.copied().collect()).collect();
            let fares: Vec<_> = answer
                .fares_of(offer)
                .iter()
                .map(|fare| {
                    let segment = answer.segments()[fare.segment as usize];
                    (segment, fare.booking_class, answer.text(fare.basis))
                })
                .collect();
            all.push(Said {
                itinerary: answer.keys()[offer.itinerary as usize].0,
                agent: offer.agent.to_string(),
                brand: answer.text(offer.brand).to_owned(),
                price: (price.minor, price.currency.to_string()),
                link: answer.text(offer.link).to_owned(),
                rest: format!(
                    "{flights:?} {:?} {:?} {:?} {} {fares:?}",
                    offer.transfer, offer.cabin_bags, offer.checked_bags, offer.emissions_grams
                ),
            });
        }
    }
    all.sort();
    all
}

/// Fails with the first few offers that are only on one side.
pub(crate) fn assert_same(arrived: &[Said], right: &[Said], of: &str) {
    let only = |one: &[Said], other: &[Said]| -> Vec<String> {
        let missing = one.iter().filter(|said| !other.contains(said));
        missing.take(2).map(|said| format!("{said:?}")).collect()
    };
    assert!(
        arrived == right,
        "{of}: {} offers arrived, {} are right; arrived only: {:#?}; right only: {:#?}",
        arrived.len(),
        right.len(),
        only(arrived, right),
        only(right, arrived)
    );
}
