//! What was answered before is not asked for again while it is fresh.

use std::sync::{Arc, Mutex};

use domain::{PartnerId, Question};
use runtime::Limited;
use search::{
    Answered, Engine, PriceMemory, Remembered, Remembering, SearchError, Snapshot, Status,
};

use crate::world::{Manner, Seller, World, display, finish, ledger, prices, request, within};

/// Remembers everything, and says when it was seen and until when it is fresh.
#[derive(Debug)]
struct Notebook {
    pages: Mutex<Vec<Answered>>,
    age_ms: i64,
    fresh_for_ms: i64,
    click_out_ms: i64,
}

impl Notebook {
    fn new(age_ms: i64, fresh_for_ms: i64) -> Arc<Self> {
        let click_out_ms = 600_000;
        Arc::new(Self { pages: Mutex::default(), age_ms, fresh_for_ms, click_out_ms })
    }

    /// Waits until so many answers have come in: they are handed over behind the search.
    async fn wait_for(&self, answers: usize) {
        within(async {
            while self.pages.lock().unwrap().len() < answers {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl PriceMemory for Notebook {
    fn recall(&self, question: &Question, now_ms: i64) -> Vec<Remembered> {
        let pages = self.pages.lock().unwrap();
        let same = pages.iter().filter(|page| page.question.key() == question.key());
        same.map(|page| Remembered {
            partner: page.partner,
            seen_ms: now_ms - self.age_ms,
            fresh_until_ms: now_ms + self.fresh_for_ms,
            answer: page.parts.first().cloned().unwrap_or_default(),
        })
        .collect()
    }

    fn may_be_bought(&self, _: PartnerId, seen_ms: i64, now_ms: i64) -> bool {
        now_ms - seen_ms < self.click_out_ms
    }

    fn remember(&self, answered: Vec<Answered>) -> Remembering {
        self.pages.lock().unwrap().extend(answered);
        Box::pin(async {})
    }
}

fn engine(world: &World, memory: &Arc<Notebook>) -> Arc<Engine> {
    let memory: Arc<dyn PriceMemory> = Arc::clone(memory) as _;
    world.engine_with(Some(memory), |settings| settings.fresh_ms = Limited::literal(0))
}

fn first_link(snapshot: &Snapshot) -> String {
    let merged = &snapshot.merged;
    let itinerary = &merged.itineraries()[0];
    let offer = merged.offer(&merged.options(itinerary)[0]);
    let mut link = String::new();
    snapshot.write_link(itinerary, &offer, 0, &mut link);
    link
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remembered_search_is_complete_at_once_asks_nobody_and_says_how_old_it_is() {
    let sellers = [Seller::new("good", &[(7, 600, 800, 20_000)]), Seller::new("none", &[])];
    let world = World::with(sellers.to_vec()).await;
    let memory = Notebook::new(5_000, 60_000);
    let engine = engine(&world, &memory);
    let first = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, live) = finish(&engine, &first.token).await;
    memory.wait_for(2).await;

    let again = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let snapshot = &again.snapshot;
    assert_eq!(snapshot.status, Status::Complete);
    assert_eq!(prices(snapshot), prices(&live));
    assert_eq!(ledger(snapshot), ["good remembered", "none remembered"]);
    assert_eq!((snapshot.progress.asked, snapshot.progress.remembered), (2, 2));
    assert_eq!(world.seen.count(), 2, "once each");
    let merged = &snapshot.merged;
    let seen_ms = merged.offer(&merged.options(&merged.itineraries()[0])[0]).seen_ms().unwrap();
    let age_ms = runtime::unix_ms() - seen_ms;
    assert!((5_000..25_000).contains(&age_ms), "{age_ms}");
    let of_live = live.merged.offer(&live.merged.options(&live.merged.itineraries()[0])[0]);
    assert_eq!(of_live.seen_ms(), None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_partners_whose_answer_is_not_remembered_are_asked() {
    let sellers = [
        Seller::new("good", &[(7, 600, 800, 20_000)]),
        Seller::new("busy", &[(8, 700, 800, 30_000)]).with(Manner::Refuses(503)),
        Seller::new("torn", &[(9, 800, 800, 40_000)]).with(Manner::Truncated),
    ];
    let world = World::with(sellers.to_vec()).await;
    let memory = Notebook::new(0, 60_000);
    let engine = engine(&world, &memory);
    for _ in 0..2 {
        let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        let (_, snapshot) = finish(&engine, &opened.token).await;
        assert_eq!(prices(&snapshot).len(), 2, "what came of the torn answer counts");
        memory.wait_for(1).await;
    }
    let asked = ["good", "busy", "torn"].map(|id| world.seen.asks_of(id).len());
    assert_eq!(asked, [1, 2, 2], "a failure and half an answer are not remembered");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_parts_is_remembered_whole_or_not_at_all() {
    let flights = [(7, 600, 800, 20_000), (8, 700, 800, 30_000)];
    let gate = Arc::new(tokio::sync::Notify::new());
    let seller = Seller::new("slow", &flights).with(Manner::InParts(Arc::clone(&gate)));
    let world = World::with(vec![seller]).await;
    let memory = Notebook::new(0, 60_000);
    let engine = engine(&world, &memory);
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    gate.notify_one();
    within(async {
        while engine.poll(&opened.token, 50).await.unwrap().snapshot.merged.option_count() == 0 {}
    })
    .await;
    assert!(memory.pages.lock().unwrap().is_empty(), "it has not ended");
    for _ in 0..2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        gate.notify_one();
    }
    finish(&engine, &opened.token).await;
    memory.wait_for(1).await;
    let parts = memory.pages.lock().unwrap()[0].parts.len();
    assert_eq!(parts, 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_price_is_asked_for_again_on_the_way_to_its_seller() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    for (age_ms, asked) in [(0, 1), (11 * 60_000, 3)] {
        let memory = Notebook::new(age_ms, 60_000);
        let engine = engine(&world, &memory);
        let first = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        finish(&engine, &first.token).await;
        memory.wait_for(1).await;
        let again = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        let link = first_link(&again.snapshot);
        let followed = within(engine.follow(&again.token, &link)).await.unwrap();
        assert_eq!(followed.address, "https://good.example/book?n=7");
        assert_eq!(followed.change, None);
        assert_eq!(world.seen.count(), asked, "{age_ms}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_price_that_its_seller_no_longer_has_leads_nowhere() {
    let sells = Seller::new("good", &[(7, 600, 800, 20_000)]);
    let world = World::with(vec![sells, Seller::new("gone", &[])]).await;
    let memory = Notebook::new(11 * 60_000, 60_000);
    let engine = engine(&world, &memory);
    let first = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, live) = finish(&engine, &first.token).await;
    memory.wait_for(2).await;
    // From memory it is the other partner's, which sells nothing any more.
    let kept = memory.pages.lock().unwrap().clone();
    let price = kept.iter().find(|page| !page.parts.is_empty()).unwrap().parts.clone();
    *memory.pages.lock().unwrap() = kept
        .into_iter()
        .map(|page| Answered {
            parts: if page.parts.is_empty() { without_links(&price[0]) } else { Vec::new() },
            ..page
        })
        .collect();
    let again = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    assert_eq!(prices(&again.snapshot), prices(&live));
    let link = first_link(&again.snapshot);
    let followed = within(engine.follow(&again.token, &link)).await;
    let itinerary = Some(again.snapshot.merged.itineraries()[0].key);
    assert_eq!(followed, Err(SearchError::NoSuchOffer { itinerary }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_price_than_was_shown_is_told_on_the_way_to_the_seller() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let memory = Notebook::new(11 * 60_000, 60_000);
    let engine = engine(&world, &memory);
    let first = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    finish(&engine, &first.token).await;
    memory.wait_for(1).await;
    for page in memory.pages.lock().unwrap().iter_mut() {
        page.parts = page.parts.iter().map(|answer| cheaper(answer, 500)).collect();
    }
    let again = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let link = first_link(&again.snapshot);
    let followed = within(engine.follow(&again.token, &link)).await.unwrap();
    let change = followed.change.unwrap();
    let now = change.now.unwrap();
    assert_eq!((change.was.minor, now.minor), (now.minor - 500, 20_000));
    assert_eq!(followed.agent.as_str(), "good");
    assert_eq!(followed.itinerary, again.snapshot.merged.itineraries()[0].key);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_says_how_old_a_price_may_be_to_be_bought() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let notebook = Notebook::new(0, 60_000);
    let memory = Arc::new(Notebook { click_out_ms: 0, ..Arc::into_inner(notebook).unwrap() });
    let engine = engine(&world, &memory);
    let first = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, live) = finish(&engine, &first.token).await;
    let link = first_link(&live);
    within(engine.follow(&first.token, &link)).await.unwrap();
    assert_eq!(world.seen.count(), 2, "even a price just quoted is asked for again");
    world.stop().await;
}

/// The same answer as a memory keeps it.
fn without_links(answer: &domain::Answer) -> Vec<Arc<domain::Answer>> {
    vec![changed(answer, |offer| offer)]
}

/// The same answer with lower prices.
fn cheaper(answer: &domain::Answer, minor: i64) -> Arc<domain::Answer> {
    changed(answer, |offer| domain::Offer {
        price: offer.price.map(|price| domain::Money { minor: price.minor - minor, ..price }),
        ..offer
    })
}

/// The same answer without links and with other offers.
fn changed(
    answer: &domain::Answer,
    change: impl Fn(domain::Offer) -> domain::Offer,
) -> Arc<domain::Answer> {
    let mut builder = domain::AnswerBuilder::default();
    for offer in answer.offers() {
        let mut legs = Vec::new();
        for leg in answer.legs_of(offer.itinerary) {
            let segments: Vec<u32> = leg.map(|segment| builder.segment(*segment)).collect();
            legs.push(builder.leg(&segments).unwrap());
        }
        let itinerary = builder.itinerary(&legs).unwrap();
        let brand = builder.text(answer.text(offer.brand)).unwrap();
        let link = domain::Text::default();
        builder.offer(change(domain::Offer { itinerary, brand, link, ..*offer }), &[]).unwrap();
    }
    Arc::new(builder.finish())
}
